// AgentForwarding makes the client's agent available on this machine: it listens on a socket, and each connection to it
// becomes a channel to the client.
//
// RFC 9987, by the names auth-agent-req@openssh.com and auth-agent@openssh.com. Lives from a session's request to the
// end of the connection. Job: listen, check the peer's user, open a channel. The socket stands in a directory of mode
// 0700 and accepts only the session's user and root. The agent's messages are not looked at. Whether forwarding is
// permitted is decided before (server/login/session_permissions.h).
//
//   const auto forwarding = AgentForwarding::create(hub, core.channels(), users, log);  forwarding->socket_path() …
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "channels/io/acceptor.h"
#include "channels/io/forwarded_stream.h"
#include "channels/io/private_socket.h"
#include "server/log.h"

namespace glassh {

class AgentForwarding : public std::enable_shared_from_this<AgentForwarding> {
 public:
  // Makes the socket and listens. Throws std::system_error. `channels`, `users` and `log` must outlive it.
  static std::shared_ptr<AgentForwarding> create(std::shared_ptr<Hub> hub, Channels& channels, ChannelUsers& users,
                                                 const Log& log);
  AgentForwarding(std::shared_ptr<Hub> hub, Channels& channels, ChannelUsers& users,
                  const Log& log);  // create() is meant

  const std::string& socket_path() const { return socket_.path(); }

 private:
  void listen();
  void take(Fd peer);
  void open_channel(Fd peer);

  std::shared_ptr<Hub> hub_;
  Channels& channels_;
  ChannelUsers& users_;
  const Log& log_;
  PrivateSocket socket_;
  std::shared_ptr<Acceptor> acceptor_;
  std::vector<std::weak_ptr<ForwardedStream>> streams_;  // some of them may be gone
};

}  // namespace glassh
