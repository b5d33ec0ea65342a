#include "server/forwarding/direct_forwarding.h"

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "channels/io/forwarded_stream.h"
#include "channels/io/private_socket.h"
#include "channels/request_limits.h"
#include "proto/messages_forward.h"
#include "server/forwarding/forward_rules.h"

namespace glassh {

namespace {
// OpenSSH's text for a refusal whose reason code says enough.
constexpr std::string_view open_failed = "open failed";

constexpr std::chrono::milliseconds pause_at_a_full_queue{20};
// If more wait, each pauses longer: the tries of a connection stay as many.
constexpr std::size_t waiting_without_longer_pause = 32;
constexpr std::chrono::seconds patience_with_a_full_queue{10};

// Connects `socket`. Returns the error, or no error if it is connected. The path may be one that hangs.
asio::awaitable<std::error_code> connect_now(std::shared_ptr<SlowCaller> slow, std::string path, Fd& socket) {
  const auto connect = [path] { return connect_to_socket(path); };
  try {
    socket = co_await call_slowly(slow, SlowKind::sockets, connect);
    co_return std::error_code();
  } catch (const std::system_error& error) {
    co_return error.code();
  }
}

}  // namespace

DirectForwarding::DirectForwarding(std::shared_ptr<Hub> hub, Channels& channels, ChannelUsers& users,
                                   std::shared_ptr<const SessionContext> context)
    : hub_(std::move(hub)), channels_(channels), users_(users), context_(std::move(context)) {}

bool DirectForwarding::knows(std::string_view channel_type) {
  return channel_type == msg::DirectTcpip::name || channel_type == msg::DirectStreamlocal::name;
}

void DirectForwarding::on(const ChannelOpenWanted& wanted) {
  if (wanted.type == msg::DirectTcpip::name) {
    open_tcp(wanted);
  } else {
    open_socket(wanted);
  }
}

void DirectForwarding::end() {
  for (const auto& connector : connecting_) connector->cancel();
}

// RFC 4254 section 7.2 [4254-7.2-3]: whether this client may reach that host is for our policy to say; [4254-7.2-2]: it
// need not have been announced.
void DirectForwarding::open_tcp(const ChannelOpenWanted& wanted) {
  const auto direct = decode<msg::DirectTcpip>(wanted.details);
  const Log& log = context_->log;
  if (const std::string why = over_limit(direct); !why.empty()) return refuse_too_long(wanted.channel, why);
  const std::string host(direct.host_to_connect);
  if (!context_->permissions.tcp.open) {
    log.info("refused local port forward: originator {} port {}, target {} port {}",
             escaped(direct.originator_IP_address), direct.originator_port, escaped(host), direct.port_to_connect);
    return refuse(wanted.channel, open_failure_reason::administratively_prohibited, open_failed);
  }
  if (!is_port(direct.port_to_connect) || has_nul(host)) {
    log.error("direct-tcpip to {} port {}: there is no such place", escaped(host), direct.port_to_connect);
    return refuse(wanted.channel, open_failure_reason::connect_failed, open_failed);
  }
  const auto port = static_cast<std::uint16_t>(direct.port_to_connect);
  if (!context_->permissions.may_open(host, port)) {
    log.info("Received request to connect to host {} port {}, but the request was denied.", escaped(host), port);
    return refuse(wanted.channel, open_failure_reason::administratively_prohibited, open_failed);
  }
  if (auto claim = claim_for(wanted)) {
    hub_->spawn(connect(shared_from_this(), hub_->channel(channels_, wanted.channel), host, port, std::move(*claim)));
  }
}

asio::awaitable<void> DirectForwarding::connect(std::shared_ptr<DirectForwarding> self, ChannelRef channel,
                                                std::string host, std::uint16_t port, DescriptorClaim claim) {
  const int family = family_number(self->context_->config->address_family);
  const auto connector = std::make_shared<TcpConnector>(self->hub_->executor(), family, self->context_->slow);
  self->connecting_.insert(connector);
  Fd socket = co_await connector->connect(host, port);
  self->connecting_.erase(connector);
  if (channel.get() == nullptr) co_return;  // the connection is gone
  if (!socket) {
    self->context_->log.print(self->context_->failure_level(), "connect_to {} port {}: failed. {}", escaped(host), port,
                              connector->problem());
    self->refuse_failed(channel.id(), connector->error(), connector->problem());
    co_return;
  }
  socket.stands_for(std::move(claim));
  self->accept(channel, std::move(socket));
}

// OpenSSH PROTOCOL section 2.4
void DirectForwarding::open_socket(const ChannelOpenWanted& wanted) {
  const auto direct = decode<msg::DirectStreamlocal>(wanted.details);
  if (const std::string why = over_limit(direct); !why.empty()) return refuse_too_long(wanted.channel, why);
  const std::string path = absolute_socket_path(direct.socket_path);
  if (!context_->permissions.sockets.open) {
    context_->log.info("refused streamlocal port forward: target {}", escaped(path));
    return refuse(wanted.channel, open_failure_reason::administratively_prohibited, open_failed);
  }
  if (!context_->permissions.may_open_socket()) {
    context_->log.info("Received request to connect to path {}, but the request was denied.", escaped(path));
    return refuse(wanted.channel, open_failure_reason::administratively_prohibited, open_failed);
  }
  if (auto claim = claim_for(wanted)) {
    hub_->spawn(connect_socket(shared_from_this(), hub_->channel(channels_, wanted.channel), path, std::move(*claim)));
  }
}

// If the listener's queue is full, connect(2) would block. No event tells when it has room again, so this tries again
// after a pause.
asio::awaitable<void> DirectForwarding::connect_socket(std::shared_ptr<DirectForwarding> self, ChannelRef channel,
                                                       std::string path, DescriptorClaim claim) {
  struct Waiting {
    explicit Waiting(std::size_t& all) : count(++all) {}
    ~Waiting() { --count; }
    std::size_t& count;
    const Holding timer{holdings().timers};
  };
  Fd socket;
  const std::shared_ptr<SlowCaller> slow = self->context_->slow;
  std::error_code error = co_await connect_now(slow, path, socket);
  if (error.value() == EAGAIN) {
    const Waiting waiting(self->waiting_for_queues_);
    asio::steady_timer timer(self->hub_->executor());
    const auto give_up = Hub::Clock::now() + patience_with_a_full_queue;
    while (error.value() == EAGAIN && Hub::Clock::now() < give_up) {
      timer.expires_after(pause_at_a_full_queue * (1 + waiting.count / waiting_without_longer_pause));
      co_await timer.async_wait(asio::use_awaitable);
      if (channel.get() == nullptr) co_return;  // the connection is gone
      error = co_await connect_now(slow, path, socket);
    }
  }
  if (channel.get() == nullptr) co_return;
  if (socket) {
    socket.stands_for(std::move(claim));
    self->accept(channel, std::move(socket));
  } else {
    self->context_->log.print(self->context_->failure_level(), "connect_to {}: failed. {}", escaped(path),
                              error.message());
    self->refuse_failed(channel.id(), error.value(), error.message());
  }
}

void DirectForwarding::accept(const ChannelRef& channel, Fd socket) {
  channels_.accept_open(channel.id());
  users_.add(ForwardedStream::join(channel, std::move(socket)));
  hub_->wake();
}

void DirectForwarding::refuse_too_long(std::uint32_t channel, const std::string& why) {
  context_->log.info("refused {}", why);
  refuse(channel, open_failure_reason::connect_failed, why);
}

std::optional<DescriptorClaim> DirectForwarding::claim_for(const ChannelOpenWanted& wanted) {
  auto claim = hub_->allowance().ask(1);
  if (!claim) refuse(wanted.channel, open_failure_reason::resource_shortage, out_of_descriptors_text);
  return claim;
}

void DirectForwarding::refuse_failed(std::uint32_t channel, int error, std::string_view why) {
  if (!out_of_descriptors(error)) return refuse(channel, open_failure_reason::connect_failed, why);
  hub_->allowance().on_refused();
  refuse(channel, open_failure_reason::resource_shortage, out_of_descriptors_text);
}

void DirectForwarding::refuse(std::uint32_t channel, std::uint32_t reason, std::string_view why) {
  channels_.refuse_open(channel, reason, why);
  hub_->wake();
}

}  // namespace glassh
