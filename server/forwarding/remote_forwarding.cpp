#include "server/forwarding/remote_forwarding.h"

#include <algorithm>
#include <cstring>
#include <system_error>
#include <utility>

#include "channels/io/tcp_connector.h"
#include "channels/request_limits.h"
#include "proto/messages_forward.h"
#include "server/forwarding/forward_rules.h"

namespace glassh {

namespace {

// More listeners or connections than this, only a program that runs wild has.
constexpr std::size_t most_listeners = 1000;
constexpr std::size_t most_connections = 10'000;
constexpr std::uint32_t first_unprivileged_port = 1024;
constexpr int most_choices_of_a_port = 20;

// A name may have an address twice.
void add_new(std::vector<NetworkAddress>& addresses, const std::vector<NetworkAddress>& more) {
  for (const NetworkAddress& each : more) {
    const bool known = std::any_of(addresses.begin(), addresses.end(), [&](const NetworkAddress& other) {
      return other.size == each.size && std::memcmp(&other.bytes, &each.bytes, each.size) == 0;
    });
    if (!known) addresses.push_back(each);
  }
}

}  // namespace

RemoteForwarding::RemoteForwarding(std::shared_ptr<Hub> hub, Channels& channels, ChannelUsers& users,
                                   std::shared_ptr<const SessionContext> context)
    : hub_(std::move(hub)),
      channels_(channels),
      users_(users),
      context_(std::move(context)),
      lookup_(hub_->executor(), context_->slow) {}

bool RemoteForwarding::knows(std::string_view name) {
  return name == msg::TcpipForward::name || name == msg::CancelTcpipForward::name ||
         name == msg::StreamlocalForward::name || name == msg::CancelStreamlocalForward::name;
}

asio::awaitable<ForwardAnswer> RemoteForwarding::on(const GlobalRequested& request) {
  if (request.name == msg::TcpipForward::name) {
    const auto wanted = decode<msg::TcpipForward>(request.details);
    if (!takes(wanted)) co_return ForwardAnswer{};
    std::string host(wanted.address_to_bind);
    co_return co_await listen_tcp(std::move(host), wanted.port_number_to_bind, request.want_reply);
  }
  if (request.name == msg::CancelTcpipForward::name) {
    const auto wanted = decode<msg::CancelTcpipForward>(request.details);
    co_return ForwardAnswer{take(wanted.address_to_bind, wanted.port_number_to_bind, "") != nullptr};
  }
  if (request.name == msg::StreamlocalForward::name) {
    const auto wanted = decode<msg::StreamlocalForward>(request.details);
    if (!takes(wanted)) co_return ForwardAnswer{};
    std::string path(wanted.socket_path);
    co_return co_await listen_socket(std::move(path));
  }
  std::string path(decode<msg::CancelStreamlocalForward>(request.details).socket_path);
  co_return co_await cancel_socket(std::move(path));
}

// A string that is accepted here is repeated in each channel's open.
template <class Request>
bool RemoteForwarding::takes(const Request& request) const {
  const std::string why = over_limit(request);
  if (!why.empty()) context_->log.info("refused {}", why);
  return why.empty();
}

void RemoteForwarding::end() {
  lookup_.cancel();
  listeners_.clear();
}

// ---- TCP

bool RemoteForwarding::may_listen_tcp(const std::string& host, std::uint32_t port, bool want_reply) const {
  const SessionPermissions& permissions = context_->permissions;
  // RFC 4254 section 7.1 [4254-7.1-2]: ports below 1024 are for privileged users.
  const bool privileged = port != 0 && port < first_unprivileged_port && context_->account.uid != 0;
  // The client could not learn which port was chosen.
  const bool for_nobody = port == 0 && !want_reply;
  if (!permissions.tcp.listen || !is_port(port) || has_nul(host) || privileged || for_nobody || too_many()) {
    context_->log.verbose("remote forward of {} port {} refused", escaped(host), port);
    return false;
  }
  if (permissions.may_listen(host, static_cast<std::uint16_t>(port))) return true;
  const PeerAddresses& peer = context_->addresses;
  context_->log.info(
      "Received request from {} port {} to remote forward to host {} port {}, but the request was denied.",
      peer.remote_host, peer.remote_port, escaped(host), port);
  return false;
}

bool RemoteForwarding::too_many() const { return listeners_.size() >= most_listeners; }

asio::awaitable<ForwardAnswer> RemoteForwarding::listen_tcp(std::string host, std::uint32_t port, bool want_reply) {
  if (!may_listen_tcp(host, port, want_reply)) co_return ForwardAnswer{};
  const AddressFamily family = context_->config->address_family;
  std::vector<NetworkAddress> addresses;
  for (const std::string& each : hosts_to_bind(host, context_->config->gateway_ports, family)) {
    const LookupResult found = co_await lookup_.find(each, static_cast<std::uint16_t>(port), family_number(family));
    if (hub_->over()) co_return ForwardAnswer{};
    if (!found.problem.empty()) {
      context_->log.print(context_->failure_level(), "remote forward of {} port {}: {}", escaped(each), port,
                          found.problem);
    }
    add_new(addresses, found.addresses);
  }
  const auto listener = listen_at_each(host, static_cast<std::uint16_t>(port), addresses);
  if (listener->acceptors.empty()) {
    context_->log.print(context_->failure_level(), "cannot listen to port: {}", port);
    co_return ForwardAnswer{};
  }
  listeners_.push_back(listener);
  ForwardAnswer answer{true};
  // RFC 4254 section 7.1 [4254-7.1-4]: the port is told if we chose it, and nothing is told otherwise.
  if (port == 0) answer.details = encode(msg::TcpipForwardReply{listener->port});
  co_return answer;
}

// One address that works is enough. A port that the system chooses is the same for all. It is free at the first
// address; where another program has it at the next one, another port is chosen, or the user's connections would go to
// that program. The listener listens nowhere if there is no such port.
std::shared_ptr<RemoteForwarding::Listener> RemoteForwarding::listen_at_each(
    const std::string& host, std::uint16_t port, const std::vector<NetworkAddress>& addresses) {
  for (int attempts = 0; attempts < most_choices_of_a_port; ++attempts) {
    const auto listener = std::make_shared<Listener>(Listener{host, port, ""});
    bool taken = false;
    for (NetworkAddress address : addresses) {
      address.set_port(listener->port);
      if (bind(*listener, address) == std::errc::address_in_use) taken = true;
    }
    if (port != 0 || !taken) return listener;
  }
  return std::make_shared<Listener>(Listener{host, port, ""});
}

std::error_code RemoteForwarding::bind(Listener& listener, const NetworkAddress& address) {
  try {
    Fd socket = listen_at(address);
    const std::uint16_t port = own_endpoint(socket.get()).port;
    listener.acceptors.push_back(accept_at(listener, std::move(socket)));
    listener.port = port;
    context_->log.debug("Remote forwarding listening on {} port {}.", address.host(), port);
    return {};
  } catch (const std::system_error& error) {
    context_->log.verbose("remote forward of {} port {}: {}", address.host(), listener.port, error.what());
    return error.code();
  }
}

// ---- Unix sockets

asio::awaitable<ForwardAnswer> RemoteForwarding::listen_socket(std::string path) {
  const Log& log = context_->log;
  if (!context_->permissions.sockets.listen || too_many()) {
    log.verbose("remote forward of {} refused", escaped(path));
    co_return ForwardAnswer{};
  }
  // A client that has left does not wait for it: then the name goes with the call's result.
  const auto bind = [at = absolute_socket_path(path), config = context_->config, slow = context_->slow] {
    PrivateSocket socket = PrivateSocket::at(at, config->stream_local_bind_mask, config->stream_local_bind_unlink);
    return std::make_unique<SocketName>(slow, std::move(socket));
  };
  try {
    std::unique_ptr<SocketName> name = co_await call_slowly(context_->slow, SlowKind::sockets, bind);
    if (hub_->over()) co_return ForwardAnswer{};
    auto listener = std::make_shared<Listener>(Listener{"", 0, path});
    listener->name = std::move(name);
    listener->acceptors.push_back(accept_at(*listener, listener->name->release_descriptor()));
    listeners_.push_back(std::move(listener));
    co_return ForwardAnswer{true};
  } catch (const std::system_error& error) {
    log.print(context_->failure_level(), "unix_listener: cannot bind to path {}: {}", escaped(path),
              error.code().message());
    co_return ForwardAnswer{};
  }
}

// The path is free when the client has the answer.
asio::awaitable<ForwardAnswer> RemoteForwarding::cancel_socket(std::string path) {
  const std::shared_ptr<Listener> listener = take("", 0, path);
  if (listener == nullptr) co_return ForwardAnswer{};
  listener->acceptors.clear();
  try {
    co_await listener->name->remove();
  } catch (const std::system_error& error) {
    context_->log.print(context_->failure_level(), "cannot remove {} now: {}", escaped(path), error.code().message());
  }
  co_return ForwardAnswer{true};
}

SocketName::SocketName(std::shared_ptr<SlowCaller> slow, PrivateSocket socket)
    : slow_(slow != nullptr ? std::move(slow) : std::make_shared<SlowCaller>("", "")),
      socket_(std::make_shared<PrivateSocket>(std::move(socket))) {}

SocketName::~SocketName() {
  // Else it is being removed, or was.
  if (socket_.use_count() > 1 || socket_->path().empty()) return;
  slow_->forget(SlowKind::sockets, [socket = std::move(socket_)] { socket->remove(); });
}

asio::awaitable<void> SocketName::remove() {
  const auto remove = [socket = socket_] {
    socket->remove();
    return true;
  };
  co_await call_slowly(slow_, SlowKind::sockets, remove);
}

// ---- both

std::shared_ptr<RemoteForwarding::Listener> RemoteForwarding::take(std::string_view host, std::uint32_t port,
                                                                   std::string_view path) {
  const auto found = std::find_if(listeners_.begin(), listeners_.end(), [&](const auto& listener) {
    return listener->path == path && listener->host == host && listener->port == port;
  });
  if (found == listeners_.end()) return nullptr;
  const std::shared_ptr<Listener> listener = *found;
  listeners_.erase(found);
  return listener;
}

std::shared_ptr<Acceptor> RemoteForwarding::accept_at(const Listener& listener, Fd socket) {
  const auto take = [weak = weak_from_this(), which = &listener](Fd peer) {
    const auto self = weak.lock();
    if (self) self->open_channel(*which, std::move(peer));
  };
  const auto failed = [log = &context_->log](int error) { log->error("accept: {}", std::strerror(error)); };
  return Acceptor::start(hub_, std::move(socket), take, failed);
}

// RFC 4254 section 7.2: the client learns which of its forwardings this is, and who connected.
void RemoteForwarding::open_channel(const Listener& listener, Fd peer) {
  if (channels_.count() >= most_connections) {
    context_->log.info("a forwarded connection is refused, {} channels are open already", channels_.count());
    return;
  }
  std::uint32_t channel = 0;
  if (listener.path.empty()) {
    send_at_once(peer.get());
    const NetworkEndpoint from = peer_endpoint(peer.get());
    const auto details = encode(msg::ForwardedTcpip{listener.host, listener.port, from.host, from.port});
    channel = channels_.open(msg::ForwardedTcpip::name, details);
  } else {
    channel = channels_.open(msg::ForwardedStreamlocal::name, encode(msg::ForwardedStreamlocal{listener.path, {}}));
  }
  const auto refused = [log = &context_->log](const ChannelOpenRefused& event) {
    log->verbose("the client refuses a forwarded connection: {} (reason {})", escaped(event.description), event.reason);
  };
  users_.add(ForwardedStream::open(hub_->channel(channels_, channel), std::move(peer), refused));
  hub_->wake();
}

}  // namespace glassh
