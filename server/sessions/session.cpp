#include "server/sessions/session.h"

#include <csignal>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <boost/asio/co_spawn.hpp>

#include "channels/io/socket_options.h"
#include "proto/messages_session.h"

namespace glassh {
namespace {

constexpr std::size_t most_variables = 128;
constexpr std::size_t most_environment_bytes = 64 * 1024;
constexpr std::size_t most_bytes_of_term = 256;

bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

constexpr std::string_view no_internal_sftp = "internal-sftp is not done yet; give the path of a program";
bool is_internal_sftp(std::string_view command) { return command.starts_with("internal-sftp"); }

bool is_variable_name(std::string_view name) {
  return !name.empty() && name.find('=') == std::string_view::npos && !has_nul(name);
}

}  // namespace

std::shared_ptr<Session> Session::create(ChannelRef channel, std::shared_ptr<const SessionContext> context) {
  return std::make_shared<Session>(std::move(channel), std::move(context));
}

Session::Session(ChannelRef channel, std::shared_ptr<const SessionContext> context)
    : ChannelUser(std::move(channel)), context_(std::move(context)) {}

// ---- requests

void Session::on(const ChannelRequested& request) {
  if (request.type == msg::Exec::name) {
    const auto exec = decode<msg::Exec>(request.details);
    start({.kind = "command", .idles_as = "session:command", .command = std::string(exec.command)}, request);
  } else if (request.type == msg::Shell::name) {
    decode<msg::Shell>(request.details);
    start({.kind = "shell", .idles_as = "session:shell"}, request);
  } else if (request.type == msg::Subsystem::name) {
    on_subsystem(request);
  } else if (request.type == msg::Env::name) {
    answer(request, on_environment(request.details));
  } else if (request.type == msg::PtyReq::name) {
    answer(request, on_terminal_wanted(request.details));
  } else if (request.type == msg::WindowChange::name) {
    answer(request, on_window_change(request.details));
  } else if (request.type == msg::Break::name) {
    answer(request, on_break(request.details));
  } else if (request.type == msg::Signal::name) {
    answer(request, on_signal(request.details));
  } else if (request.type == msg::Eow::name) {
    on_end_of_write();
    answer(request, true);
  } else if (request.type == msg::AuthAgentReq::name) {
    answer(request, on_agent_wanted());
  } else if (request.type == msg::X11Req::name) {
    answer(request, on_display_wanted(request.details));
  } else {
    // RFC 4254 section 5.4 [4254-5.4-2]: we do not know it. Keepalives, too, get an answer.
    context_->log.debug("session {}: request {} refused", channel().id(), escaped(request.type));
    answer(request, false);
  }
}

// RFC 4254 section 6.4 [4254-6.4-1]: only variables that AcceptEnv names, before a program runs, and only so many.
bool Session::on_environment(Bytes details) {
  const auto variable = decode<msg::Env>(details);
  const bool accepted = !started_ && is_variable_name(variable.variable_name) && !has_nul(variable.variable_value) &&
                        context_->config->accepts_env(variable.variable_name);
  const std::size_t size = variable.variable_name.size() + variable.variable_value.size();
  if (!accepted || environment_.size() >= most_variables || environment_size_ + size > most_environment_bytes) {
    context_->log.print(LogLevel::debug2, "session {}: environment variable {} refused", channel().id(),
                        escaped(variable.variable_name));
    return false;
  }
  environment_size_ += size;
  environment_.push_back({std::string(variable.variable_name), std::string(variable.variable_value)});
  return true;
}

// RFC 4254 section 6.2: before a program runs, and once.
bool Session::on_terminal_wanted(Bytes details) {
  const auto wanted = decode<msg::PtyReq>(details);
  if (!context_->permissions.pty) {
    context_->log.verbose("session {}: a terminal is not permitted (PermitTTY or the options of the key)",
                          channel().id());
    return false;
  }
  if (started_ || over_ || pty_ || has_nul(wanted.term) || wanted.term.size() > most_bytes_of_term) return false;
  try {
    Pty pty = Pty::open(context_->account);
    pty.apply_modes(wanted.encoded_terminal_modes);
    pty.resize({wanted.terminal_width_characters, wanted.terminal_height_rows, wanted.terminal_width_pixels,
                wanted.terminal_height_pixels});
    pty_ = std::move(pty);
  } catch (const std::system_error& error) {
    context_->log.error("session {}: no terminal: {}", channel().id(), error.what());
    return false;
  }
  term_ = wanted.term;
  return true;
}

// RFC 4254 section 6.7 [4254-6.7-2]: clients want no answer, and get none then.
bool Session::on_window_change(Bytes details) {
  const auto change = decode<msg::WindowChange>(details);
  if (pty_) {
    pty_->resize({change.terminal_width_columns, change.terminal_height_rows, change.terminal_width_pixels,
                  change.terminal_height_pixels});
  }
  return pty_.has_value();
}

// RFC 4335 section 3 [4335-3-3] [4335-3-4] [4335-3-5]: SUCCESS if there was a break of any kind. Its length means
// nothing to a pseudo-terminal [4335-3-1].
bool Session::on_break(Bytes details) {
  decode<msg::Break>(details);
  return pty_ && pty_->send_break();
}

// RFC 4254 section 6.9 [4254-6.9-2]: clients want no answer, and get none then. It goes to the whole process group, as
// a terminal's would. Who may only run what somebody else has chosen may not stop it either, as with sshd.
bool Session::on_signal(Bytes details) {
  const auto signal = decode<msg::Signal>(details);
  const auto number = signal_number(signal.signal_name);
  if (!number || !started_ || over_) {
    context_->log.verbose("session {}: signal {} not delivered", channel().id(), escaped(signal.signal_name));
    return false;
  }
  if (!takes_signals_) {
    context_->log.info("session {}: signal {} refused to a forced command or a subsystem", channel().id(),
                       escaped(signal.signal_name));
    return false;
  }
  process_.signal_group(*number);
  return true;
}

// RFC 9987: asked for before a program runs, because the program finds the agent in its environment.
bool Session::on_agent_wanted() {
  if (!context_->permissions.agent_forwarding) {
    context_->log.verbose(
        "session {}: agent forwarding is not permitted (AllowAgentForwarding, DisableForwarding or the "
        "options of the key)",
        channel().id());
    return false;
  }
  if (started_ || over_ || !context_->forward_agent) return false;
  if (const auto socket = context_->forward_agent()) agent_socket_ = *socket;
  return !agent_socket_.empty();
}

// RFC 4254 section 6.3.1: before a program runs, and once. [4254-6.3.1-4]: with a cookie in hexadecimal.
bool Session::on_display_wanted(Bytes details) {
  const auto wanted = decode<msg::X11Req>(details);
  const auto refuse = [this](std::string_view why) {
    context_->log.verbose("session {}: no X11 forwarding: {}", channel().id(), why);
    return false;
  };
  if (!context_->permissions.x11_forwarding) {
    return refuse("X11Forwarding, DisableForwarding or the options of the key do not permit it");
  }
  const std::string& xauth = context_->config->xauth_location;
  if (xauth.empty() || ::access(xauth.c_str(), X_OK) < 0) return refuse("there is no xauth program (XAuthLocation)");
  if (started_ || over_ || display_ || !context_->forward_x11)
    return refuse("it is too late, or has been asked before");
  auto cookie = parse_x11_cookie(wanted.x11_authentication_protocol, text_of(wanted.x11_authentication_cookie.bytes));
  if (!cookie) return refuse("Invalid X11 forwarding data");
  display_ = context_->forward_x11({wanted.single_connection, std::move(*cookie), wanted.x11_screen_number});
  return display_ != nullptr;
}

// OpenSSH PROTOCOL section 2.1: nobody reads what the program writes. It learns that from SIGPIPE.
void Session::on_end_of_write() {
  for (Output* output : {&output_, &error_}) {
    if (output->source) output->source->stop();
    output->ended = true;
  }
  // A terminal has one end for both ways, and its own way to say so: it hangs up.
  if (pty_ && input_) input_->stop();
  release_terminal();
  finish_if_done();
}

void Session::on_subsystem(const ChannelRequested& request) {
  const std::string name(decode<msg::Subsystem>(request.details).subsystem_name);
  const SubsystemCommand* subsystem = context_->config->subsystem(name);
  std::string_view problem;
  if (subsystem == nullptr) {
    problem = "subsystem not found";
  } else if (!context_->permissions.forced_command && is_internal_sftp(subsystem->command)) {
    problem = no_internal_sftp;
  }
  if (problem.empty()) {
    start({.kind = fmt::format("subsystem '{}'", escaped(name)),
           .idles_as = fmt::format("session:subsystem:{}", name),
           .command = subsystem->command,
           .subsystem = true},
          request);
  } else {
    context_->log.info("subsystem request for {} by user {} failed, {}", escaped(name), context_->account.name,
                       problem);
    answer(request, false);
  }
}

void Session::answer(const ChannelRequested& request, bool success) {
  if (!request.want_reply) return;
  if (Channel* const open = channel().get()) open->answer_request(success);
}

// ---- the program

void Session::start(Wanted wanted, const ChannelRequested& request) {
  // RFC 4254 section 6.5 [4254-6.5-1]: one program per channel. A NUL would cut the command short.
  if (started_ || over_ || (wanted.command && has_nul(*wanted.command))) {
    return answer(request, false);
  }
  // RFC 4254 section 6.5 [4254-6.5-2] and past vulnerability 10: whatever was asked for, a shell and a subsystem
  // included, the forced command is what runs.
  const SessionPermissions& permissions = context_->permissions;
  EnvironmentSources sources = environment_sources();
  if (permissions.forced_command) {
    wanted.kind = fmt::format("forced-command ({}) '{}'", permissions.forced_by, escaped(*permissions.forced_command));
    sources.original_command = std::exchange(wanted.command, permissions.forced_command);
    if (is_internal_sftp(*wanted.command)) {
      context_->log.info("{} for user {} failed, {}", wanted.kind, context_->account.name, no_internal_sftp);
      return answer(request, false);
    }
  }
  const PeerAddresses& addresses = context_->addresses;
  context_->log.verbose("Starting session: {}{} for {} from {} port {} id {}", wanted.kind,
                        pty_ ? " on " + pty_->line() : std::string(), context_->account.name, addresses.remote_host,
                        addresses.remote_port, channel().id());
  SpawnRequest program =
      shell_request(context_->account, wanted.command, session_environment(context_->account, addresses, sources));
  program.open_files = context_->open_files;
  program.complaints = std::move(sources.complaints);
  // sshd_config(5), IPQoS: the connection is what its last session is.
  const IpQos& qos = context_->config->ip_qos;
  const std::optional<std::uint8_t> type = pty_ || display_ ? qos.interactive : qos.bulk;
  if (type) set_service_type(channel().hub()->output().number(), *type);
  try {
    takes_signals_ = !wanted.subsystem && !permissions.forced_command;
    run(program, preparation(wanted, program.environment), request);
    channel().watch_idle_as(wanted.idles_as);
  } catch (const std::system_error& error) {
    ends_ = {};
    context_->log.error("session {}: cannot start {}: {}", channel().id(), wanted.kind, error.what());
    answer(request, false);
  }
}

EnvironmentSources Session::environment_sources() const {
  EnvironmentSources sources;
  sources.from_client = environment_;
  sources.from_keys = context_->permissions.environment;
  const auto from_file = user_environment(*context_->config, context_->account, sources.complaints);
  sources.from_keys.insert(sources.from_keys.end(), from_file.begin(), from_file.end());
  sources.from_config = context_->config->set_env;
  sources.auth_info_file = context_->auth_info_file;
  sources.agent_socket = agent_socket_;
  if (display_) sources.display = display_->display();
  if (pty_) {
    sources.terminal = pty_->path();
    sources.term = term_;
  }
  return sources;
}

// Who only wants a command is not greeted.
Preparation Session::preparation(const Wanted& wanted, const std::vector<std::string>& environment) const {
  const ServerConfig& config = *context_->config;
  Preparation before;
  if (pty_ && !wanted.command) {
    const auto& files = context_->login_files;
    const auto last = files ? last_login(*files, context_->account.uid) : std::nullopt;
    before.greeting = greeting(config, context_->account, last);
  }
  const bool user_rc = config.permit_user_rc && context_->permissions.user_rc && config.force_command.empty();
  before.program = rc_program(context_->account, user_rc && !wanted.subsystem, environment);
  if (display_) add_cookie(before, *display_, config.xauth_location, context_->account, environment);
  if (before.program) before.program->open_files = context_->open_files;
  return before;
}

// RFC 4254 section 6.5 [4254-6.5-4]: the program's input and output are the channel's.
Session::Streams Session::open_streams() {
  const asio::any_io_executor& executor = channel().hub()->executor();
  if (pty_) return {Descriptor::own(executor, pty_->master()), Descriptor::own(executor, pty_->master()), {}};
  Pipe in = make_pipe();
  Pipe out = make_pipe();
  Pipe error = make_pipe();
  ends_ = {std::move(in.read_end), std::move(out.write_end), std::move(error.write_end)};
  return {Descriptor::own(executor, std::move(in.write_end)), Descriptor::own(executor, std::move(out.read_end)),
          Descriptor::own(executor, std::move(error.read_end))};
}

ProgramEnds Session::program_ends() const {
  if (!pty_) return {ends_.input.get(), ends_.output.get(), ends_.error.get()};
  const int terminal = pty_->terminal().get();
  return {terminal, terminal, terminal, pty_->path()};
}

void Session::run(const SpawnRequest& program, Preparation before, const ChannelRequested& answered) {
  Streams streams = open_streams();
  if (before.empty()) {
    launch(program);
  } else if (::access(program.program.c_str(), X_OK) < 0) {
    throw std::system_error(errno, std::generic_category(), program.program);
  }
  // From here on nothing fails, so the answer is right; and it is ahead of the output.
  started_ = true;
  environment_ = {};
  answer(answered, true);
  input_ = Sink::create(channel(), std::move(streams.input));
  input_->on_broken = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->on_input_broken();
  };
  read_output(output_, std::move(streams.output), 0);
  error_.ended = !streams.error.is_open();
  if (streams.error.is_open()) read_output(error_, std::move(streams.error), extended_data_type::standard_error);
  const Channel* const open = channel().get();
  if (open != nullptr && open->eof_received()) input_->end();  // it came before there was a program
  if (before.empty()) return;
  auto work = prepare(shared_from_this(), std::move(before), program);
  const auto failed = [hub = channel().hub()](const std::exception_ptr& failure) {
    if (failure != nullptr) hub->fail(failure);
  };
  asio::co_spawn(channel().hub()->executor(), std::move(work), failed);
}

