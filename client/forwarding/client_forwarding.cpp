#include "client/forwarding/client_forwarding.h"

#include <algorithm>
#include <cstring>
#include <system_error>
#include <utility>

#include <sys/socket.h>

#include "channels/io/forwarded_stream.h"
#include "channels/request_limits.h"
#include "client/config/forward_spec.h"
#include "client/forwarding/socks_channel.h"
#include "proto/messages_forward.h"
#include "proto/numbers.h"

namespace glassh {

namespace {

std::string bound_text(std::string_view host, std::uint16_t port) { return fmt::format("[{}]:{}", host, port); }

// "localhost:80", or the path; what ssh(1) says of a remote forward that SOCKS decides about.
std::string target_text(const Forward& forward) {
  if (!forward.connect) return "socks:0";
  if (!forward.connect->path.empty()) return forward.connect->path;
  return fmt::format("{}:{}", forward.connect->host, forward.connect->port);
}

// ssh(1): loopback unless an address or GatewayPorts says otherwise, whatever the name "localhost" stands for here.
std::vector<std::string> hosts_to_bind(const std::string& written, const ClientConfig& config) {
  const bool everywhere = written == "*" || (written.empty() && config.gateway_ports);
  const bool loopback = written.empty() || written == "localhost";
  if (!everywhere && !loopback) return {written};
  std::vector<std::string> hosts;
  if (config.address_family != AddressFamily::inet) hosts.push_back(everywhere ? "::" : "::1");
  if (config.address_family != AddressFamily::inet6) hosts.push_back(everywhere ? "0.0.0.0" : "127.0.0.1");
  return hosts;
}

int family_number(AddressFamily family) {
  return family == AddressFamily::inet ? AF_INET : family == AddressFamily::inet6 ? AF_INET6 : AF_UNSPEC;
}

// RFC 4254 section 7.1: "" is every address, "localhost" loopback.
std::string_view address_to_bind(const ForwardEndpoint& listen) {
  return listen.host.empty() ? "localhost" : listen.host == "*" ? "" : std::string_view(listen.host);
}

// "listen port 8080", or "listen path /tmp/s".
std::string listening_text(const ForwardEndpoint& listen) {
  return listen.path.empty() ? fmt::format("listen port {}", listen.port) : "listen path " + listen.path;
}

}  // namespace

ClientForwarding::ClientForwarding(ClientConnection& connection, std::shared_ptr<Hub> hub, ChannelUsers& users,
                                   const ClientConfig& config, ClientLog& log)
    : connection_(connection), hub_(std::move(hub)), users_(users), config_(config), log_(log) {}

bool ClientForwarding::start() {
  const bool anything = !config_.forwards.empty() || config_.stdio_forward;
  if (forbidden_ && anything) {
    log_.error("Port forwarding is disabled to avoid man-in-the-middle attacks.");
    if (config_.exit_on_forward_failure) log_.fatal("Error: forwarding disabled due to host key check failure");
    return !config_.exit_on_forward_failure;
  }
  bool all = true;
  for (const Forward& forward : config_.forwards) {
    if (forward.kind == Forward::Kind::remote) {
      ask(forward, true);
    } else {
      all = add(forward) && all;
    }
  }
  if (!all) log_.error("Could not request local forwarding.");
  return all || !config_.exit_on_forward_failure;
}

bool ClientForwarding::add(const Forward& forward) {
  if (forward.kind == Forward::Kind::remote) {
    ask(forward, false);
    return true;
  }
  Local& local = locals_.emplace_back(Local{forward});
  listen(local);
  if (!local.acceptors.empty()) return true;
  locals_.pop_back();
  return false;
}

bool ClientForwarding::cancel(Forward::Kind kind, const ForwardEndpoint& listen) {
  if (kind == Forward::Kind::remote) {
    const auto found = std::find_if(remotes_.begin(), remotes_.end(), [&](const Remote& each) {
      const bool chosen = each.forward.listen.port == 0 && each.forward.listen.host == listen.host &&
                          listen.path.empty() && each.port == listen.port && each.port != 0;
      return each.stage == Remote::Stage::open && (each.forward.listen == listen || chosen);
    });
    return found != remotes_.end() && cancel_remote(*found);
  }
  const auto found = std::find_if(locals_.begin(), locals_.end(), [&](const Local& each) {
    return each.forward.kind == kind && each.forward.listen == listen;
  });
  if (found == locals_.end()) return false;
  locals_.erase(found);
  return true;
}

std::vector<std::string> ClientForwarding::list() const {
  std::vector<std::string> lines;
  for (const Local& each : locals_) {
    const bool dynamic = each.forward.kind == Forward::Kind::dynamic;
    lines.push_back(fmt::format("{} forward {} -> {}", dynamic ? "dynamic" : "local", listen_text(each.forward),
                                dynamic ? "*" : connect_text(each.forward)));
  }
  for (const Remote& each : remotes_) {
    Forward forward = each.forward;
    if (forward.listen.path.empty()) forward.listen.port = each.port;
    lines.push_back(fmt::format("remote forward {} -> {}", listen_text(forward), connect_text(forward)));
  }
  return lines;
}

void ClientForwarding::end() {
  locals_.clear();
  remotes_.clear();
}

// ----------------------------------------------------------------------------------------------------------------
// what listens here

void ClientForwarding::listen(Local& local) {
  const std::string& path = local.forward.listen.path;
  if (path.empty()) return listen_tcp(local);
  try {
    local.name = PrivateSocket::at(path, config_.stream_local_bind_mask, config_.stream_local_bind_unlink);
    accept_at(local, local.name.release_descriptor());
    log_.debug1("Local forwarding listening on path {}.", path);
  } catch (const std::system_error& error) {
    log_.error("unix_listener: cannot bind to path {}: {}", printable(path), error.code().message());
  }
}

// One address that works is enough. The log tells that another one is taken; it does not tell that there is no IPv6.
void ClientForwarding::listen_tcp(Local& local) {
  const ForwardEndpoint& listen = local.forward.listen;
  std::vector<std::pair<bool, std::string>> problems;  // whether it is worth telling in any case
  for (const std::string& host : hosts_to_bind(listen.host, config_)) {
    const LookupResult found = look_up_here(host, listen.port, family_number(config_.address_family));
    if (!found.problem.empty()) problems.emplace_back(true, fmt::format("{}: {}", printable(host), found.problem));
    for (const NetworkAddress& address : found.addresses) {
      try {
        accept_at(local, listen_at(address));
        log_.debug1("Local forwarding listening on {} port {}.", address.host(), listen.port);
      } catch (const std::system_error& error) {
        const bool serious = error.code().value() != EADDRNOTAVAIL && error.code().value() != EAFNOSUPPORT;
        problems.emplace_back(
            serious, fmt::format("bind {}: {}", bound_text(address.host(), listen.port), error.code().message()));
      }
    }
  }
  const bool none = local.acceptors.empty();
  for (const auto& [serious, text] : problems) log_.line(serious || none ? LogLevel::error : LogLevel::verbose, text);
  if (none) log_.error("channel_setup_fwd_listener_tcpip: cannot listen to port: {}", listen.port);
}

void ClientForwarding::accept_at(Local& local, Fd socket) {
  const auto take = [weak = weak_from_this(), forward = local.forward](Fd peer) {
    if (const auto self = weak.lock()) self->accepted(forward, std::move(peer));
  };
  const auto failed = [weak = weak_from_this()](int error) {
    if (const auto self = weak.lock()) self->log_.error("accept: {}", std::strerror(error));
  };
  local.acceptors.push_back(Acceptor::start(hub_, std::move(socket), take, failed));
}

void ClientForwarding::accepted(const Forward& forward, Fd peer) {
  ForwardOriginator originator;
  if (const NetworkEndpoint from = peer_endpoint(peer.get()); !from.host.empty()) {
    originator = {from.host, from.port};
    send_at_once(peer.get());
  }
  Channels& channels = connection_.channels();
  if (!forward.connect) {
    log_.debug1("Connection to {} for dynamic forwarding.", listen_text(forward));
    hub_->spawn(accept_socks(hub_, channels, users_, std::move(peer), std::move(originator), log_));
    return;
  }
  log_.debug1("Connection to {} forwarding to {} requested.", listen_text(forward), connect_text(forward));
  const std::uint32_t channel = open_forward_channel(channels, *forward.connect, originator);
  const auto refused = [weak = weak_from_this()](const ChannelOpenRefused& event) {
    if (const auto self = weak.lock()) {
      self->log_.info("channel {}: open failed: {}", event.channel, refusal_text(event));
    }
  };
  users_.add(ForwardedStream::open(hub_->channel(channels, channel), std::move(peer), refused));
  hub_->wake();
}

// ----------------------------------------------------------------------------------------------------------------
// what listens at the server

// RFC 4254 section 7.1. Past vulnerability 95: many requests may be under way, and each answer finds its own.
void ClientForwarding::ask(const Forward& forward, bool from_start) {
  const ForwardEndpoint& listen = forward.listen;
  Remote remote{forward};
  remote.from_start = from_start;
  remote.port = listen.port;
  if (!listen.path.empty()) {
    remote.request = connection_.channels().send_global(msg::StreamlocalForward::name, true,
                                                        encode(msg::StreamlocalForward{listen.path}));
  } else {
    remote.request = connection_.channels().send_global(
        msg::TcpipForward::name, true, encode(msg::TcpipForward{address_to_bind(listen), listen.port}));
  }
  remotes_.push_back(std::move(remote));
  hub_->wake();
}

// RFC 4254 section 7.1 [4254-7.1-6]: channels may still come until the server has answered, so it stays until then.
bool ClientForwarding::cancel_remote(Remote& remote) {
  const ForwardEndpoint& listen = remote.forward.listen;
  remote.stage = Remote::Stage::cancelling;
  if (!listen.path.empty()) {
    remote.request = connection_.channels().send_global(msg::CancelStreamlocalForward::name, true,
                                                        encode(msg::CancelStreamlocalForward{listen.path}));
  } else {
    remote.request = connection_.channels().send_global(
        msg::CancelTcpipForward::name, true, encode(msg::CancelTcpipForward{address_to_bind(listen), remote.port}));
  }
  hub_->wake();
  return true;
}

// RFC 4254 section 4 [4254-4-3] [4254-4-5]: answers come in the order of the requests. Those of others, like
// keepalives, are among them.
void ClientForwarding::on(const GlobalRequestAnswered& event) {
  const auto found = std::find_if(remotes_.begin(), remotes_.end(), [&](const Remote& each) {
    return each.stage != Remote::Stage::open && each.request == event.request;
  });
  if (found == remotes_.end()) return;
  if (found->stage == Remote::Stage::asked) return on_asked(found, event);
  if (!event.success) log_.error("the server does not cancel the forward of {}", listening_text(found->forward.listen));
  remotes_.erase(found);
}

void ClientForwarding::on_asked(std::list<Remote>::iterator remote, const GlobalRequestAnswered& event) {
  if (event.success) granted(*remote, event.details);
  const bool useless = !event.success || remote->stage != Remote::Stage::open;
  if (useless) {
    const Remote lost = *remote;
    remotes_.erase(remote);
    refused(lost);
  }
  if (settled()) settle();
}

// RFC 4254 section 7.1 [4254-7.1-4]: the answer has a port only if we left the choice to the server.
void ClientForwarding::granted(Remote& remote, Bytes details) {
  const ForwardEndpoint& listen = remote.forward.listen;
  if (listen.path.empty() && listen.port == 0) {
    const std::uint32_t port = decode<msg::TcpipForwardReply>(details).port_that_was_bound;
    if (port == 0 || port > 65535) {
      log_.error("Invalid allocated port {} for remote forward to {}", port, target_text(remote.forward));
      return;
    }
    remote.port = static_cast<std::uint16_t>(port);
    log_.info("Allocated port {} for remote forward to {}", port, target_text(remote.forward));
  }
  remote.stage = Remote::Stage::open;
  log_.debug1("remote forward success for: {}, connect {}", listening_text(listen), target_text(remote.forward));
}

void ClientForwarding::refused(const Remote& remote) {
  const bool ends = remote.from_start && config_.exit_on_forward_failure;
  const std::string what = "remote port forwarding failed for " + listening_text(remote.forward.listen);
  if (!ends) return log_.info("Warning: {}", what);
  log_.fatal("Error: {}", what);
  when_settled_.clear();  // -f waits for this, and must not go to the background now
  if (on_failure) on_failure();
}

bool ClientForwarding::settled() const {
  return std::none_of(remotes_.begin(), remotes_.end(),
                      [](const Remote& each) { return each.from_start && each.stage == Remote::Stage::asked; });
}

void ClientForwarding::when_settled(std::function<void()> then) {
  when_settled_.push_back(std::move(then));
  if (settled()) settle();
}

void ClientForwarding::settle() {
  for (const auto& then : std::exchange(when_settled_, {})) then();
}

// ----------------------------------------------------------------------------------------------------------------
// channels from the server

// RFC 4254 section 7.2 [4254-7.2-1]: only what we asked for. The address is the one of our request, if the server
// keeps to the RFC; the port must be right in any case.
bool ClientForwarding::open(const ChannelOpenWanted& event) {
  const Remote* belongs = nullptr;
  if (event.type == msg::ForwardedTcpip::name) {
    const auto wanted = decode<msg::ForwardedTcpip>(event.details);
    if (const std::string why = over_limit(wanted); !why.empty()) return refuse_too_long(event.channel, why);
    for (const Remote& each : remotes_) {
      const bool right_port = each.forward.listen.path.empty() && each.port == wanted.port_that_was_connected;
      if (!right_port || each.port == 0) continue;
      if (belongs == nullptr) belongs = &each;
      if (address_to_bind(each.forward.listen) != wanted.address_that_was_connected) continue;
      belongs = &each;
      break;
    }
    if (belongs == nullptr) {
      log_.error("WARNING: Server requests forwarding for unknown listen_port {}", wanted.port_that_was_connected);
    }
  } else if (event.type == msg::ForwardedStreamlocal::name) {
    const auto wanted = decode<msg::ForwardedStreamlocal>(event.details);
    if (const std::string why = over_limit(wanted); !why.empty()) return refuse_too_long(event.channel, why);
    for (const Remote& each : remotes_) {
      if (!wanted.socket_path.empty() && each.forward.listen.path == wanted.socket_path) belongs = &each;
    }
    if (belongs == nullptr) {
      log_.error("WARNING: Server requests forwarding for unknown path {}", printable(wanted.socket_path));
    }
  } else {
    return false;
  }
  if (belongs == nullptr) {
    refuse_channel(event.channel);
  } else {
    accept_channel(event.channel, *belongs);
  }
  return true;
}

bool ClientForwarding::refuse_too_long(std::uint32_t channel, const std::string& why) {
  log_.error("refused {}", why);
  connection_.channels().refuse_open(channel, open_failure_reason::administratively_prohibited, why);
  return true;
}

void ClientForwarding::refuse_channel(std::uint32_t channel) {
  connection_.channels().refuse_open(channel, open_failure_reason::administratively_prohibited, "not asked for");
}

void ClientForwarding::accept_channel(std::uint32_t id, const Remote& remote) {
  const ChannelRef channel = hub_->channel(connection_.channels(), id);
  if (!remote.forward.connect) {
    connection_.channels().accept_open(id);
    users_.add(std::make_shared<SocksChannel>(channel, users_, config_.permit_remote_open, log_));
    return;
  }
  hub_->spawn(connect(shared_from_this(), channel, *remote.forward.connect));
}

asio::awaitable<void> ClientForwarding::connect(std::shared_ptr<ClientForwarding> self, ChannelRef channel,
                                                ForwardEndpoint target) {
  if (!target.path.empty()) {
    std::string problem;
    Fd socket;
    try {
      socket = connect_to_socket(target.path);
    } catch (const std::system_error& error) {
      problem = error.code().message();
    }
    self->connected(channel, target, std::move(socket), problem);
    co_return;
  }
  TcpConnector connector(self->hub_->executor(), family_number(self->config_.address_family));
  Fd socket = co_await connector.connect(target.host, target.port);
  self->connected(channel, target, std::move(socket), connector.problem());
}

void ClientForwarding::connected(const ChannelRef& channel, const ForwardEndpoint& target, Fd socket,
                                 const std::string& problem) {
  if (channel.get() == nullptr) return;  // the connection has ended
  if (!socket) {
    const std::string where = target.path.empty() ? fmt::format("{} port {}", target.host, target.port) : target.path;
    log_.error("connect_to {}: {}", where, problem);
    connection_.channels().refuse_open(channel.id(), open_failure_reason::connect_failed, problem);
  } else {
    log_.debug1("channel {}: connected", channel.id());
    connection_.channels().accept_open(channel.id());
    users_.add(ForwardedStream::join(channel, std::move(socket)));
  }
  hub_->wake();
}

}  // namespace glassh
