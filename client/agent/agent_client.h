// AgentClient is one connection to an agent's socket: it sends one request at a time and returns the answer
// (draft-miller-ssh-agent, OpenSSH PROTOCOL.agent).
//
// Lives as long as its owner needs the agent; the destructor closes the connection. Job: encode the requests, read the
// answers, and verify each signature before it is returned. A refusal by the agent is a value. AgentError is for an
// agent that is not there, hangs up, or sends something malformed. The agent's own side is client/agent/agent_server.h.
//
//   AgentClient agent = AgentClient::connect(executor, path);  for (const AgentKey& key : co_await agent.list()) …
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "auth/agent_requests.h"
#include "channels/io/descriptor.h"

namespace glassh {

class AgentError : public std::runtime_error {
 public:
  // `error` is the errno if the system refused the connection, and 0 if the agent misbehaves.
  AgentError(int error, const std::string& text) : std::runtime_error(text), error_(error) {}
  int error() const { return error_; }

 private:
  int error_;
};

class AgentClient {
 public:
  // Throws AgentError, whose text names the path.
  static AgentClient connect(const asio::any_io_executor& executor, const std::string& path);
  // Takes a connected socket; for tests. `name` appears in error texts.
  AgentClient(const asio::any_io_executor& executor, Fd socket, std::string name);

  // The caller must co_await one request before it makes the next one. All throw AgentError.
  asio::awaitable<std::vector<AgentKey>> list();
  // Returns a signature blob verified with the key of `credential` and made by exactly that algorithm; nullopt if the
  // agent refuses. Throws AgentError if the agent signed with another algorithm, or wrongly.
  asio::awaitable<std::optional<std::vector<std::uint8_t>>> sign(Credential credential, std::string algorithm,
                                                                 std::vector<std::uint8_t> data);
  asio::awaitable<bool> add(const PrivateKey& key, std::string comment, AgentKeyLimits limits);
  asio::awaitable<bool> remove(std::vector<std::uint8_t> key_blob);
  asio::awaitable<bool> remove_all();
  asio::awaitable<bool> lock(const SecretBytes& passphrase);
  asio::awaitable<bool> unlock(const SecretBytes& passphrase);
  // session-bind@openssh.com. Returns false if the agent does not know this request; the caller may go on then.
  asio::awaitable<bool> bind_session(std::vector<std::uint8_t> host_key, std::vector<std::uint8_t> session_id,
                                     std::vector<std::uint8_t> signature, bool is_forwarding);

  const std::string& name() const { return name_; }

 private:
  asio::awaitable<void> send(SecretBytes request);
  asio::awaitable<std::vector<std::uint8_t>> answer_to(SecretBytes request);
  asio::awaitable<bool> succeeds(SecretBytes request);

  std::string name_;
  Descriptor socket_;
  AgentFrames frames_;
};

}  // namespace glassh