void Session::launch(const SpawnRequest& program) {
  Process process = spawn_process(program, program_ends());
  try {
    exit_ = Descriptor::own(channel().hub()->executor(), std::move(process.pidfd));
  } catch (const std::system_error&) {
    process.kill();
    throw;
  }
  process_ = std::move(process);
  ends_ = {};
  if (pty_) {
    pty_->release_terminal();
    record_login();
  }
  await_exit();
}

void Session::record_login() {
  if (!context_->login_files || !context_->records_logins) return;
  const Account& account = context_->account;
  login_record_ = LoginRecord(*context_->login_files, LoginEntry{pty_->line(), account.name, account.uid, process_.pid,
                                                                 context_->addresses.remote_host});
}

// ---- what comes before the program

asio::awaitable<void> Session::prepare(std::shared_ptr<Session> self, Preparation before, SpawnRequest program) {
  try {
    co_await self->greet(std::move(before.greeting));
    if (before.program && !self->over_) co_await self->run_before(before);
  } catch (const std::system_error& error) {
    self->context_->log.error("session {}: before the program: {}", self->channel().id(), error.what());
  }
  if (self->over_) {
    self->ends_ = {};
    co_return;
  }
  try {
    self->launch(program);
  } catch (const std::system_error& error) {
    self->context_->log.error("session {}: cannot start {}: {}", self->channel().id(), program.program, error.what());
    self->end_ = ProcessEnd{.exit_status = 255};
    // Their end is the program's end, and the session's.
    self->ends_ = {};
    if (self->pty_) self->pty_->release_terminal();
    self->finish_if_done();
  }
}

