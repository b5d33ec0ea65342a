#include "client/remote_session.h"

#include <cstdint>
#include <cstdlib>
#include <utility>

#include <unistd.h>

#include <boost/asio/co_spawn.hpp>

#include "channels/terminal_modes.h"
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

TerminalDecision decide_terminal(const ClientConfig& config, bool has_command, bool input_is_terminal) {
  const RequestTty request = config.request_tty;
  TerminalDecision decision;
  decision.wanted = request == RequestTty::yes || request == RequestTty::force || !has_command;
  if (request == RequestTty::no || config.session_type == SessionType::none) decision.wanted = false;
  if ((!input_is_terminal || config.stdin_null) && request != RequestTty::force) {
    decision.refused = decision.wanted;
    decision.wanted = false;
  }
  return decision;
}

RemoteSession::RemoteSession(ClientConnection& connection, std::shared_ptr<Hub> hub, const ClientConfig& config,
                             SessionWish wish, std::shared_ptr<ForwardedAgent> agent,
                             std::shared_ptr<ForwardedDisplay> display, ClientLog& log)
    : connection_(connection),
      hub_(std::move(hub)),
      config_(config),
      wish_(std::move(wish)),
      agent_(std::move(agent)),
      display_(std::move(display)),
      log_(log),
      input_hold_(std::make_shared<InputHold>(hub_->executor())),
      finished_(hub_->executor()) {}

void RemoteSession::open() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) standard_[fd] = Fd::duplicate(fd);
  connection_.channels().open(msg::SessionOpen::name);
}

void RemoteSession::take_terminal() {
  if (!wish_.terminal) return;
  watch_.emplace(hub_->executor(), terminal_, [this] { send_window_change(); });
  terminal_.enter_raw();
}

void RemoteSession::on(const ChannelOpened& event) {
  log_.debug1("channel {}: the session is open", event.channel);
  channel_ = hub_->channel(connection_.channels(), event.channel);
  Channel& channel = *channel_.get();
  if (wish_.command.size() > longest_text) {
    log_.fatal("The command has {} bytes; {} is the most that can be sent", wish_.command.size(), longest_text);
    channel.close();
    return end();
  }
  if (display_->offer(channel)) unanswered_.push_back(msg::X11Req::name);
  agent_->offer(channel);
  if (wish_.terminal) ask_for_terminal(channel);
  send_environment(channel);
  start_program(channel);
  connect_standard_streams();
}

// RFC 4254 section 6.2, section 8 [4254-8-1] [4254-8-4]: all modes that this terminal has. Without a terminal of our
// own
// (-tt) there are none to tell.
void RemoteSession::ask_for_terminal(Channel& channel) {
  const char* const term = std::getenv("TERM");
  const std::optional<termios> modes = terminal_.modes();
  const std::vector<std::uint8_t> none = {0};  // TTY_OP_END
  const std::vector<std::uint8_t> encoded = modes ? encode_terminal_modes(*modes) : none;
  size_told_ = terminal_.size();
  msg::PtyReq request{.term = term != nullptr ? term : ""};
  request.terminal_width_characters = size_told_.columns;
  request.terminal_height_rows = size_told_.rows;
  request.terminal_width_pixels = size_told_.width_pixels;
  request.terminal_height_pixels = size_told_.height_pixels;
  request.encoded_terminal_modes = encoded;
  log_.debug1("channel {}: asking for a terminal of {} columns and {} rows", channel.id(), size_told_.columns,
              size_told_.rows);
  unanswered_.push_back(msg::PtyReq::name);
  channel.request(request, true);
  has_terminal_ = true;
}

// RFC 4254 section 6.7 [4254-6.7-1] [4254-6.7-2]: whenever it changes, and no answer is expected.
void RemoteSession::send_window_change() {
  Channel* const channel = channel_.get();
  const WindowSize size = terminal_.size();
  if (channel == nullptr || !channel->open() || channel->close_sent() || !has_terminal_ || size == size_told_) return;
  size_told_ = size;
  channel->request(msg::WindowChange{size.columns, size.rows, size.width_pixels, size.height_pixels}, false);
  hub_->wake();
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
    log_.debug1("Sending subsystem: {}", wish_.command);
    unanswered_.push_back(msg::Subsystem::name);
    channel.request(msg::Subsystem{wish_.command}, true);
  } else if (wish_.command.empty()) {
    log_.debug1("Asking for the login shell");
    unanswered_.push_back(msg::Shell::name);
    channel.request(msg::Shell{}, true);
  } else {
    log_.debug1("Sending command: {}", wish_.command);
    unanswered_.push_back(msg::Exec::name);
    channel.request(msg::Exec{wish_.command}, true);
  }
}

