#include "client/forwarding/forwarded_display.h"

#include <utility>

#include "channels/io/forwarded_stream.h"
#include "channels/request_limits.h"
#include "client/forwarding/xauth.h"
#include "proto/messages_forward.h"
#include "proto/messages_session.h"
#include "proto/numbers.h"

namespace glassh {

namespace {

// For an X server that lets its users in without one, or by another means: there it only has to be shown to us.
X11Cookie made_up_cookie(Rng& rng) {
  X11Cookie cookie{"MIT-MAGIC-COOKIE-1", SecretBytes(16)};
  rng.fill(cookie.data.reveal());
  return cookie;
}

}  // namespace

// One connection to the display, until it has shown the fake cookie; then a ForwardedStream takes over.
class ForwardedDisplay::Visitor : public ChannelUser {
 public:
  Visitor(ChannelRef channel, Fd display, std::shared_ptr<ForwardedDisplay> owner)
      : ChannelUser(std::move(channel)),
        display_(std::move(display)),
        owner_(std::move(owner)),
        setup_(owner_->cookies_->fake, owner_->cookies_->real) {}

  using ChannelUser::on;
  void on(const DataArrived& event) override;
  void on(const EofArrived&) override { leave(); }
  void on(const CloseArrived&) override { display_.close(); }
  void end() override { display_.close(); }

 private:
  void let_in(Bytes behind);
  void leave();