// As the terminal shows it. Should it be full, then until the client has taken some.
asio::awaitable<void> Session::greet(std::string text) {
  if (text.empty()) co_return;
  Descriptor terminal = Descriptor::own(channel().hub()->executor(), Fd::duplicate(pty_->terminal().get()));
  Bytes rest = bytes_of(text);
  while (!rest.empty()) {
    const IoResult put = terminal.write(rest);
    if (put.failed()) co_return;
    rest = rest.subspan(put.size);
    if (put.would_block()) co_await terminal.writable();
  }
}

// On the terminal, but without controlling it: the end of a program that does would hang it up.
asio::awaitable<void> Session::run_before(const Preparation& before) {
  Pipe input = make_pipe();
  const Bytes text = bytes_of(before.input);
  if (::write(input.write_end.get(), text.data(), text.size()) < 0) {
    throw std::system_error(errno, std::generic_category(), "write to a new pipe");
  }
  input.write_end.close();
  const Fd terminal = pty_ ? pty_->open_terminal() : Fd();
  const int output = pty_ ? terminal.get() : ends_.output.get();
  const int error = pty_ ? terminal.get() : ends_.error.get();
  process_ = spawn_process(*before.program, ProgramEnds{input.read_end.get(), output, error});
  Descriptor ended = Descriptor::own(channel().hub()->executor(), std::move(process_.pidfd));
  while (!process_.end()) co_await ended.readable();
  process_.reap();
}

