#include "client/session.h"

#include <cstdint>

#include <unistd.h>

#include "proto/messages_session.h"
#include "proto/numbers.h"

extern char** environ;

namespace glassh {

namespace {
// What may stand in one request, beside its other fields: RFC 4253 section 6.1, a message is one packet.
constexpr std::size_t longest_text = PacketWriter::max_payload - 256;
}  // namespace

bool speaks_openssh_extensions(std::string_view peer_version) {
  return peer_version.starts_with("SSH-2.0-OpenSSH") || peer_version.starts_with("SSH-2.0-glassh");
}

RemoteSession::RemoteSession(ClientConnection& connection, std::shared_ptr<Hub> hub, const ClientConfig& config,
                             std::string command, std::shared_ptr<ForwardedAgent> agent, ClientLog& log)
    : connection_(connection),
      hub_(std::move(hub)),
      config_(config),
      command_(std::move(command)),
      agent_(std::move(agent)),
      log_(log) {}

void RemoteSession::open() { connection_.channels().open(msg::SessionOpen::name); }

void RemoteSession::on(const ChannelOpened& event) {
  log_.debug1("channel {}: the session is open", event.channel);
  Channel& channel = connection_.channels().at(event.channel);
  if (command_.size() > longest_text) {
    log_.fatal("The command has {} bytes; {} is the most that can be sent", command_.size(), longest_text);
    channel.close();
    return end();
  }
  agent_->offer(channel);
  send_environment(channel);
  start_program(channel);
  connect_standard_streams(hub_->channel(connection_.channels(), event.channel));
}

// RFC 4254 section 6.4: no answer is asked for, because a server that refuses a variable is no reason to stop. Nor is
// one that is too long.
void RemoteSession::send_environment(Channel& channel) const {
  const auto send = [this, &channel](std::string_view name, std::string_view value) {
    if (name.size() + value.size() > longest_text) {
      log_.info("The environment variable {} is not sent: it has {} bytes, {} is the most", printable(name),
                name.size() + value.size(), longest_text);
      return;
    }
    channel.request(msg::Env{name, value}, false);
  };
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == text.npos || !config_.sends_env(text.substr(0, equals))) continue;
    log_.debug1("channel {}: sending the environment variable {}", channel.id(), text.substr(0, equals));
    send(text.substr(0, equals), text.substr(equals + 1));
  }
  for (const auto& [name, value] : config_.set_env) {
    log_.debug1("channel {}: setting the environment variable {}", channel.id(), name);
    send(name, value);
  }
}

// RFC 4254 section 6.5 [4254-6.5-5]: an answer is asked for; on(ChannelRequestAnswered) looks at it.
void RemoteSession::start_program(Channel& channel) {
  if (config_.session_type == SessionType::subsystem) {
    log_.debug1("Sending subsystem: {}", command_);
    request_ = msg::Subsystem::name;
    channel.request(msg::Subsystem{command_}, true);
  } else if (command_.empty()) {
    log_.debug1("Asking for the login shell");
    request_ = msg::Shell::name;
    channel.request(msg::Shell{}, true);
  } else {
    log_.debug1("Sending command: {}", command_);
    request_ = msg::Exec::name;
    channel.request(msg::Exec{command_}, true);
  }
}

void RemoteSession::connect_standard_streams(const ChannelRef& channel) {
  const auto& executor = hub_->executor();
  output_ = Sink::create(channel, Descriptor::borrow(executor, STDOUT_FILENO, Descriptor::Access::write));
  error_output_ = Sink::create(channel, Descriptor::borrow(executor, STDERR_FILENO, Descriptor::Access::write));
  // OpenSSH PROTOCOL section 2.1: nobody reads our output any more, so the program over there shall get a SIGPIPE.
  if (speaks_openssh_extensions(connection_.transport().peer_version())) {
    output_->on_broken = [channel] {
      Channel* const open = channel.get();
      if (open == nullptr || !open->open() || open->close_sent()) return;
      open->request(msg::Eow{}, false);
      channel.hub()->wake();
    };
  }
  if (config_.stdin_null) {
    channel.get()->send_eof();
  } else {
    input_ = Source::start(channel, Descriptor::borrow(executor, STDIN_FILENO, Descriptor::Access::read));
  }
}

// RFC 4254 section 5.1 [4254-5.1-2] [4254-5.1-3]
void RemoteSession::on(const ChannelOpenRefused& event) {
  log_.info("channel {}: open failed: {} (reason {})", event.channel, printable(event.description), event.reason);
  end();
}

void RemoteSession::on(const DataArrived& event) {
  if (event.extended_type == 0) {
    output_->write(event.data);
  } else if (event.extended_type == extended_data_type::standard_error) {
    error_output_->write(event.data);
  } else {
    connection_.channels().at(event.channel).consumed(event.data.size());  // a stream that nobody here knows
  }
}

void RemoteSession::on(const EofArrived&) {
  log_.debug1("the program has no more output");
  output_->end();
  error_output_->end();
}

void RemoteSession::on(const CloseArrived& event) {
  log_.debug1("channel {}: closed", event.channel);
  end();
}

void RemoteSession::end() {
  ended_ = true;
  if (input_) input_->stop();
  if (output_) output_->end();
  if (error_output_) error_output_->end();
}

void RemoteSession::on(const ChannelRequested& event) {
  if (event.type == msg::ExitStatus::name) {
    const std::uint32_t status = decode<msg::ExitStatus>(event.details).exit_status;
    log_.debug1("the program's exit status is {}", status);
    exit_status_ = static_cast<int>(status);
  } else if (event.type == msg::ExitSignal::name) {
    on_exit_signal(event.details);
  } else if (event.type == msg::Eow::name && input_) {
    log_.debug1("the program reads no more input");
    input_->stop();
  } else {
    // RFC 4254 section 6.2 [4254-6.2-3], section 6.5 [4254-6.5-6]: a server starts nothing here.
    log_.debug1("channel {}: the server asks for {}: refused", event.channel, printable(event.type));
  }
  // RFC 4254 section 6.10 [4254-6.10-2]: reports want no answer. What wants one, keepalive@openssh.com too, gets "no".
  if (event.want_reply) connection_.channels().at(event.channel).answer_request(false);
}

// RFC 4254 section 6.10 [4254-6.10-7]
void RemoteSession::on_exit_signal(Bytes details) {
  const auto death = decode<msg::ExitSignal>(details);
  std::string text = fmt::format("The program was ended by signal {}", printable(death.signal_name));
  if (death.core_dumped) text += " (core dumped)";
  if (!death.error_message.empty()) text += fmt::format(": {}", printable(death.error_message));
  log_.verbose("{}", text);
}

void RemoteSession::on(const ChannelRequestAnswered& event) {
  if (event.success) return;
  log_.fatal("{} request failed on channel {}", request_, event.channel);
  connection_.channels().at(event.channel).close();
  end();
}

asio::awaitable<void> RemoteSession::flushed() {
  if (output_) co_await output_->drained();
  if (error_output_) co_await error_output_->drained();
}

}  // namespace glassh
