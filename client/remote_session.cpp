#include "client/remote_session.h"

#include <utility>

#include <boost/asio/co_spawn.hpp>

#include "channels/request_limits.h"
#include "channels/terminal_modes.h"
#include "proto/messages_session.h"
#include "proto/numbers.h"

namespace glassh {

namespace {
// The longest text in one request, beside its other fields: a message is one packet (RFC 4253 section 6.1).
constexpr std::size_t longest_text = PacketWriter::max_payload - 256;
}  // namespace

bool speaks_openssh_extensions(std::string_view peer_version) {
  return peer_version.starts_with("SSH-2.0-OpenSSH") || peer_version.starts_with("SSH-2.0-glassh");
}

std::shared_ptr<RemoteSession> RemoteSession::open(std::shared_ptr<const SessionServices> services, SessionWish wish,
                                                   SessionStreams streams) {
  Channels& channels = services->connection.channels();
  const ChannelRef channel = services->hub->channel(channels, channels.open(msg::SessionOpen::name));
  return std::make_shared<RemoteSession>(channel, std::move(services), std::move(wish), std::move(streams));
}

RemoteSession::RemoteSession(ChannelRef channel, std::shared_ptr<const SessionServices> services, SessionWish wish,
                             SessionStreams streams)
    : ChannelUser(std::move(channel)),
      services_(std::move(services)),
      wish_(std::move(wish)),
      streams_(std::move(streams)),
      terminal_(streams_.terminal),
      input_hold_(std::make_shared<InputHold>(executor())),
      finished_(executor()) {}

void RemoteSession::take_terminal() {
  if (!wish_.terminal) return;
  watch_.emplace(executor(), terminal_, [this] { send_window_change(); });
  terminal_.enter_raw();
}

void RemoteSession::on(const ChannelOpened& event) {
  log().debug1("channel {}: the session is open", event.channel);
  Channel& open = *channel().get();
  if (wish_.command.size() > longest_text) {
    log().fatal("The command has {} bytes; {} is the most that can be sent", wish_.command.size(), longest_text);
    open.close();
    return end();
  }
  if (wish_.forward_display && services_->display->offer(open)) unanswered_.push_back(msg::X11Req::name);
  if (wish_.forward_agent) services_->agent->offer(open);
  if (wish_.terminal) ask_for_terminal(open);
  send_environment(open);
  start_program(open);
  connect_streams();
}

// RFC 4254 section 6.2, section 8 [4254-8-1]: all modes that this terminal has. Without a terminal of our own (-tt)
// there are none to tell.
void RemoteSession::ask_for_terminal(Channel& open) {
  const std::optional<termios> modes = terminal_.modes();
  const std::vector<std::uint8_t> none = {0};  // TTY_OP_END
  const std::vector<std::uint8_t> encoded = modes ? encode_terminal_modes(*modes) : none;
  size_told_ = terminal_.size();
  msg::PtyReq request{.term = wish_.term};
  request.terminal_width_characters = size_told_.columns;
  request.terminal_height_rows = size_told_.rows;
  request.terminal_width_pixels = size_told_.width_pixels;
  request.terminal_height_pixels = size_told_.height_pixels;
  request.encoded_terminal_modes = encoded;
  log().debug1("channel {}: asking for a terminal of {} columns and {} rows", open.id(), size_told_.columns,
               size_told_.rows);
  unanswered_.push_back(msg::PtyReq::name);
  open.request(request, true);
  has_terminal_ = true;
}

// RFC 4254 section 6.7 [4254-6.7-1] [4254-6.7-2]: whenever it changes, and no answer is expected.
void RemoteSession::send_window_change() {
  Channel* const open = channel().get();
  const WindowSize size = terminal_.size();
  if (open == nullptr || !open->open() || open->close_sent() || !has_terminal_ || size == size_told_) return;
  size_told_ = size;
  open->request(msg::WindowChange{size.columns, size.rows, size.width_pixels, size.height_pixels}, false);
  hub()->wake();
}

// RFC 4254 section 6.4: no answer is asked for, because a server that refuses a variable is no reason to stop. Nor is
// one that is too long.
void RemoteSession::send_environment(Channel& open) const {
  for (const auto& [name, value, is_set] : wish_.environment) {
    log().debug1("channel {}: {} the environment variable {}", open.id(), is_set ? "setting" : "sending", name);
    if (name.size() + value.size() > longest_text) {
      log().info("The environment variable {} is not sent: it has {} bytes, {} is the most", printable(name),
                 name.size() + value.size(), longest_text);
      continue;
    }
    open.request(msg::Env{name, value}, false);
  }
}

// RFC 4254 section 6.5 [4254-6.5-5]: an answer is asked for; on(ChannelRequestAnswered) looks at it.
// RFC 4254 section 5.4 [4254-5.4-4]: it is asked for at once, without waiting for the answers to the requests before.
void RemoteSession::start_program(Channel& open) {
  if (wish_.subsystem) {
    log().debug1("Sending subsystem: {}", wish_.command);
    unanswered_.push_back(msg::Subsystem::name);
    open.request(msg::Subsystem{wish_.command}, true);
  } else if (wish_.command.empty()) {
    log().debug1("Asking for the login shell");
    unanswered_.push_back(msg::Shell::name);
    open.request(msg::Shell{}, true);
  } else {
    log().debug1("Sending command: {}", wish_.command);
    unanswered_.push_back(msg::Exec::name);
    open.request(msg::Exec{wish_.command}, true);
  }
}

void RemoteSession::connect_streams() {
  output_ = Sink::create(channel(), descriptor(std::move(streams_.output), Descriptor::Access::write));
  error_output_ = Sink::create(channel(), descriptor(std::move(streams_.errors), Descriptor::Access::write));
  // OpenSSH PROTOCOL section 2.1: our output has no reader any more, so the server's program should get a SIGPIPE.
  if (speaks_openssh_extensions(services_->connection.transport().peer_version())) {
    output_->on_broken = [channel = channel()] {
      Channel* const open = channel.get();
      if (open == nullptr || !open->open() || open->close_sent()) return;
      open->request(msg::Eow{}, false);
      channel.hub()->wake();
    };
  }
  if (streams_.input) {
    start_input(descriptor(std::move(streams_.input), Descriptor::Access::read));
  } else {
    channel().get()->send_eof();
  }
}

Descriptor RemoteSession::descriptor(Fd fd, Descriptor::Access access) const {
  return streams_.shared ? Descriptor::borrow(executor(), fd.get(), access)
                         : Descriptor::own(executor(), std::move(fd));
}

void RemoteSession::start_input(Descriptor input) {
  if (wish_.terminal && on_escape) {
    input_ = Source::start(channel(),
                           std::make_unique<TypedInput>(std::move(input), wish_.escape_char, on_escape, input_hold_));
  } else {
    input_ = Source::start(channel(), std::move(input));
  }
}

// RFC 4254 section 5.1 [4254-5.1-2] [4254-5.1-3]: the description is shown, without control characters.
void RemoteSession::on(const ChannelOpenRefused& event) {
  log().info("channel {}: open failed: {} (reason {})", event.channel, printable(event.description), event.reason);
  channel_gone_ = true;
  end();
}

void RemoteSession::on(const DataArrived& event) {
  if (event.extended_type == 0) {
    output_->write(event.data);
  } else if (event.extended_type == extended_data_type::standard_error) {
    error_output_->write(event.data);
  } else {
    services_->connection.channels()
        .at(event.channel)
        .consumed(event.data.size());  // a stream that RFC 4254 does not have
  }
}

void RemoteSession::on(const EofArrived&) {
  log().debug1("the program has no more output");
  output_->end();
  error_output_->end();
}

void RemoteSession::on(const CloseArrived& event) {
  log().debug1("channel {}: closed", event.channel);
  channel_gone_ = true;
  end();
}

void RemoteSession::end() {
  if (std::exchange(ended_, true)) return;
  if (input_) input_->stop();
  if (output_) output_->end();
  if (error_output_) error_output_->end();
  asio::co_spawn(executor(), finish(shared_from_this()), [](const std::exception_ptr&) {});
}

void RemoteSession::on(const ChannelRequested& event) {
  if (event.type == msg::ExitStatus::name) {
    const std::uint32_t status = decode<msg::ExitStatus>(event.details).exit_status;
    log().debug1("the program's exit status is {}", status);
    exit_status_ = static_cast<int>(status);
  } else if (event.type == msg::ExitSignal::name) {
    on_exit_signal(event.details);
  } else if (event.type == msg::Eow::name && input_) {
    log().debug1("the program reads no more input");
    input_->stop();
  } else {
    // RFC 4254 section 6.2 [4254-6.2-3], section 6.5 [4254-6.5-6]: a server starts nothing here. Section 6.8
    // [4254-6.8-1] [4254-6.8-2]: that ^S works over there changes nothing either, and is not answered.
    log().debug1("channel {}: the server asks for {}: refused", event.channel, printable(event.type));
  }
  // RFC 4254 section 6.10 [4254-6.10-2]: reports want no answer. What wants one, keepalive@openssh.com too, gets "no".
  if (event.want_reply) services_->connection.channels().at(event.channel).answer_request(false);
}

// RFC 4254 section 6.10 [4254-6.10-7]: the error message may be shown.
void RemoteSession::on_exit_signal(Bytes details) {
  const auto death = decode<msg::ExitSignal>(details);
  if (const std::string why = over_limit(death); !why.empty()) return log().error("refused {}", why);
  std::string text = fmt::format("The program was ended by signal {}", printable(death.signal_name));
  if (death.core_dumped) text += " (core dumped)";
  if (!death.error_message.empty()) text += fmt::format(": {}", printable(death.error_message));
  log().verbose("{}", text);
}

// Answers come in the order of the requests: Channel sees to that.
void RemoteSession::on(const ChannelRequestAnswered& event) {
  const std::string_view request = unanswered_.front();  // Channel counts: there is one
  unanswered_.pop_front();
  if (event.success) return;
  if (request == msg::PtyReq::name) return on_terminal_denied();
  // As ssh(1): the program may run without.
  if (request == msg::X11Req::name) return log().error("X11 forwarding request failed on channel {}", event.channel);
  log().fatal("{} request failed on channel {}", request, event.channel);
  services_->connection.channels().at(event.channel).close();
  end();
}

// As ssh(1): the program may run without a terminal, but not if the user asked for one.
void RemoteSession::on_terminal_denied() {
  log().error("PTY allocation request failed on channel {}", channel().id());
  has_terminal_ = false;
  watch_.reset();
  terminal_.leave_raw();
  if (!wish_.terminal_required) return;
  terminal_denied_ = true;
  channel().get()->close();
  end();
}

asio::awaitable<void> RemoteSession::flushed() { return finished_.wait(); }

asio::awaitable<void> RemoteSession::finish(std::shared_ptr<RemoteSession> self) {
  if (self->output_) co_await self->output_->drained();
  if (self->error_output_) co_await self->error_output_->drained();
  self->watch_.reset();
  self->terminal_.leave_raw();
  self->written_ = true;
  self->finished_.raise();
}

}  // namespace glassh