// ---- its output and its end

void Session::read_output(Output& output, Descriptor descriptor, std::uint32_t extended_type) {
  const auto ended = [weak = weak_from_this(), which = &output] {
    const auto self = weak.lock();
    if (!self) return;
    which->ended = true;
    self->finish_if_done();
  };
  const auto emptied = [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && self->end_ && !self->over_ && !self->output_may_come()) self->report_exit();
  };
  output.descriptor = descriptor.number();
  output.source = Source::start(channel(), std::move(descriptor),
                                {.extended_type = extended_type, .ended = ended, .emptied = emptied});
}

// OpenSSH PROTOCOL section 2.1: the program reads no more. Other peers would take the request for a surprise.
void Session::on_input_broken() {
  Channel* const open = channel().get();
  if (open == nullptr || !context_->peer_is_openssh || open->eof_received()) return;
  open->request(msg::Eow{}, false);
  channel().hub()->wake();
}

void Session::await_exit() {
  exit_.when_readable([self = shared_from_this()] { self->on_exit(); });
}

void Session::on_exit() {
  end_ = process_.end();
  if (!end_) return await_exit();
  exit_.close();
  if (over_) return process_.reap();
  if (!output_may_come()) report_exit();
  finish_if_done();
}

// Whether the program left something in its pipes that is not sent yet. What others with the same pipes may still write
// does not count.
bool Session::output_may_come() const {
  for (const Output* output : {&output_, &error_}) {
    int waiting = 0;
    if (output->ended || !output->source->running()) continue;
    if (::ioctl(output->descriptor, FIONREAD, &waiting) < 0 || waiting > 0) return true;
  }
  return false;
}

