// Starts the processes of sessions: as children of glasshd today; later also through another process that has the
// rights for it.
//
// A ProgramStarter lives as long as the context of its sessions. Job: to make a running process of a request. A
// StartedProcess lives until its owner has let it go and it has ended. Job: to be signalled, to tell its end, and to
// keep its number from being used again meanwhile.
//
//   starter.start(executor, request, ends, [](StartResult result) { if (result.process) … });
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "channels/io/descriptor.h"
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

struct StartResult {
  std::shared_ptr<StartedProcess> process;  // null: it could not be started
  std::string problem = {};                 // why, then; for the log
};

class ProgramStarter {
 public:
  using Started = std::function<void(StartResult)>;

  ProgramStarter() = default;
  virtual ~ProgramStarter() = default;
  ProgramStarter(const ProgramStarter&) = delete;
  ProgramStarter& operator=(const ProgramStarter&) = delete;

  // Calls `started` once, before it returns or later in the same thread. Does not keep `request`, and copies `ends` if
  // it needs them later. Throws std::system_error if the program cannot be started and that is known at once; `started`
  // is not called then.
  virtual void start(const asio::any_io_executor& executor, const SpawnRequest& request, const ProgramEnds& ends,
                     const Started& started) = 0;
};

// By spawn_process(), as children of this process.
class LocalStarter final : public ProgramStarter {
 public:
  void start(const asio::any_io_executor& executor, const SpawnRequest& request, const ProgramEnds& ends,
             const Started& started) override;
};

}  // namespace glassh
