#include "server/output_queue.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "channels/io/holdings.h"
#include "channels/io/thread.h"

namespace glassh {
namespace {

constexpr auto last_patience = std::chrono::seconds(1);

struct Line {
  LogLevel level;
  std::string text;
  std::uint64_t dropped_before = 0;

  std::size_t size() const { return sizeof(Line) + text.size(); }
};

}  // namespace

struct OutputQueue::State {
  State(std::string its_name, Write its_write, SayDropped its_say_dropped, std::size_t its_limit)
      : name(std::move(its_name)),
        write(std::move(its_write)),
        say_dropped(std::move(its_say_dropped)),
        limit(its_limit) {}

  void run();

  const std::string name;
  const Write write;
  const SayDropped say_dropped;
  const std::size_t limit;

  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by the mutex:
  std::deque<Line> lines;
  std::size_t size = 0;       // of `lines`, and of the one that is being written
  std::uint64_t dropped = 0;  // since the last line that was taken
  std::uint64_t written = 0;
  bool ending = false;     // nothing more will come
  bool over = false;       // all is written
  bool abandoned = false;  // the process ends without waiting any longer
};

// The thread. It waits for its reader only outside the lock.
void OutputQueue::State::run() {
  std::unique_lock lock(mutex);
  while (!abandoned) {
    changed.wait(lock, [this] { return !lines.empty() || dropped > 0 || ending; });
    if (lines.empty() && dropped == 0) break;
    Line line{};
    const bool has_line = !lines.empty();
    if (has_line) {
      line = std::move(lines.front());
      lines.pop_front();
    } else {
      line.dropped_before = std::exchange(dropped, 0);
    }
    lock.unlock();
    if (line.dropped_before > 0) say_dropped(line.dropped_before);
    if (has_line) write(line.level, line.text);
    lock.lock();
    if (has_line) size -= line.size();
    ++written;
    changed.notify_all();
  }
  over = true;
  changed.notify_all();
}

OutputQueue::OutputQueue(std::string name, Write write, SayDropped say_dropped, std::size_t limit)
    : state_(std::make_shared<State>(std::move(name), std::move(write), std::move(say_dropped), limit)) {}

void OutputQueue::start() {
  thread_ = start_thread(state_->name, [state = state_] { state->run(); });
}

void OutputQueue::put(LogLevel level, std::string text) {
  if (!thread_.joinable()) return state_->write(level, text);
  Line line{level, std::move(text)};
  {
    const std::lock_guard guard(state_->mutex);
    if (state_->size > 0 && state_->size + line.size() > state_->limit) {
      ++state_->dropped;
      ++holdings().dropped_lines;
      return;
    }
    line.dropped_before = std::exchange(state_->dropped, 0);
    state_->size += line.size();
    state_->lines.push_back(std::move(line));
  }
  state_->changed.notify_all();
}

OutputQueue::~OutputQueue() {
  if (!thread_.joinable()) return;
  std::unique_lock lock(state_->mutex);
  state_->ending = true;
  state_->changed.notify_all();
  while (!state_->over) {
    const std::uint64_t before = state_->written;
    const auto until = std::chrono::system_clock::now() + last_patience;
    const auto moves = [this, before] { return state_->over || state_->written != before; };
    if (!state_->changed.wait_until(lock, until, moves)) break;
  }
  state_->abandoned = !state_->over;
  const bool abandoned = state_->abandoned;
  lock.unlock();
  abandoned ? thread_.detach() : thread_.join();
}

}  // namespace glassh
