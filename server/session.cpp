#include "server/session.h"

#include <csignal>
#include <system_error>
#include <utility>

#include <sys/ioctl.h>

#include "proto/messages_session.h"

namespace glassh {
namespace {

constexpr std::size_t most_variables = 128;
constexpr std::size_t most_environment_bytes = 64 * 1024;

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
    : channel_(std::move(channel)), context_(std::move(context)) {}

// ---- requests

asio::awaitable<void> Session::on_request(const ChannelRequested& request) {
  if (request.type == msg::Exec::name) {
    const auto exec = decode<msg::Exec>(request.details);
    co_await start("command", std::string(exec.command), request);
  } else if (request.type == msg::Shell::name) {
    decode<msg::Shell>(request.details);
    co_await start("shell", std::nullopt, request);
  } else if (request.type == msg::Subsystem::name) {
    co_await on_subsystem(request);
  } else if (request.type == msg::Env::name) {
    answer(request, on_environment(request.details));
  } else if (request.type == msg::Signal::name) {
    answer(request, on_signal(request.details));
  } else if (request.type == msg::Eow::name) {
    on_end_of_write();
    answer(request, true);
  } else if (request.type == msg::AuthAgentReq::name) {
    answer(request, on_agent_wanted());
  } else {
    // Terminals (with their window-change) and X11 are not done yet; whatever else there is, we do not know.
    context_->log.debug("session {}: request {} refused", channel_.id(), escaped(request.type));
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
    context_->log.print(LogLevel::debug2, "session {}: environment variable {} refused", channel_.id(),
                        escaped(variable.variable_name));
    return false;
  }
  environment_size_ += size;
  environment_.push_back({std::string(variable.variable_name), std::string(variable.variable_value)});
  return true;
}

// RFC 4254 section 6.9. It goes to the whole process group, as a terminal's would.
bool Session::on_signal(Bytes details) {
  const auto signal = decode<msg::Signal>(details);
  const auto number = signal_number(signal.signal_name);
  if (!number || !started_ || over_) {
    context_->log.verbose("session {}: signal {} not delivered", channel_.id(), escaped(signal.signal_name));
    return false;
  }
  process_.signal_group(*number);
  return true;
}

// OpenSSH PROTOCOL section 2, RFC 9987: before a program runs, for that it finds the agent in its environment.
bool Session::on_agent_wanted() {
  if (!context_->permissions.agent_forwarding) {
    context_->log.verbose(
        "session {}: agent forwarding is not permitted (AllowAgentForwarding, DisableForwarding or the "
        "options of the key)",
        channel_.id());
    return false;
  }
  if (started_ || over_ || !context_->forward_agent) return false;
  if (const auto socket = context_->forward_agent()) agent_socket_ = *socket;
  return !agent_socket_.empty();
}

// OpenSSH PROTOCOL section 2.1: nobody reads what the program writes. It learns that from SIGPIPE.
void Session::on_end_of_write() {
  for (Output* output : {&output_, &error_}) {
    if (output->source) output->source->stop();
    output->ended = true;
  }
  finish_if_done();
}

asio::awaitable<void> Session::on_subsystem(const ChannelRequested& request) {
  const std::string name(decode<msg::Subsystem>(request.details).subsystem_name);
  const SubsystemCommand* subsystem = context_->config->subsystem(name);
  std::string_view problem;
  if (subsystem == nullptr) {
    problem = "subsystem not found";
  } else if (!context_->permissions.forced_command && is_internal_sftp(subsystem->command)) {
    problem = no_internal_sftp;
  }
  if (problem.empty()) {
    co_await start(fmt::format("subsystem '{}'", escaped(name)), subsystem->command, request);
  } else {
    context_->log.info("subsystem request for {} by user {} failed, {}", escaped(name), context_->account.name,
                       problem);
    answer(request, false);
  }
}

void Session::answer(const ChannelRequested& request, bool success) {
  if (!request.want_reply) return;
  if (Channel* channel = channel_.get()) channel->answer_request(success);
}

// ---- the program

asio::awaitable<void> Session::start(std::string kind, std::optional<std::string> command,
                                     const ChannelRequested& request) {
  // RFC 4254 section 6.5 [4254-6.5-1]: one program per channel. A NUL would cut the command short.
  if (started_ || over_ || (command && has_nul(*command))) {
    answer(request, false);
    co_return;
  }
  // Past vulnerability 10: whatever was asked for, a shell and a subsystem included, the forced command is what runs.
  const SessionPermissions& permissions = context_->permissions;
  EnvironmentSources sources{environment_, permissions.environment, std::nullopt, context_->auth_info_file,
                             agent_socket_};
  if (permissions.forced_command) {
    kind = fmt::format("forced-command ({}) '{}'", permissions.forced_by, escaped(*permissions.forced_command));
    sources.original_command = std::exchange(command, permissions.forced_command);
    if (is_internal_sftp(*command)) {
      context_->log.info("{} for user {} failed, {}", kind, context_->account.name, no_internal_sftp);
      answer(request, false);
      co_return;
    }
  }
  const PeerAddresses& addresses = context_->addresses;
  context_->log.verbose("Starting session: {} for {} from {} port {} id {}", kind, context_->account.name,
                        addresses.remote_host, addresses.remote_port, channel_.id());
  auto environment = session_environment(context_->account, addresses, sources);
  SpawnRequest program = shell_request(context_->account, command, std::move(environment));
  program.open_files = context_->open_files;
  try {
    run(program, request);
  } catch (const std::system_error& error) {
    context_->log.error("session {}: cannot start {}: {}", channel_.id(), kind, error.what());
    answer(request, false);
  }
}

// RFC 4254 section 6.5 [4254-6.5-4]: the program's input and output are the channel's.
void Session::run(const SpawnRequest& request, const ChannelRequested& answered) {
  const asio::any_io_executor& executor = channel_.hub()->executor();
  Process process = spawn_process(request);
  Descriptor standard_output;
  Descriptor standard_error;
  try {
    exit_ = Descriptor::own(executor, std::move(process.pidfd));
    input_ = Sink::create(channel_, Descriptor::own(executor, std::move(process.standard_input)));
    standard_output = Descriptor::own(executor, std::move(process.standard_output));
    standard_error = Descriptor::own(executor, std::move(process.standard_error));
  } catch (const std::system_error&) {
    process.kill();
    throw;
  }
  // From here on nothing fails, so the answer is right; and it is ahead of the output.
  started_ = true;
  process_ = std::move(process);
  environment_ = {};
  answer(answered, true);
  input_->on_broken = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->on_input_broken();
  };
  read_output(output_, std::move(standard_output), 0);
  read_output(error_, std::move(standard_error), extended_data_type::standard_error);
  const Channel* const channel = channel_.get();
  if (channel != nullptr && channel->eof_received()) input_->end();  // it came before there was a program
  await_exit();
}

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
  output.source = Source::start(channel_, std::move(descriptor),
                                {.extended_type = extended_type, .ended = ended, .emptied = emptied});
}

