// The agent's rim: a listening socket, a coroutine for each connection, and a timer for keys whose time ends.
//
// Who connects must be this user or root (past vulnerability 94). Requests of one connection are answered in their
// order; one that waits for a person holds up no other connection, but there is only one question at a time. Of what a
// request may do, auth/agent.h decides.
//
//   AgentServer server(executor, socket.number(), agent, asker, log);  co_await server.run();
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/steady_timer.hpp>

#include "auth/agent.h"
#include "auth/agent_frame.h"
#include "channels/io/descriptor.h"
#include "client/terminal/ask.h"

namespace glassh {

class AgentServer {
 public:
  using Log = std::function<void(const std::string&)>;

  // All must outlive it, and `executor`'s context must not run any more when it dies. `listener` is non-blocking;
  // `log` may be empty.
  AgentServer(const asio::any_io_executor& executor, Fd listener, Agent& agent, const Asker& asker, Log log);

  // Accepts for ever. Throws std::system_error if the socket fails.
  asio::awaitable<void> run();

  // The clock of keys' lifetimes, which goes on while the machine sleeps.
  static AgentTime now();

 private:
  asio::awaitable<void> serve(Fd socket);
  asio::awaitable<bool> serve_what_is_there(Descriptor& socket, AgentFrames& frames, AgentConnection& session);
  asio::awaitable<AgentReply> answer(AgentConnection& session, SecretBytes request);
  asio::awaitable<bool> confirm(std::string question);
  asio::awaitable<bool> send(Descriptor& socket, AgentReply reply);
  asio::awaitable<void> wait_until(AgentTime time);
  void watch_lifetimes();
  void log(const std::string& text) const;

  asio::any_io_executor executor_;
  Descriptor listener_;
  Agent& agent_;
  const Asker& asker_;
  Log log_;
  asio::steady_timer lifetime_timer_;
  bool asking_ = false;                             // somebody is being asked
  std::deque<asio::steady_timer*> waiting_to_ask_;  // cancelled when their turn comes
};

}  // namespace glassh
