#include "server/sessions/program_starter.h"

#include <csignal>
#include <string>
#include <system_error>
#include <utility>

namespace glassh {
namespace {

// A child of ours. It is reaped when this dies, if it has ended by then.
class LocalProcess final : public StartedProcess, public std::enable_shared_from_this<LocalProcess> {
 public:
  // Kills the process if it throws, which it does as Descriptor::own().
  LocalProcess(const asio::any_io_executor& executor, Process process) : process_(std::move(process)) {
    try {
      end_ = Descriptor::own(executor, std::move(process_.pidfd));
    } catch (const std::system_error&) {
      process_.kill();
      throw;
    }
  }
  ~LocalProcess() override { process_.reap(); }

  pid_t number() const override { return process_.pid; }
  void signal_group(int signal) const override { process_.signal_group(signal); }
  void when_ended(std::function<void(const ProgramEnd&)> ended) override {
    end_.when_readable([self = shared_from_this(), ended = std::move(ended)]() mutable {
      const auto end = self->process_.end();
      if (!end) return self->when_ended(std::move(ended));
      self->end_.close();
      ended(*end);
    });
  }

 private:
  Process process_;
  Descriptor end_;  // the pidfd
};

// The program's ends for as long as a thread starts it, even if its caller closes the others.
class OwnEnds {
 public:
  // Throws std::system_error.
  explicit OwnEnds(const ProgramEnds& ends)
      : input_(Fd::duplicate(ends.input)),
        output_(Fd::duplicate(ends.output)),
        error_(Fd::duplicate(ends.error)),
        terminal_(ends.terminal) {}
  ProgramEnds get() const { return {input_.get(), output_.get(), error_.get(), terminal_}; }

 private:
  Fd input_, output_, error_;
  std::string terminal_;
};

// A process that a thread has started. If its session has gone, it is hung up.
class Newborn {
 public:
  explicit Newborn(Process process) : process_(std::move(process)) {}
  Newborn(const Newborn&) = delete;
  Newborn& operator=(const Newborn&) = delete;
  ~Newborn() {
    process_.signal_group(SIGHUP);
    process_.signal_group(SIGCONT);
    process_.reap();
  }
  Process take() {
    Process process = std::move(process_);
    process_.pid = 0;
    return process;
  }

 private:
  Process process_;
};

}  // namespace

asio::awaitable<std::shared_ptr<StartedProcess>> LocalStarter::start(SpawnRequest request, ProgramEnds ends) {
  const auto own_ends = std::make_shared<const OwnEnds>(ends);
  const auto spawn = [request = std::move(request), own_ends] {
    return std::make_shared<Newborn>(spawn_process(request, own_ends->get()));
  };
  const std::shared_ptr<Newborn> born = co_await call_slowly(slow_, SlowKind::programs, spawn);
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  co_return std::make_shared<LocalProcess>(executor, born->take());
}

}  // namespace glassh