// OpenSSH PROTOCOL section 2.1: the program reads no more. Other peers would take the request for a surprise.
void Session::on_input_broken() {
  Channel* channel = channel_.get();
  if (channel == nullptr || !context_->peer_is_openssh || channel->eof_received()) return;
  channel->request(msg::Eow{}, false);
  channel_.hub()->wake();
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

// RFC 4254 section 6.10 [4254-6.10-1]
void Session::report_exit() {
  Channel* channel = channel_.get();
  if (channel == nullptr || end_reported_) return;
  end_reported_ = true;
  if (end_->signal == 0) {
    channel->request(msg::ExitStatus{end_->exit_status}, false);
  } else {
    const std::string name = signal_name(end_->signal);
    const std::string text = fmt::format("killed by signal {}", end_->signal);
    channel->request(msg::ExitSignal{name, end_->core_dumped, text, ""}, false);
  }
  channel_.hub()->wake();
}

// RFC 4254 section 6.10 [4254-6.10-3]: CLOSE comes after the exit status. EOF does as well: a client that has said EOF
// answers ours with CLOSE, and then the status could not be sent any more.
void Session::finish_if_done() {
  if (over_ || !end_ || !output_.ended || !error_.ended) return;
  over_ = true;
  report_exit();
  if (Channel* channel = channel_.get()) {
    channel->send_eof();
    channel->close();
  }
  context_->log.verbose("Close session: user {} from {} port {} id {}", context_->account.name,
                        context_->addresses.remote_host, context_->addresses.remote_port, channel_.id());
  input_->stop();
  process_.reap();
  channel_.hub()->wake();
}

// ---- the peer's side

void Session::on_data(const DataArrived& data) {
  if (input_ && data.extended_type == 0) return input_->write(data.data);
  // Nothing runs yet, or it is a stream that no program has.
  if (Channel* channel = channel_.get()) channel->consumed(data.data.size());
}

void Session::on_eof() {
  if (input_) input_->end();
}

void Session::hang_up() {
  if (over_) return;
  over_ = true;
  if (!started_) return;
  process_.signal_group(SIGHUP);
  process_.signal_group(SIGCONT);  // one that is stopped gets it too
  input_->stop();
  output_.source->stop();
  error_.source->stop();
  if (end_) process_.reap();
}

}  // namespace glassh