  Fd display_;
  std::shared_ptr<ForwardedDisplay> owner_;
  X11Setup setup_;
};

ForwardedDisplay::ForwardedDisplay(std::shared_ptr<Hub> hub, ChannelUsers& users, const ClientConfig& config,
                                   std::optional<std::string> display, Rng& rng, ClientLog& log)
    : hub_(std::move(hub)),
      users_(users),
      config_(config),
      wanted_(config.forward_x11),
      display_text_(std::move(display)),
      rng_(rng),
      log_(log) {}

// RFC 4254 section 11 [4254-11-1]: nothing is forwarded to a server whose host key has changed.
void ForwardedDisplay::forbid() {
  if (!wanted_) return;
  log_.error("X11 forwarding is disabled to avoid man-in-the-middle attacks.");
  wanted_ = false;
}

// ----------------------------------------------------------------------------------------------------------------
// a session asks for it

// The server names no session when it opens a channel, so all sessions have one display and one fake cookie.
bool ForwardedDisplay::offer(Channel& session) {
  if (!wanted_ || (!cookies_ && !find_display())) return false;
  log_.debug1("Requesting X11 forwarding with authentication spoofing.");
  // RFC 4254 section 6.3.1 [4254-6.3.1-4]: the cookie is sent in hexadecimal.
  const std::string hexadecimal = hex(cookies_->fake.data.reveal());
  session.request(msg::X11Req{.single_connection = false,
                              .x11_authentication_protocol = cookies_->fake.protocol,
                              .x11_authentication_cookie = {bytes_of(hexadecimal)},
                              .x11_screen_number = display_->screen},
                  true);
  return true;
}

bool ForwardedDisplay::find_display() {
  if (!display_text_) {
    log_.debug1("X11 forwarding requested but DISPLAY not set");
    return false;
  }
  display_ = X11Display::parse(*display_text_);
  if (!display_) {
    log_.info("DISPLAY \"{}\" invalid; disabling X11 forwarding", printable(*display_text_));
    return false;
  }
  std::optional<X11Cookie> real = find_cookie();
  if (!real) return false;
  // RFC 4254 section 6.3.1 [4254-6.3.1-1], RFC 4251 section 9.5.3 [4251-9.5.3-3]: a fake cookie for the server.
  X11Cookie fake = fake_x11_cookie(*real, rng_);
  cookies_.emplace(Cookies{std::move(fake), std::move(*real)});
  return true;
}

std::optional<X11Cookie> ForwardedDisplay::find_cookie() {
  const bool trusted = config_.forward_x11_trusted;
  const std::uint32_t timeout = config_.forward_x11_timeout_seconds;
  if (!trusted && timeout > 0) open_until_ = now() + std::chrono::seconds(timeout);
  std::optional<X11Cookie> cookie = find_x11_cookie({config_.xauth_location, *display_, trusted, timeout}, log_);
  if (cookie) return cookie;
  if (!trusted) {
    log_.error("Warning: untrusted X11 forwarding setup failed: xauth key data not generated");
    return std::nullopt;
  }
  log_.info("Warning: No xauth data; using fake authentication data for X11 forwarding.");
  return made_up_cookie(rng_);
}

// ----------------------------------------------------------------------------------------------------------------
// the server's programs connect

// RFC 4254 section 6.3.2 [4254-6.3.2-1]: every open is answered; [4254-6.3.2-2]: with no, unless we asked for it.
bool ForwardedDisplay::open(Channels& channels, const ChannelOpenWanted& event) {
  if (event.type != msg::X11Open::name) return false;
  const auto refuse = [&](std::uint32_t reason, std::string_view why) {
    channels.refuse_open(event.channel, reason, why);
    return true;
  };
  if (!cookies_) {
    log_.error("Warning: ssh server tried X11 forwarding.");
    log_.error("Warning: this is probably a break-in attempt by a malicious server.");
    return refuse(open_failure_reason::administratively_prohibited, "not asked for");
  }
  if (open_until_ && now() >= *open_until_) {
    log_.verbose("Rejected X11 connection after ForwardX11Timeout expired");
    return refuse(open_failure_reason::administratively_prohibited, "ForwardX11Timeout is over");
  }
  const auto details = decode<msg::X11Open>(event.details);
  if (const std::string why = over_limit(details); !why.empty()) {
    log_.error("refused {}", why);
    return refuse(open_failure_reason::administratively_prohibited, why);
  }
  log_.debug1("channel {}: {} port {} connects to the display", event.channel, printable(details.originator_address),
              details.originator_port);
  ++connecting_;
  hub_->spawn(connect(shared_from_this(), channels, hub_->channel(channels, event.channel)));
  return true;
}

asio::awaitable<void> ForwardedDisplay::connect(std::shared_ptr<ForwardedDisplay> self, Channels& channels,
                                                ChannelRef channel) {
  X11Connection display = co_await connect_to_display(self->hub_->executor(), *self->display_);
  --self->connecting_;
  if (channel.get() == nullptr) co_return;  // the server has gone
  if (display.socket) {
    channels.accept_open(channel.id());
    self->users_.add(std::make_shared<Visitor>(channel, std::move(display.socket), self));
  } else {
    self->log_.error("connect {}: {}", self->display_->text, display.problem);
    channels.refuse_open(channel.id(), open_failure_reason::connect_failed, "the display is not there");
    if (self->connecting_ == 0 && self->on_refused) self->on_refused();
  }
  self->hub_->wake();
}

// Nothing goes to the display before the whole setup is here and right.
void ForwardedDisplay::Visitor::on(const DataArrived& event) {
  Channel* const open = channel().get();
  if (open == nullptr) return;
  if (event.extended_type != 0) return open->consumed(event.data.size());
  const std::size_t taken = setup_.take(event.data);
  if (setup_.verdict() == X11Setup::Verdict::incomplete) return;
  if (setup_.verdict() == X11Setup::Verdict::accepted) return let_in(event.data.subspan(taken));
  owner_->log_.info("X11 connection rejected because of wrong authentication.");
  owner_->log_.debug1("channel {}: {}", channel().id(), setup_.why());
  leave();
}

// The bytes that take() kept are not consumed yet: the window gets them back when they are written.
void ForwardedDisplay::Visitor::let_in(Bytes behind) {
  const auto stream = ForwardedStream::join(channel(), std::move(display_));
  owner_->users_.add(stream);
  const Channel* const open = channel().get();
  if (open == nullptr || open->close_sent()) return;  // there was no descriptor to spare
  stream->on(DataArrived{channel().id(), setup_.bytes(), 0});
  if (!behind.empty()) stream->on(DataArrived{channel().id(), behind, 0});
}

void ForwardedDisplay::Visitor::leave() {
  display_.close();
  if (Channel* const open = channel().get()) open->close();
  channel().hub()->wake();
}

}  // namespace glassh
