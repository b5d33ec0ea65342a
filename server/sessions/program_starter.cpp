#include "server/sessions/program_starter.h"

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

}  // namespace

void LocalStarter::start(const asio::any_io_executor& executor, const SpawnRequest& request, const ProgramEnds& ends,
                         const Started& started) {
  started({.process = std::make_shared<LocalProcess>(executor, spawn_process(request, ends))});
}

}  // namespace glassh
