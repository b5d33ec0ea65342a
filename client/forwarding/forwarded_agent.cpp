#include "client/forwarding/forwarded_agent.h"

#include <system_error>

#include "channels/io/private_socket.h"
#include "client/agent/agent_client.h"
#include "proto/messages_session.h"
#include "proto/numbers.h"

namespace glassh {

ForwardedAgent::ForwardedAgent(ClientConnection& connection, std::shared_ptr<Hub> hub, ChannelUsers& users,
                               std::optional<std::string> path, LogLevel missing, ClientLog& log)
    : connection_(connection),
      hub_(std::move(hub)),
      users_(users),
      path_(std::move(path)),
      missing_(missing),
      log_(log) {}

void ForwardedAgent::forbid() {
  if (!path_) return;
  log_.error("Agent forwarding is disabled to avoid man-in-the-middle attacks.");
  path_.reset();
}

void ForwardedAgent::offer(Channel& session) {
  if (!path_) return;
  try {
    connect_to_socket(*path_);
  } catch (const std::system_error& error) {
    log_.line(missing_, fmt::format("Cannot forward agent socket path \"{}\": {}", *path_, error.code().message()));
    return;
  }
  log_.debug1("Requesting authentication agent forwarding.");
  // Without an answer, as OpenSSH: a server that refuses is no reason to stop.
  session.request(msg::AuthAgentReq{}, false);
  offered_ = true;
}

bool ForwardedAgent::open(const ChannelOpenWanted& event) {
  if (event.type != msg::AuthAgentOpen::name || !offered_) return false;
  hub_->spawn(connect(shared_from_this(), hub_->channel(connection_.channels(), event.channel)));
  return true;
}

asio::awaitable<void> ForwardedAgent::connect(std::shared_ptr<ForwardedAgent> self, ChannelRef channel) {
  std::string problem;
  Fd socket;
  try {
    socket = connect_to_socket(*self->path_);
    // The agent answers one connection at a time, so this duplicate's answer is the only one under way.
    AgentClient agent(self->hub_->executor(), Fd::duplicate(socket.get()), *self->path_);
    const SessionProof& proof = self->connection_.transport().key_exchange().session_proof();
    const bool bound = co_await agent.bind_session(proof.host_key, proof.session_id, proof.signature, true);
    if (!bound) self->log_.debug1("the agent does not bind its connection to this server");
  } catch (const std::runtime_error& error) {
    problem = error.what();
  }
  if (channel.get() == nullptr) co_return;  // the server has gone, or given up
  if (problem.empty()) {
    self->connection_.channels().accept_open(channel.id());
    self->users_.add(ForwardedStream::join(channel, std::move(socket)));
    self->log_.debug1("channel {}: the server's program speaks to the agent", channel.id());
  } else {
    self->log_.error("the server asks for the agent: {}", problem);
    self->connection_.channels().refuse_open(channel.id(), open_failure_reason::connect_failed,
                                             "the agent is not there");
  }
  self->hub_->wake();
}

}  // namespace glassh
