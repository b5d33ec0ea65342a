// A session channel of the server: its requests, and one program between the channel and three pipes or a terminal.
//
// RFC 4254 section 6. A login shell greets first, and ~/.ssh/rc runs before the
// program; the connection goes on meanwhile. The exit status is reported when the program has ended and what it wrote
// is sent; the channel closes when its output is closed everywhere, which a background process may delay, as with
// OpenSSH. Who goes away before that hangs up: the program's process group gets SIGHUP. The object lives until its
// program is reaped.
//
//   users.add(Session::create(hub->channel(channels, id), context));  …  users.route(event);
#pragma once

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "channels/io/channel_users.h"
#include "channels/io/sink.h"
#include "channels/io/source.h"
#include "server/config/server_config.h"
#include "server/forwarding/x11_forwarding.h"
#include "server/log.h"
#include "server/login/permissions.h"
#include "server/sessions/login_preparation.h"
#include "server/sessions/login_records.h"
#include "server/sessions/pty.h"
#include "server/sessions/spawn.h"

namespace glassh {

// What the sessions of one connection have in common.
struct SessionContext {
  std::shared_ptr<const ServerConfig> config;  // that applies to the user
  const Account& account;
  const Log& log;
  std::uint64_t open_files = 0;  // for SpawnRequest
  PeerAddresses addresses;
  bool peer_is_openssh = false;
  SessionPermissions permissions = {};
  std::string auth_info_file = {};  // ExposeAuthInfo; empty: none
  // A display here that leads to the client's; nothing if there cannot be one.
  std::function<std::shared_ptr<X11Forwarding>(X11Wish)> forward_x11 = {};
  // Where the client's agent can be reached, which it is from the first call on. Nothing if it cannot be.
  std::function<std::optional<std::string>()> forward_agent = {};
  // Where the logins on terminals stand, if they are looked at; and whether ours are added, for which one must be root.
  std::optional<LoginRecordFiles> login_files = {};
  bool records_logins = false;
};

class Session : public ChannelUser, public std::enable_shared_from_this<Session> {
 public:
  static std::shared_ptr<Session> create(ChannelRef channel, std::shared_ptr<const SessionContext> context);
  Session(ChannelRef channel, std::shared_ptr<const SessionContext> context);  // create() is meant

  using ChannelUser::on;
  // Answers the request if it wants an answer. Throws ProtocolError if its details do not decode.
  void on(const ChannelRequested& request) override;
  void on(const DataArrived& data) override;
  void on(const EofArrived& eof) override;
  // The peer closed the channel, or the connection has ended: hangs up. Later calls do nothing.
  void on(const CloseArrived& close) override;
  void end() override;

 private:
  struct Output {
    std::shared_ptr<Source> source;
    int descriptor = -1;  // the source's; valid while it runs
    bool ended = false;
  };

  // What the client asks to be run.
  struct Wanted {
    std::string kind;                         // for the log
    std::string idles_as;                     // for ChannelTimeout
    std::optional<std::string> command = {};  // nothing: a login shell
    bool subsystem = false;
  };
  struct Streams {  // our ends
    Descriptor input, output, error;
  };
  struct Ends {  // the program's ends of pipes, until it has them
    Fd input, output, error;
  };

  bool on_environment(Bytes details);
  bool on_terminal_wanted(Bytes details);
  bool on_window_change(Bytes details);
  bool on_break(Bytes details);
  bool on_signal(Bytes details);
  bool on_agent_wanted();
  bool on_display_wanted(Bytes details);
  void on_end_of_write();
  void on_subsystem(const ChannelRequested& request);
  // Starts the shell, or a command in it, and answers: ahead of the program's output.
  void start(Wanted wanted, const ChannelRequested& request);
  EnvironmentSources environment_sources() const;
  Preparation preparation(const Wanted& wanted, const std::vector<std::string>& environment) const;
  Streams open_streams();
  ProgramEnds program_ends() const;
  void run(const SpawnRequest& program, Preparation before, const ChannelRequested& answered);
  // Does what comes before the program, then launches it. Waits without keeping the connection from going on.
  static asio::awaitable<void> prepare(std::shared_ptr<Session> self, Preparation before, SpawnRequest program);
  asio::awaitable<void> greet(std::string text);
  asio::awaitable<void> run_before(const Preparation& before);
  void launch(const SpawnRequest& program);  // throws std::system_error
  void read_output(Output& output, Descriptor descriptor, std::uint32_t extended_type);
  void on_input_broken();
  void await_exit();
  void on_exit();
  void hang_up();
  bool output_may_come() const;
  void report_exit();
  void finish_if_done();
  void record_login();
  void release_terminal();
  void answer(const ChannelRequested& request, bool success);

  std::shared_ptr<const SessionContext> context_;
  std::vector<EnvironmentVariable> environment_;
  std::size_t environment_size_ = 0;
  std::string agent_socket_;  // if this session asked for the agent, and gets it
  // RFC 4254 section 6.3.1 [4254-6.3.1-2]: if this session asked for a display, and gets it; it goes with the session.
  std::shared_ptr<X11Forwarding> display_;
  std::optional<Pty> pty_;  // if this session asked for a terminal, and gets it; gone when the session is over
  std::string term_;        // what kind of terminal the client has
  LoginRecord login_record_;
  Ends ends_;
  bool started_ = false;
  bool takes_signals_ = false;
  Process process_;
  Descriptor exit_;  // the pidfd
  std::optional<ProcessEnd> end_;
  bool end_reported_ = false;
  bool over_ = false;  // finished or hung up
  std::shared_ptr<Sink> input_;
  Output output_, error_;
};

}  // namespace glassh
