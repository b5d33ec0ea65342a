// Slow calls are system calls and library functions that may wait for long, and that nothing can interrupt: name
// services, files of users, the start of a program. They run in threads that have nothing of a connection.
//
// There is one pool of threads in the process. A user and a source each have at most a quarter of its threads, so that
// a home or a name server that hangs takes the threads of those who use it, and no others. The quarter is divided among
// the kinds of calls, so that a user whose lookups hang can still log in. Connections that wait take turns.
// server/login/passwords has threads of its own, because it computes and does not wait.
//
//   const auto ask = [user] { return group_names(user); };
//   const auto groups = co_await call_slowly(caller, SlowKind::accounts, ask);
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>

#include "channels/io/home_thread.h"

namespace glassh {

enum class SlowKind {
  names,     // addresses of hosts
  accounts,  // users, groups, and the system's files about them
  files,     // in a user's home
  programs,  // their start
  sockets,   // paths of Unix sockets
};
constexpr std::size_t slow_kinds = 5;

constexpr std::size_t most_slow_threads = 128;
// The threads that one user, or one source, may have for each kind: a quarter of all together.
constexpr std::array<std::size_t, slow_kinds> slow_shares = {12, 4, 4, 8, 4};
static_assert(slow_shares[0] + slow_shares[1] + slow_shares[2] + slow_shares[3] + slow_shares[4] ==
              most_slow_threads / 4);

class SlowCall;

// Lives as long as a connection, or a part of it. Job: says for whom its calls are, and is the one who takes turns with
// others. In one thread, but for forget(). An empty user or source is not counted: the caller is this process itself.
class SlowCaller {
 public:
  // Lookups of one caller that may be pending. More only a client asks for that wants to do harm.
  static constexpr std::size_t most_lookups = 64;

  SlowCaller(std::string user, std::string source);
  ~SlowCaller();
  SlowCaller(const SlowCaller&) = delete;
  SlowCaller& operator=(const SlowCaller&) = delete;

  void set_user(std::string user) { user_ = std::move(user); }  // of later calls
  // The connection is over, or its peer has left: all calls are cancelled, and so is each later one. Only a program
  // whose start has begun is waited for, because it has to be hung up.
  void end();
  bool over() const { return over_; }

  // A call without a waiting caller: to clean up. Also after end(), and not cancelled by it. In any thread, once
  // set_user() has been called for the last time. `work` must not throw.
  void forget(SlowKind kind, std::function<void()> work) const;

  struct Line;  // its calls that wait for a thread

 private:
  friend class SlowCall;

  std::string user_, source_;
  const std::shared_ptr<Line> line_;
  std::set<SlowCall*> calls_;  // that are pending
  std::size_t lookups_ = 0;    // of these
  bool over_ = false;
};

// Lives in the frame of the coroutine that waits. Job: one call. A call that is cancelled, or whose coroutine is
// destroyed, leaves the queue at once; if it has begun it runs to its end and is forgotten. Its thread destroys the
// result then, mostly; one whose destructor may wait uses SlowCaller::forget().
class SlowCall {
 public:
  // `caller` may be null: the process itself.
  SlowCall(const asio::any_io_executor& executor, std::shared_ptr<SlowCaller> caller, SlowKind kind);
  ~SlowCall();
  SlowCall(const SlowCall&) = delete;
  SlowCall& operator=(const SlowCall&) = delete;

  // Once. `work` runs in another thread, and is destroyed there: it must not own anything of this one but a SlowCaller,
  // and must not throw. Returns no error when it is done, else why it was not or is not waited for: ECANCELED; EBUSY,
  // too many lookups are pending; or there is no thread for it.
  asio::awaitable<std::error_code> run(std::function<void()> work);
  void cancel();

  struct Job;

 private:
  friend class SlowCaller;
  struct Waiter;

  void leave();

  const asio::any_io_executor executor_;
  const std::shared_ptr<SlowCaller> caller_;
  const SlowKind kind_;
  const std::shared_ptr<Waiter> waiter_;
  std::shared_ptr<Job> job_;  // while it is pending
};

// Starts the threads that stay, so that calls go on, though slowly, when there are no more processes for the user. A
// daemon does it when it has forked. Throws std::system_error.
void prepare_slow_calls();

// To be called before and behind fork(2): the child would count on threads that it does not have. The first waits until
// the calls that have begun are done and all threads have ended; a name server that is silent is waited for as long as
// the C library does. The calls that wait in line go on with the second one, in either process.
void end_slow_threads();
void restart_slow_threads();

// Waits until no thread has a call without a waiting caller any more, at most for so long. To be called before the
// program ends.
void finish_forgotten_calls(std::chrono::milliseconds at_most);

// The result, or the exception, of a function that is called elsewhere.
template <class Function>
struct SlowOutcome {
  explicit SlowOutcome(const Function& its_function) : function(its_function) {}

  std::optional<Function> function;  // gone when it has run
  std::optional<std::invoke_result_t<Function&>> result = {};
  std::exception_ptr failure = nullptr;

  void find() {
    try {
      result.emplace((*function)());
    } catch (...) {
      failure = std::current_exception();
    }
    function.reset();
  }
};

// Not part of the coroutine: GCC 12 confuses the closures of several coroutines that are made of one template.
template <class Function>
std::function<void()> work_for(std::shared_ptr<SlowOutcome<Function>> outcome) {
  return [outcome = std::move(outcome)] { outcome->find(); };
}

template <class Function>
asio::awaitable<std::invoke_result_t<Function&>> wait_for_call(std::shared_ptr<SlowCaller> caller, SlowKind kind,
                                                               std::shared_ptr<SlowOutcome<Function>> outcome) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  SlowCall call(executor, std::move(caller), kind);
  const std::error_code error = co_await call.run(work_for(outcome));
  if (error) throw std::system_error(error, "a call that may take long");
  if (outcome->failure != nullptr) std::rethrow_exception(outcome->failure);
  co_return std::move(*outcome->result);
}

// Calls a copy of `function` in another thread and returns its result, or throws its exception. Throws
// std::system_error if it was cancelled or could not begin. `function` has its own copies of all that it needs. It must
// have a name: GCC 12 destroys a closure twice that is made in an expression with co_await.
template <class Function>
auto call_slowly(const std::shared_ptr<SlowCaller>& caller, SlowKind kind, const Function& function) {
  return wait_for_call(caller, kind, std::make_shared<SlowOutcome<Function>>(function));
}
template <class Function>
void call_slowly(const std::shared_ptr<SlowCaller>& caller, SlowKind kind, const Function&& function) = delete;

}  // namespace glassh
