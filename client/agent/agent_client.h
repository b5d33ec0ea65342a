// An agent as its clients see it: one connection to its socket, one question at a time.
//
// draft-miller-ssh-agent, OpenSSH PROTOCOL.agent. What the agent refuses is a value; AgentError is for an agent that is
// not there, hangs up, or talks nonsense. What it signed is checked before anybody believes it.
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
  // `error`: the errno, if the system refused the connection; 0 for an agent that misbehaves.
  AgentError(int error, const std::string& text) : std::runtime_error(text), error_(error) {}
  int error() const { return error_; }

 private:
  int error_;
};

class AgentClient {
 public:
  // Throws AgentError, whose text names the path.
  static AgentClient connect(const asio::any_io_executor& executor, const std::string& path);
  // A connected socket, for tests. `name` is for texts.
  AgentClient(const asio::any_io_executor& executor, Fd socket, std::string name);

  // One question at a time: co_await one before you ask the next. All throw AgentError.
  asio::awaitable<std::vector<AgentKey>> list();
  // The signature blob, by exactly that algorithm and right for that key; nothing if the agent refuses. Throws
  // AgentError if it signed with another algorithm, or wrongly.
  asio::awaitable<std::optional<std::vector<std::uint8_t>>> sign(PublicKey key, std::string algorithm,
                                                                 std::vector<std::uint8_t> data);
  asio::awaitable<bool> add(const PrivateKey& key, std::string comment, AgentKeyLimits limits);
  asio::awaitable<bool> remove(std::vector<std::uint8_t> key_blob);
  asio::awaitable<bool> remove_all();
  asio::awaitable<bool> lock(const SecretBytes& passphrase);
  asio::awaitable<bool> unlock(const SecretBytes& passphrase);
  // session-bind@openssh.com. False from an agent that does not know it, which is no reason to stop.
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
