// ForwardedAgent makes our agent available to the server's programs: ForwardAgent, -A and -a.
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
  // `path` is the agent's socket; nullopt if no agent is forwarded. `missing` is the log level of the message that
  // there is no agent at `path`. The references must outlive this object. The connection may already be over.
  ForwardedAgent(ClientConnection& connection, std::shared_ptr<Hub> hub, ChannelUsers& users,
                 std::optional<std::string> path, LogLevel missing, ClientLog& log);

  // To be called if the server's identity is not proved (HostKeyCheck::unsafe()): the agent is not forwarded, and the
  // user is told.
  void forbid();
  // On a session's channel, before its program starts: asks the server to make our agent available. Does nothing if it
  // is not to be forwarded, or if there is no agent.
  void offer(Channel& session);
  // The server opens a channel. Returns true, and answers it, if it is for the agent that was offered.
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
