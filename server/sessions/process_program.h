// A program that is a process: on a terminal, or between three pipes, and the channel on the other side of them.
//
// RFC 4254 section 6. Lives until its session has let it go and its process is reaped. Job: to run one process on the
// channel. A login shell greets first, and ~/.ssh/rc runs before the process; the connection goes on meanwhile. Its end
// is told when it has ended and what it wrote is sent; it is finished when its output is closed everywhere, which a
// background process may delay, as with OpenSSH. To hang up is to send SIGHUP to its process group; a pipe still gets
// the input that has come.
//
//   auto program = ProcessProgram::create(channel, context, std::move(*plan), weak_from_this());
//   co_await program->start();
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "channels/io/sink.h"
#include "channels/io/source.h"
#include "server/sessions/login_record.h"
#include "server/sessions/program.h"
#include "server/sessions/program_plan.h"
#include "server/sessions/program_starter.h"
#include "server/sessions/session_context.h"

namespace glassh {

class ProcessProgram final : public Program, public std::enable_shared_from_this<ProcessProgram> {
 public:
  static std::shared_ptr<ProcessProgram> create(ChannelRef channel, std::shared_ptr<const SessionContext> context,
                                                ProgramPlan plan, std::weak_ptr<ProgramObserver> observer);
  ProcessProgram(ChannelRef channel, std::shared_ptr<const SessionContext> context, ProgramPlan plan,
                 std::weak_ptr<ProgramObserver> observer);  // create() is meant

  asio::awaitable<void> start() override;
  void write(Bytes data) override;
  void end_input() override;
  void end_output() override;
  void signal(int number) override;
  bool resize(const TerminalSize& size) override;
  bool send_break() override;
  void hang_up() override;

 private:
  struct Output {
    std::shared_ptr<Source> source;
    int descriptor = -1;  // the source's; valid while it runs
    bool ended = false;
  };
  struct Streams {  // our ends
    Descriptor input, output, error;
  };
  struct Ends {  // the process's ends of pipes, until it has them
    Fd input, output, error;
  };

  Streams open_streams();
  ProgramEnds program_ends() const;
  void connect(Streams streams);
  void read_output(Output& output, Descriptor descriptor, std::uint32_t extended_type);
  // Does what comes before the process, then launches it. Waits without keeping the connection from going on.
  static asio::awaitable<void> prepare(std::shared_ptr<ProcessProgram> self);
  asio::awaitable<void> greet(std::string text);
  asio::awaitable<void> run_before();
  asio::awaitable<void> find_program();  // throws std::system_error if it cannot be run
  asio::awaitable<void> launch();        // throws std::system_error
  void on_launch_failed(const std::string& why);
  void take(std::shared_ptr<StartedProcess> process);
  void on_input_broken();
  void on_exit(const ProgramEnd& end);
  bool output_may_come() const;
  void report_end();
  void finish_if_done();
  void record_login();
  void release_terminal();

  const ChannelRef channel_;
  const std::shared_ptr<const SessionContext> context_;
  const std::weak_ptr<ProgramObserver> observer_;
  SpawnRequest request_;
  Preparation before_;
  std::shared_ptr<Pty> terminal_;  // null: pipes, or it is over
  LoginRecord login_record_;
  Ends ends_;
  DescriptorClaim claim_for_process_;
  std::shared_ptr<StartedProcess> process_;  // what runs now: it, or what comes before it
  std::optional<ProgramEnd> end_;
  bool end_reported_ = false;
  bool over_ = false;  // finished or hung up
  std::shared_ptr<Sink> input_;
  Output output_, error_;
};

}  // namespace glassh