void RemoteSession::connect_standard_streams() {
  const auto& executor = hub_->executor();
  const auto borrow = [&executor](Fd fd, Descriptor::Access access) {
    return Descriptor::borrow(executor, fd.get(), access);
  };
  output_ = Sink::create(channel_, borrow(std::move(standard_[STDOUT_FILENO]), Descriptor::Access::write));
  error_output_ = Sink::create(channel_, borrow(std::move(standard_[STDERR_FILENO]), Descriptor::Access::write));
  // OpenSSH PROTOCOL section 2.1: nobody reads our output any more, so the program over there shall get a SIGPIPE.
  if (speaks_openssh_extensions(connection_.transport().peer_version())) {
    output_->on_broken = [channel = channel_] {
      Channel* const open = channel.get();
      if (open == nullptr || !open->open() || open->close_sent()) return;
      open->request(msg::Eow{}, false);
      channel.hub()->wake();
    };
  }
  if (config_.stdin_null) {
    channel_.get()->send_eof();
  } else {
    start_input(borrow(std::move(standard_[STDIN_FILENO]), Descriptor::Access::read));
  }
}

void RemoteSession::start_input(Descriptor input) {
  if (wish_.terminal && on_escape) {
    input_ = Source::start(channel_,
                           std::make_unique<TypedInput>(std::move(input), config_.escape_char, on_escape, input_hold_));
  } else {
    input_ = Source::start(channel_, std::move(input));
  }
}

// RFC 4254 section 5.1 [4254-5.1-2] [4254-5.1-3]: the description is shown, without control characters.
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
  if (std::exchange(ended_, true)) return;
  if (input_) input_->stop();
  if (output_) output_->end();
  if (error_output_) error_output_->end();
  asio::co_spawn(hub_->executor(), finish(), [](const std::exception_ptr&) {});
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
    // RFC 4254 section 6.2 [4254-6.2-3], section 6.5 [4254-6.5-6]: a server starts nothing here. Section 6.8
    // [4254-6.8-1] [4254-6.8-2]: that ^S works over there changes nothing either, and is not answered.
    log_.debug1("channel {}: the server asks for {}: refused", event.channel, printable(event.type));
  }
  // RFC 4254 section 6.10 [4254-6.10-2]: reports want no answer. What wants one, keepalive@openssh.com too, gets "no".
  if (event.want_reply) connection_.channels().at(event.channel).answer_request(false);
}

// RFC 4254 section 6.10 [4254-6.10-7]: the error message may be shown.
void RemoteSession::on_exit_signal(Bytes details) {
  const auto death = decode<msg::ExitSignal>(details);
  std::string text = fmt::format("The program was ended by signal {}", printable(death.signal_name));
  if (death.core_dumped) text += " (core dumped)";
  if (!death.error_message.empty()) text += fmt::format(": {}", printable(death.error_message));
  log_.verbose("{}", text);
}

// RFC 4254 section 5.4 [4254-5.4-4]: answers come in the order of the requests.
void RemoteSession::on(const ChannelRequestAnswered& event) {
  const std::string_view request = unanswered_.front();  // Channel counts: there is one
  unanswered_.pop_front();
  if (event.success) return;
  if (request == msg::PtyReq::name) return on_terminal_denied();
  // As ssh(1): the program may run without.
  if (request == msg::X11Req::name) return log_.error("X11 forwarding request failed on channel {}", event.channel);
  log_.fatal("{} request failed on channel {}", request, event.channel);
  connection_.channels().at(event.channel).close();
  end();
}

// As ssh(1): the program may run without, but not if somebody asked for it.
void RemoteSession::on_terminal_denied() {
  log_.error("PTY allocation request failed on channel {}", channel_.id());
  has_terminal_ = false;
  watch_.reset();
  terminal_.leave_raw();
  if (config_.request_tty == RequestTty::automatic) return;
  terminal_denied_ = true;
  channel_.get()->close();
  end();
}

asio::awaitable<void> RemoteSession::flushed() { return finished_.wait(); }

asio::awaitable<void> RemoteSession::finish() {
  if (output_) co_await output_->drained();
  if (error_output_) co_await error_output_->drained();
  watch_.reset();
  terminal_.leave_raw();
  finished_.raise();
}

}  // namespace glassh