// RFC 4254 section 6.10 [4254-6.10-1]: the client learns how the program ended.
void Session::report_exit() {
  Channel* const open = channel().get();
  if (open == nullptr || end_reported_) return;
  end_reported_ = true;
  if (end_->signal == 0) {
    open->request(msg::ExitStatus{end_->exit_status}, false);
  } else {
    const std::string name = signal_name(end_->signal);
    const std::string text = fmt::format("killed by signal {}", end_->signal);
    open->request(msg::ExitSignal{name, end_->core_dumped, text, ""}, false);
  }
  channel().hub()->wake();
}

// RFC 4254 section 6.10 [4254-6.10-3]: CLOSE comes after the exit status. EOF does as well: a client that has said EOF
// answers ours with CLOSE, and then the status could not be sent any more.
void Session::finish_if_done() {
  if (over_ || !end_ || !output_.ended || !error_.ended) return;
  over_ = true;
  report_exit();
  if (Channel* const open = channel().get()) {
    open->send_eof();
    open->close();
  }
  context_->log.verbose("Close session: user {} from {} port {} id {}", context_->account.name,
                        context_->addresses.remote_host, context_->addresses.remote_port, channel().id());
  input_->stop();
  display_.reset();
  release_terminal();
  process_.reap();
  channel().hub()->wake();
}

// With its last copy the terminal hangs up.
void Session::release_terminal() {
  login_record_.end();
  pty_.reset();
}

// ---- the peer's side

void Session::on(const DataArrived& data) {
  if (input_ && data.extended_type == 0) return input_->write(data.data);
  // Nothing runs yet, or it is a stream that no program has.
  if (Channel* const open = channel().get()) open->consumed(data.data.size());
}

void Session::on(const EofArrived&) {
  if (input_) input_->end();
}

void Session::on(const CloseArrived&) { hang_up(); }

void Session::end() { hang_up(); }

void Session::hang_up() {
  if (over_) return;
  over_ = true;
  display_.reset();
  if (!started_) return release_terminal();
  process_.signal_group(SIGHUP);
  process_.signal_group(SIGCONT);  // one that is stopped gets it too
  input_->stop();
  for (const Output* output : {&output_, &error_}) {
    if (output->source) output->source->stop();
  }
  release_terminal();
  if (end_) process_.reap();
}

}  // namespace glassh
