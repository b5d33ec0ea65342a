// AgentServer serves an agent on a listening socket: a coroutine for each connection, and a timer for keys that expire.
//
// Lives as long as the program glassh-agent. Job: accept, read requests, ask the user for confirmations, write answers.
// auth/agent.h decides what a request may do. A peer must be this user or root: known attack 94
// (conformance/known_attacks) is an agent's socket that others could reach. Requests of one connection are answered in
// their order. A request that waits for a person does not delay other connections, but only one question is asked at a
// time.
//
//   AgentServer server(executor, std::move(listener), agent, asker, log);  co_await server.run();
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/steady_timer.hpp>

#include "auth/agent.h"
#include "auth/agent_frame.h"
#include "channels/io/descriptor.h"
#include "client/terminal/asker.h"

namespace glassh {

class AgentServer {
 public:
  using Log = std::function<void(const std::string&)>;

  // `agent` and `asker` must outlive it. `executor`'s context must not run any more when it dies. `listener` is a
  // non-blocking socket that listens. `log` may be empty.
  AgentServer(const asio::any_io_executor& executor, Fd listener, Agent& agent, const Asker& asker, Log log);

  // Accepts connections and does not return. Throws std::system_error if the socket fails.
  asio::awaitable<void> run();

  // The clock for the lifetimes of keys. It also runs while the machine sleeps.
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
  bool asking_ = false;                             // a question to the user is open
  std::deque<asio::steady_timer*> waiting_to_ask_;  // each is cancelled when its turn comes
};

}  // namespace glassh
