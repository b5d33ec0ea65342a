#include "server/admission/startups.h"

#include <utility>

#include <fmt/format.h>

namespace glassh {

namespace {

constexpr std::chrono::minutes throttling_report_interval{5};

// As sshd writes it: 00:01:30, 1d02h03m, 1w02d03h.
std::string timeframe(std::chrono::nanoseconds time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time).count();
  const auto minutes = seconds / 60, hours = minutes / 60, days = hours / 24, weeks = days / 7;
  if (weeks > 0) return fmt::format("{}w{:02}d{:02}h", weeks, days % 7, hours % 24);
  if (days > 0) return fmt::format("{}d{:02}h{:02}m", days, hours % 24, minutes % 60);
  return fmt::format("{:02}:{:02}:{:02}", hours, minutes % 60, seconds % 60);
}

}  // namespace

Startups::Startups(const ServerConfig& config)
    : limits_(config.max_startups),
      limit_per_source_(config.per_source_max_startups),
      block_(config.per_source_net_block_size),
      sources_(source_limit_settings(config)) {}

void Startups::limit_to(const ServerConfig& config) {
  const std::lock_guard lock(mutex_);
  limits_ = config.max_startups;
  limit_per_source_ = config.per_source_max_startups;
  block_ = config.per_source_net_block_size;
  sources_.limit_to(source_limit_settings(config));
}

// ---- places

Startups::Place::Place(Place&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)), address_(std::move(other.address_)), source_(other.source_) {}

Startups::Place& Startups::Place::operator=(Place&& other) noexcept {
  done();
  owner_ = std::exchange(other.owner_, nullptr);
  address_ = std::move(other.address_);
  source_ = other.source_;
  return *this;
}

std::string Startups::Place::penalise(SourcePenalty penalty, TimePoint now) const {
  return owner_ == nullptr ? std::string() : owner_->sources_.penalise(address_, penalty, now);
}

void Startups::Place::done() {
  if (owner_ != nullptr) std::exchange(owner_, nullptr)->leave(source_);
}

void Startups::leave(const std::optional<PeerNetwork>& source) {
  const std::lock_guard lock(mutex_);
  --count_;
  if (!source) return;
  const auto found = per_source_.find(*source);
  if (--found->second == 0) per_source_.erase(found);
}

std::size_t Startups::count() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

// ---- coming in

Startups::Admission Startups::enter(std::string_view address, std::uint32_t random, TimePoint now) {
  const std::lock_guard lock(mutex_);
  Admission admission;
  admission.others = count_;
  admission.reason = sources_.refusal(address, now);
  if (!admission.reason.empty()) return admission;
  const auto source = network_of(address, block_);
  if (drops(random) || source_is_full(source)) {
    admission.reason = "past MaxStartups";
    say_throttled(admission, now);
    return admission;
  }
  // sshd says that it is over when there is room for two more before anybody might be dropped.
  if (throttling_ && (count_ + 1 < limits_.start || count_ == 0)) {
    admission.throttling = fmt::format("exited MaxStartups throttling after {}, {} connections dropped",
                                       timeframe(now - throttling_->since), throttling_->dropped);
    admission.throttling_level = LogLevel::info;
    throttling_.reset();
  }
  ++count_;
  if (source) ++per_source_[*source];
  Place place;
  place.owner_ = this;
  place.address_ = address;
  place.source_ = source;
  admission.place = std::move(place);
  return admission;
}

bool Startups::drops(std::uint32_t random) const {
  if (count_ >= limits_.full) return true;
  if (count_ < limits_.start) return false;
  // From rate% at `start` in a straight line to 100% at `full`.
  const std::uint64_t span = limits_.full - limits_.start;
  const std::uint64_t percent = limits_.rate + (100 - limits_.rate) * (count_ - limits_.start) / span;
  return random % 100 < percent;
}

bool Startups::source_is_full(const std::optional<PeerNetwork>& source) const {
  if (!limit_per_source_ || !source) return false;
  const auto found = per_source_.find(*source);
  return (found == per_source_.end() ? 0 : found->second) >= *limit_per_source_;
}

// The first of a row is worth a line, and one line in five minutes says how many more there were.
void Startups::say_throttled(Admission& admission, TimePoint now) {
  if (!throttling_) {
    throttling_ = Throttling{now, now};
    admission.throttling = "beginning MaxStartups throttling";
  } else {
    admission.level = LogLevel::verbose;
    if (now - throttling_->last > throttling_report_interval) {
      admission.throttling = fmt::format("in MaxStartups throttling for {}, {} connections dropped",
                                         timeframe(now - throttling_->since), throttling_->dropped + 1);
      throttling_->last = now;
    }
  }
  ++throttling_->dropped;
}

}  // namespace glassh
