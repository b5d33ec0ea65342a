#include "channels/io/slow_calls.h"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <list>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>

#include "channels/io/holdings.h"
#include "channels/io/signal.h"
#include "channels/io/thread.h"

namespace glassh {

struct SlowCall::Waiter {
  explicit Waiter(const asio::any_io_executor& executor) : changed(executor) {}
  Signal changed;
  bool done = false;
  bool cancelled = false;
};

// The data that a call's thread has. It refers to the waiter only for the waiter's own thread.
struct SlowCall::Job {
  std::function<void()> work;
  std::optional<HomeThread> home;  // nullopt: no caller waits
  std::weak_ptr<Waiter> waiter;
  SlowKind kind;
  std::string user, source;
  enum class Stage { waits, runs, over } stage = Stage::waits;
  bool abandoned = false;  // its caller has left while it ran
  Holding counted{holdings().slow_calls};
  Holding lookup = {};
};

using Job = SlowCall::Job;

struct SlowCaller::Line {
  std::array<std::deque<std::shared_ptr<Job>>, slow_kinds> jobs;
  bool empty() const {
    return std::all_of(jobs.begin(), jobs.end(), [](const auto& each) { return each.empty(); });
  }
};

namespace {

constexpr std::size_t most_idle_threads = 2;

using Line = SlowCaller::Line;

std::size_t index_of(const Job& job) { return static_cast<std::size_t>(job.kind); }

// How many threads each user, or each source, has.
class Shares {
 public:
  bool has_room(const std::string& name, std::size_t kind) const {
    const auto found = taken_.find(name);
    return name.empty() || found == taken_.end() || found->second[kind] < slow_shares[kind];
  }
  void take(const std::string& name, std::size_t kind) {
    if (!name.empty()) ++taken_[name][kind];
  }
  void give_back(const std::string& name, std::size_t kind) {
    const auto found = taken_.find(name);
    if (found == taken_.end()) return;
    --found->second[kind];
    if (found->second == Counts{}) taken_.erase(found);
  }

 private:
  using Counts = std::array<std::size_t, slow_kinds>;
  std::unordered_map<std::string, Counts> taken_;
};

// Threads that exist while there are calls for them. A few stay, so that calls go on when no thread can be started.
class SlowThreads {
 public:
  // Throws std::system_error if there is no thread at all.
  void add(const std::shared_ptr<Line>& line, const std::shared_ptr<Job>& job) {
    const std::lock_guard lock(mutex_);
    if (line->empty()) turns_.push_back(line);
    line->jobs[index_of(*job)].push_back(job);
    if (!job->home) ++forgotten_;
    try {
      add_thread_if_useful();
    } catch (const std::system_error&) {
      if (!threads_.empty()) return;  // its turn will come
      take_out(line, job);
      throw;
    }
  }

  void prepare() {
    const std::lock_guard lock(mutex_);
    while (threads_.size() < most_idle_threads) add_thread();
  }

  void finish_forgotten(std::chrono::milliseconds at_most) {
    std::unique_lock lock(mutex_);
    none_forgotten_.wait_for(lock, at_most, [this] { return forgotten_ == 0; });
  }

  // Calls that run are done first, those that wait stay in their lines.
  void end() {
    std::unique_lock lock(mutex_);
    ending_ = true;
    work_came_.notify_all();
    none_left_.wait(lock, [this] { return threads_.empty(); });
    for (std::thread& each : ended_) each.join();
    ended_.clear();
  }

  void go_on() {
    const std::lock_guard lock(mutex_);
    ending_ = false;
    start_another();
  }

  // Returns whether it was still waiting.
  bool remove(const std::shared_ptr<Line>& line, const std::shared_ptr<Job>& job) {
    const std::lock_guard lock(mutex_);
    return take_out(line, job);
  }

  // The same for a caller that waits no more: a call that runs is then one without a caller.
  bool leave(const std::shared_ptr<Line>& line, const std::shared_ptr<Job>& job) {
    const std::lock_guard lock(mutex_);
    if (take_out(line, job)) return true;
    job->abandoned = job->stage == Job::Stage::runs;
    if (job->abandoned) ++forgotten_;
    return false;
  }

