// Our agent for the server's programs: ForwardAgent, -A and -a.
//
// Lives from the login to the end of the connection. Job: the agent of all sessions that ask for it.
// RFC 9987, by the names auth-agent-req@openssh.com and auth-agent@openssh.com; OpenSSH PROTOCOL.agent section 1. A
// channel is opened only if we asked for it; each is a connection of its own to the agent, which first learns by
// session-bind@openssh.com to which server it is forwarded. What goes through is not looked at.
//
//   forwarding.offer(session);  …  if (forwarding.open(event)) return;
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "channels/io/forwarded_stream.h"
#include "client/client_connection.h"
#include "client/client_log.h"

namespace glassh {

class ForwardedAgent : public std::enable_shared_from_this<ForwardedAgent> {
 public:
  // `path`: the agent's socket; nothing: it is not forwarded. `missing`: how loudly to say that there is no agent at
  // it. All must outlive this, but the hub may be over.
  ForwardedAgent(ClientConnection& connection, std::shared_ptr<Hub> hub, ChannelUsers& users,
                 std::optional<std::string> path, LogLevel missing, ClientLog& log);

  // The server may not be who it says (HostKeyCheck::unsafe()): it gets no agent, and the user is told.
  void forbid();
  // On a session's channel, before its program starts: asks the server to make our agent available. Does nothing if it
  // is not to be forwarded, or if there is no agent.
  void offer(Channel& session);
  // The server opens a channel of that type: true if it is ours to answer, which happens then.
  bool open(const ChannelOpenWanted& event);

 private:
  static asio::awaitable<void> connect(std::shared_ptr<ForwardedAgent> self, ChannelRef channel);

  ClientConnection& connection_;
  std::shared_ptr<Hub> hub_;
  ChannelUsers& users_;
  std::optional<std::string> path_;
  LogLevel missing_;
  ClientLog& log_;
  bool offered_ = false;  // by any session: the server names none when it opens a channel
};

}  // namespace glassh
