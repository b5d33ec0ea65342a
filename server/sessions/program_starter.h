// Starts the processes of sessions: as children of glasshd today; later also through another process that has the
// rights for it.
//
// A ProgramStarter lives as long as the context of its sessions. Job: to make a running process of a request. A
// StartedProcess lives until its owner has let it go and it has ended. Job: to be signalled, to tell its end, and to
// keep its number from being used again meanwhile.
//
//   const std::shared_ptr<StartedProcess> process = co_await starter.start(request, ends);
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <utility>

#include <boost/asio/awaitable.hpp>

#include "channels/io/descriptor.h"
#include "channels/io/slow_calls.h"
#include "server/sessions/process.h"
#include "server/sessions/program.h"

namespace glassh {

class StartedProcess {
 public:
  StartedProcess() = default;
  virtual ~StartedProcess() = default;
  StartedProcess(const StartedProcess&) = delete;
  StartedProcess& operator=(const StartedProcess&) = delete;

  virtual pid_t number() const = 0;  // also that of its process group and session
  virtual void signal_group(int signal) const = 0;
  // Calls back once, and keeps itself alive until then. Called once. The callback must keep alive what it uses.
  virtual void when_ended(std::function<void(const ProgramEnd&)> ended) = 0;
};

class ProgramStarter {
 public:
  ProgramStarter() = default;
  virtual ~ProgramStarter() = default;
  ProgramStarter(const ProgramStarter&) = delete;
  ProgramStarter& operator=(const ProgramStarter&) = delete;

  // Never null; throws std::system_error if the program cannot be started. `ends` must stay open until it has returned
  // or its coroutine is gone. A process that starts after its caller has gone is hung up.
  virtual asio::awaitable<std::shared_ptr<StartedProcess>> start(SpawnRequest request, ProgramEnds ends) = 0;
};

// By spawn_process(), as children of this process; a start may wait for a home or a program that hangs, so it is a slow
// call.
class LocalStarter final : public ProgramStarter {
 public:
  // `slow` may be null: the calls are this process's own.
  explicit LocalStarter(std::shared_ptr<SlowCaller> slow = nullptr) : slow_(std::move(slow)) {}
  asio::awaitable<std::shared_ptr<StartedProcess>> start(SpawnRequest request, ProgramEnds ends) override;

 private:
  const std::shared_ptr<SlowCaller> slow_;
};

}  // namespace glassh
