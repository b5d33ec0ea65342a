#include "channels/io/leftovers.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include <boost/asio/post.hpp>

#include "channels/io/sink.h"

namespace glassh {

struct Leftover::Entry {
  const Hub* hub = nullptr;
  asio::any_io_executor executor;
  std::weak_ptr<Sink> sink;
  std::size_t bytes = 0;
  bool dropped = false;  // it has been told, and does not count any more
};

namespace {

using Entry = Leftover::Entry;

class Budget {
 public:
  explicit Budget(std::size_t share) : share_(share) {}
  void add(const Entry& entry) {
    bytes_ += entry.bytes;
    ++sinks_;
  }
  void subtract(const Entry& entry) {
    bytes_ -= entry.bytes;
    --sinks_;
  }
  bool exceeded() const {
    const LeftoverLimits& limits = leftover_limits();
    return bytes_ > share_ * limits.bytes || sinks_ > share_ * limits.sinks;
  }

 private:
  std::size_t share_;
  std::size_t bytes_ = 0;
  std::size_t sinks_ = 0;
};

class LeftoverList {
 public:
  std::list<Entry>::iterator add(Entry entry) {
    const std::lock_guard lock(mutex_);
    const Hub* const hub = entry.hub;
    const auto place = entries_.insert(entries_.end(), std::move(entry));
    Budget of_connection(1), of_process(leftover_limits().connections);
    for (const Entry& each : entries_) {
      if (each.dropped) continue;
      of_process.add(each);
      if (each.hub == hub) of_connection.add(each);
    }
    for (Entry& each : entries_) {
      const bool for_connection = each.hub == hub && of_connection.exceeded();
      if (each.dropped || (!for_connection && !of_process.exceeded())) continue;
      of_process.subtract(each);
      if (each.hub == hub) of_connection.subtract(each);
      drop(each);
    }
    return place;
  }

  void remove(std::list<Entry>::iterator place) {
    const std::lock_guard lock(mutex_);
    entries_.erase(place);
  }

  void set_bytes(std::list<Entry>::iterator place, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    place->bytes = bytes;
  }

  std::vector<std::shared_ptr<Sink>> of(const Hub& hub) {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<Sink>> found;
    for (const Entry& each : entries_) {
      if (each.hub != &hub) continue;
      if (auto sink = each.sink.lock()) found.push_back(std::move(sink));
    }
    return found;
  }

 private:
  static void drop(Entry& entry) {
    entry.dropped = true;
    asio::post(entry.executor, [weak = entry.sink] {
      if (const auto sink = weak.lock()) sink->drop();
    });
  }

  std::mutex mutex_;
  std::list<Entry> entries_;  // the oldest first; few, since each has a descriptor
};

LeftoverList& all_leftovers() {
  static LeftoverList* const all = new LeftoverList;  // never destroyed: threads may outlive main
  return *all;
}

}  // namespace

LeftoverLimits& leftover_limits() {
  static LeftoverLimits limits;
  return limits;
}

Leftover::Leftover(const Hub& hub, const asio::any_io_executor& executor, std::weak_ptr<Sink> sink, std::size_t bytes)
    : exists_(true), place_(all_leftovers().add({&hub, executor, std::move(sink), bytes})) {}

Leftover::Leftover(Leftover&& other) noexcept : exists_(std::exchange(other.exists_, false)), place_(other.place_) {}

Leftover& Leftover::operator=(Leftover&& other) noexcept {
  if (this == &other) return *this;
  remove();
  exists_ = std::exchange(other.exists_, false);
  place_ = other.place_;
  return *this;
}

Leftover::~Leftover() { remove(); }

void Leftover::keeps(std::size_t bytes) {
  if (exists_) all_leftovers().set_bytes(place_, bytes);
}

void Leftover::remove() {
  if (std::exchange(exists_, false)) all_leftovers().remove(place_);
}

std::vector<std::shared_ptr<Sink>> leftovers_of(const Hub& hub) { return all_leftovers().of(hub); }

}  // namespace glassh