 private:
  bool take_out(const std::shared_ptr<Line>& line, const std::shared_ptr<Job>& job) {
    auto& jobs = line->jobs[index_of(*job)];
    const bool was_there = std::erase(jobs, job) > 0;
    if (was_there) job->stage = Job::Stage::over;
    if (was_there && line->empty()) std::erase(turns_, line);
    if (was_there && !job->home) --forgotten_;
    return was_there;
  }

  bool may_run(const Job& job) const {
    return users_.has_room(job.user, index_of(job)) && sources_.has_room(job.source, index_of(job));
  }

  // The first call that may run of the line whose turn it is.
  std::deque<std::shared_ptr<Job>>* find_next(Line& line) const {
    for (auto& jobs : line.jobs) {
      if (!jobs.empty() && may_run(*jobs.front())) return &jobs;
    }
    return nullptr;
  }

  std::shared_ptr<Job> take_next() {
    for (auto line = turns_.begin(); line != turns_.end(); ++line) {
      auto* const jobs = find_next(**line);
      if (jobs == nullptr) continue;
      const std::shared_ptr<Job> job = std::move(jobs->front());
      jobs->pop_front();
      const std::shared_ptr<Line> served = std::move(*line);
      turns_.erase(line);
      if (!served->empty()) turns_.push_back(served);
      job->stage = Job::Stage::runs;
      users_.take(job->user, index_of(*job));
      sources_.take(job->source, index_of(*job));
      return job;
    }
    return nullptr;
  }

  void add_thread_if_useful() {
    const bool useful = std::any_of(turns_.begin(), turns_.end(), [&](const auto& line) { return find_next(*line); });
    if (!useful) return;
    if (idle_ > 0) return work_came_.notify_one();
    if (threads_.size() < most_slow_threads) add_thread();
  }

  void add_thread() {
    const auto self = threads_.emplace(threads_.end());
    try {
      *self = start_thread("slow calls", [this, self] { work(self); });
    } catch (...) {
      threads_.erase(self);
      throw;
    }
  }

  void work(std::list<std::thread>::iterator self) {
    while (const std::shared_ptr<Job> job = next(self)) {
      job->work();
      job->work = nullptr;
      finish(*job);
    }
  }

  // Waits for a call. Null: the thread is counted no more, and ends.
  std::shared_ptr<Job> next(std::list<std::thread>::iterator self) {
    std::unique_lock lock(mutex_);
    for (;;) {
      std::shared_ptr<Job> job = ending_ ? nullptr : take_next();
      if (job != nullptr) {
        start_another();
        return job;
      }
      if (ending_) {
        ended_.splice(ended_.end(), threads_, self);
        if (threads_.empty()) none_left_.notify_all();
        return nullptr;
      }
      if (idle_ == most_idle_threads) {
        self->detach();
        threads_.erase(self);
        return nullptr;
      }
      ++idle_;
      work_came_.wait(lock);
      --idle_;
    }
  }

  // Several calls may be free to run by the end of one.
  void start_another() {
    try {
      add_thread_if_useful();
    } catch (const std::system_error&) {  // this thread will do it
    }
  }

  void finish(Job& job) {
    {
      const std::lock_guard lock(mutex_);
      users_.give_back(job.user, index_of(job));
      sources_.give_back(job.source, index_of(job));
      job.counted = Holding();
      job.lookup = Holding();
      job.stage = Job::Stage::over;
      if ((!job.home || job.abandoned) && --forgotten_ == 0) none_forgotten_.notify_all();
    }
    if (!job.home) return;
    job.home->post([waiter = job.waiter] {
      const auto still_there = waiter.lock();
      if (still_there == nullptr) return;
      still_there->done = true;
      still_there->changed.raise();
    });
  }

