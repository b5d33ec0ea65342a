#include "server/forwarding/x11_forwarding.h"

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channels/io/private_socket.h"
#include "channels/io/tcp_connector.h"
#include "proto/messages_forward.h"

namespace glassh {

namespace {

constexpr std::uint32_t first_port = 6000;
constexpr std::uint32_t displays_to_try = 1000;
constexpr std::uint32_t last_display = 65535 - first_port;
// At once. No more clients than this have an X server of their own.
constexpr std::size_t most_connections = 256;

// RFC 4251 section 9.5.3 [4251-9.5.3-2]: of this machine only, unless X11UseLocalhost says otherwise.
std::vector<NetworkAddress> addresses_of(const ServerConfig& config) {
  const bool local = config.x11_use_localhost;
  std::vector<NetworkAddress> out;
  const auto add = [&](const char* host, int family) {
    const auto found = look_up_at_once(host, 0, family);
    if (found) out.insert(out.end(), found->addresses.begin(), found->addresses.end());
  };
  if (config.address_family != AddressFamily::inet6) add(local ? "127.0.0.1" : "0.0.0.0", AF_INET);
  if (config.address_family != AddressFamily::inet) add(local ? "::1" : "::", AF_INET6);
  return out;
}

std::string own_host_name() {
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  return name;
}

}  // namespace

std::shared_ptr<X11Forwarding> X11Forwarding::create(std::shared_ptr<Hub> hub, Channels& channels, ChannelUsers& users,
                                                     const ServerConfig& config, X11Wish wish, const Log& log) {
  auto forwarding = std::make_shared<X11Forwarding>(std::move(hub), channels, users, std::move(wish), log);
  const std::vector<NetworkAddress> addresses = addresses_of(config);
  const std::uint64_t end = std::uint64_t{config.x11_display_offset} + displays_to_try;
  for (std::uint64_t number = config.x11_display_offset; number < end && number <= last_display; ++number) {
    if (forwarding->listen(config, addresses, static_cast<std::uint32_t>(number))) return forwarding;
  }
  throw std::system_error(EADDRINUSE, std::generic_category(),
                          fmt::format("no display from {} on is free", config.x11_display_offset));
}

X11Forwarding::X11Forwarding(std::shared_ptr<Hub> hub, Channels& channels, ChannelUsers& users, X11Wish wish,
                             const Log& log)
    : hub_(std::move(hub)), channels_(channels), users_(users), wish_(std::move(wish)), log_(log) {}

// Known attack 90 (conformance/known_attacks, CVE-2008-1483): if another program has the port of one family, programs
// that try that family first would show it their cookie and their windows. A family that this machine does not have is
// harmless.
bool X11Forwarding::listen(const ServerConfig& config, const std::vector<NetworkAddress>& addresses,
                           std::uint32_t number) {
  std::vector<std::shared_ptr<Acceptor>> acceptors;
  for (NetworkAddress address : addresses) {
    address.set_port(static_cast<std::uint16_t>(first_port + number));
    try {
      acceptors.push_back(accept_at(listen_at(address)));
    } catch (const std::system_error& error) {
      const int reason = error.code().value();
      if (reason == EAFNOSUPPORT || reason == EADDRNOTAVAIL) continue;
      if (reason != EADDRINUSE) throw;
      log_.debug("X11 forwarding: display {} is taken: {} port {}: {}", number, address.host(), address.port(),
                 error.what());
      return false;
    }
  }
  if (acceptors.empty()) return false;
  acceptors_ = std::move(acceptors);
  number_ = number;
  const std::string rest = fmt::format(":{}.{}", number, wish_.screen);
  display_ = (config.x11_use_localhost ? "localhost" : own_host_name()) + rest;
  authority_name_ = config.x11_use_localhost ? "unix" + rest : display_;
  return true;
}

// Known attack 90 (conformance/known_attacks, CVE-2016-3115) put commands for xauth(1) into the cookie. Here protocol
// and cookie were parsed (parse_x11_cookie), so each is one plain word.
std::string X11Forwarding::xauth_commands() const {
  return fmt::format("remove {0}\nadd {0} {1}", authority_name_, cookie_line());
}

std::string X11Forwarding::cookie_line() const {
  return fmt::format("{} {}\n", wish_.cookie.protocol, hex(wish_.cookie.data.reveal()));
}

void X11Forwarding::stop() { acceptors_.clear(); }

std::shared_ptr<Acceptor> X11Forwarding::accept_at(Fd socket) {
  const auto take = [weak = weak_from_this()](Fd peer) {
    if (const auto self = weak.lock()) self->take(std::move(peer));
  };
  const auto failed = [log = &log_](int error) { log->error("X11 forwarding: accept: {}", std::strerror(error)); };
  return Acceptor::start(hub_, std::move(socket), take, failed);
}

void X11Forwarding::take(Fd peer) {
  std::erase_if(streams_, [](const auto& stream) { return stream.expired(); });
  if (streams_.size() >= most_connections) {
    log_.info("X11 forwarding: a connection is refused, {} are open already", most_connections);
    return;
  }
  open_channel(std::move(peer));
  // RFC 4254 section 6.3.1 [4254-6.3.1-3]: that was the one.
  if (wish_.single_connection) stop();
}

// RFC 4254 section 6.3.2
void X11Forwarding::open_channel(Fd peer) {
  const NetworkEndpoint origin = peer_endpoint(peer.get());
  log_.debug("X11 connection requested. It comes from {} port {}", origin.host, origin.port);
  send_at_once(peer.get());
  const auto details = encode(msg::X11Open{origin.host, origin.port});
  const ChannelRef channel = hub_->channel(channels_, channels_.open(msg::X11Open::name, details));
  const auto refused = [weak = weak_from_this()](const ChannelOpenRefused& event) {
    const auto self = weak.lock();
    if (!self) return;
    self->log_.verbose("X11 forwarding: the client refuses the channel: {} (reason {})", escaped(event.description),
                       event.reason);
  };
  const auto stream = ForwardedStream::open(channel, std::move(peer), refused);
  streams_.push_back(stream);
  users_.add(stream);
  hub_->wake();
}

}  // namespace glassh
