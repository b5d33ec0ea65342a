#include "server/forwarding/agent_forwarding.h"

#include <cstring>

#include <fmt/format.h>
#include <unistd.h>

#include "proto/messages_session.h"

namespace glassh {

namespace {

// At once. A login opens one for a moment; this many only a program that runs wild has.
constexpr std::size_t most_connections = 100;

}  // namespace

std::shared_ptr<AgentForwarding> AgentForwarding::create(std::shared_ptr<Hub> hub, Channels& channels,
                                                         ChannelUsers& users, const Log& log) {
  auto forwarding = std::make_shared<AgentForwarding>(std::move(hub), channels, users, log);
  forwarding->listen();
  return forwarding;
}

AgentForwarding::AgentForwarding(std::shared_ptr<Hub> hub, Channels& channels, ChannelUsers& users, const Log& log)
    : hub_(std::move(hub)),
      channels_(channels),
      users_(users),
      log_(log),
      socket_(PrivateSocket::in_new_directory("ssh-", fmt::format("agent.{}", ::getpid()))) {}

void AgentForwarding::listen() {
  const auto take = [weak = weak_from_this()](Fd peer) {
    if (const auto self = weak.lock()) self->take(std::move(peer));
  };
  const auto failed = [log = &log_](int error) { log->error("agent forwarding: accept: {}", std::strerror(error)); };
  acceptor_ = Acceptor::start(hub_, socket_.release_descriptor(), take, failed);
}

void AgentForwarding::take(Fd peer) {
  // Known attack 94 (conformance/known_attacks): other users reached an agent's socket. The directory keeps them out;
  // if it fails to, this check does.
  const auto user = peer_user_id(peer.get());
  if (!user || (*user != 0 && *user != ::geteuid())) {
    log_.info("agent forwarding: a connection of user {} is refused", user ? std::to_string(*user) : "unknown");
    return;
  }
  std::erase_if(streams_, [](const auto& stream) { return stream.expired(); });
  if (streams_.size() >= most_connections) {
    log_.info("agent forwarding: a connection is refused, {} are open already", most_connections);
    return;
  }
  open_channel(std::move(peer));
}

void AgentForwarding::open_channel(Fd peer) {
  const ChannelRef channel = hub_->channel(channels_, channels_.open(msg::AuthAgentOpen::name));
  const auto refused = [weak = weak_from_this()](const ChannelOpenRefused& event) {
    const auto self = weak.lock();
    if (!self) return;
    self->log_.verbose("agent forwarding: the client refuses the channel: {} (reason {})", escaped(event.description),
                       event.reason);
  };
  const auto stream = ForwardedStream::open(channel, std::move(peer), refused);
  streams_.push_back(stream);
  users_.add(stream);
  hub_->wake();
}

}  // namespace glassh