  std::mutex mutex_;
  std::deque<std::shared_ptr<Line>> turns_;  // lines with calls that wait; whose turn it is is in front
  Shares users_, sources_;
  std::list<std::thread> threads_;
  std::list<std::thread> ended_;  // for end(), which waits for them
  std::size_t idle_ = 0;          // of threads_
  std::condition_variable work_came_;
  bool ending_ = false;
  std::condition_variable none_left_;
  std::size_t forgotten_ = 0;  // calls without a waiting caller: in the queue or running
  std::condition_variable none_forgotten_;
};

// Never destroyed: a thread may outlive main.
SlowThreads& slow_threads() {
  static SlowThreads* const threads = new SlowThreads;
  return *threads;
}

}  // namespace

// ---- SlowCaller

SlowCaller::SlowCaller(std::string user, std::string source)
    : user_(std::move(user)), source_(std::move(source)), line_(std::make_shared<Line>()) {}

SlowCaller::~SlowCaller() = default;

void SlowCaller::forget(SlowKind kind, std::function<void()> work) const {
  const auto job = std::make_shared<Job>(Job{std::move(work), std::nullopt, {}, kind, user_, source_});
  try {
    slow_threads().add(std::make_shared<Line>(), job);
  } catch (const std::system_error&) {  // without any thread it is done here
    job->work();
  }
}

void prepare_slow_calls() { slow_threads().prepare(); }

void end_slow_threads() { slow_threads().end(); }

void restart_slow_threads() { slow_threads().go_on(); }

void finish_forgotten_calls(std::chrono::milliseconds at_most) { slow_threads().finish_forgotten(at_most); }

void SlowCaller::end() {
  over_ = true;
  const std::set<SlowCall*> calls = calls_;
  for (SlowCall* const call : calls) {
    const bool waits = slow_threads().remove(line_, call->job_);
    if (waits || call->kind_ != SlowKind::programs) call->cancel();
  }
}

// ---- SlowCall

SlowCall::SlowCall(const asio::any_io_executor& executor, std::shared_ptr<SlowCaller> caller, SlowKind kind)
    : executor_(executor),
      caller_(caller != nullptr ? std::move(caller) : std::make_shared<SlowCaller>("", "")),
      kind_(kind),
      waiter_(std::make_shared<Waiter>(executor)) {}

SlowCall::~SlowCall() { leave(); }

asio::awaitable<std::error_code> SlowCall::run(std::function<void()> work) {
  if (waiter_->cancelled || caller_->over_) co_return std::make_error_code(std::errc::operation_canceled);
  const bool is_lookup = kind_ == SlowKind::names;
  if (is_lookup && !caller_->source_.empty() && caller_->lookups_ >= SlowCaller::most_lookups) {
    co_return std::make_error_code(std::errc::device_or_resource_busy);
  }
  auto job = std::make_shared<Job>(
      Job{std::move(work), HomeThread(executor_), waiter_, kind_, caller_->user_, caller_->source_});
  if (is_lookup) job->lookup = Holding(holdings().lookups);
  try {
    slow_threads().add(caller_->line_, job);
  } catch (const std::system_error& error) {
    co_return error.code();
  }
  job_ = std::move(job);
  caller_->calls_.insert(this);
  if (is_lookup) ++caller_->lookups_;
  // If this coroutine is cancelled, the second wait throws.
  while (!waiter_->done && !waiter_->cancelled) co_await waiter_->changed.wait();

  const bool done = waiter_->done && !waiter_->cancelled;
  leave();
  co_return done ? std::error_code() : std::make_error_code(std::errc::operation_canceled);
}

void SlowCall::cancel() {
  waiter_->cancelled = true;
  waiter_->changed.raise();
  leave();
}

// A lookup that has begun still counts for its thread, but no more for its caller, who is free to ask for others.
void SlowCall::leave() {
  if (job_ == nullptr) return;
  if (slow_threads().leave(caller_->line_, job_)) job_->work = nullptr;
  job_.reset();
  caller_->calls_.erase(this);
  if (kind_ == SlowKind::names) --caller_->lookups_;
}

}  // namespace glassh
