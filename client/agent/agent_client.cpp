#include "client/agent/agent_client.h"

#include <cstring>
#include <system_error>

#include <fmt/format.h>

#include "channels/io/private_socket.h"

namespace glassh {

AgentClient AgentClient::connect(const asio::any_io_executor& executor, const std::string& path) {
  try {
    return {executor, connect_to_socket(path), path};
  } catch (const std::system_error& error) {
    throw AgentError(error.code().value(), fmt::format("agent {}: {}", path, error.code().message()));
  }
}

AgentClient::AgentClient(const asio::any_io_executor& executor, Fd socket, std::string name)
    : name_(std::move(name)), socket_(Descriptor::own(executor, std::move(socket))) {}

// ----------------------------------------------------------------------------------------------------------------
// questions

asio::awaitable<std::vector<AgentKey>> AgentClient::list() {
  const auto answer = co_await answer_to(request_identities());
  try {
    auto keys = read_identities(answer);
    if (!keys) throw AgentError(0, fmt::format("agent {}: it refuses to list its keys", name_));
    co_return std::move(*keys);
  } catch (const ProtocolError& error) {
    throw AgentError(0, fmt::format("agent {}: {}", name_, error.what()));
  }
}

asio::awaitable<std::optional<std::vector<std::uint8_t>>> AgentClient::sign(Credential credential,
                                                                            std::string algorithm,
                                                                            std::vector<std::uint8_t> data) {
  const auto answer = co_await answer_to(request_signature(credential.blob(), data, sign_flags(algorithm)));
  std::optional<std::vector<std::uint8_t>> signature;
  try {
    signature = read_signature(answer);
  } catch (const ProtocolError& error) {
    throw AgentError(0, fmt::format("agent {}: {}", name_, error.what()));
  }
  // RFC 8332 section 3.2 [8332-3.2-1] [8332-3.2-2]: an agent that does not know the flags signs with SHA-1.
  if (signature && !credential.key().verify(algorithm, data, *signature)) {
    throw AgentError(0, fmt::format("agent {}: what it signed is not a {} signature by the key {}", name_, algorithm,
                                    credential.fingerprint()));
  }
  co_return signature;
}

asio::awaitable<bool> AgentClient::add(const PrivateKey& key, std::string comment, AgentKeyLimits limits) {
  return succeeds(request_add(key, comment, limits));
}

asio::awaitable<bool> AgentClient::remove(std::vector<std::uint8_t> key_blob) {
  return succeeds(request_remove(key_blob));
}

asio::awaitable<bool> AgentClient::remove_all() { return succeeds(request_remove_all()); }

asio::awaitable<bool> AgentClient::lock(const SecretBytes& passphrase) { return succeeds(request_lock(passphrase)); }

asio::awaitable<bool> AgentClient::unlock(const SecretBytes& passphrase) {
  return succeeds(request_unlock(passphrase));
}

asio::awaitable<bool> AgentClient::bind_session(std::vector<std::uint8_t> host_key,
                                                std::vector<std::uint8_t> session_id,
                                                std::vector<std::uint8_t> signature, bool is_forwarding) {
  return succeeds(request_session_bind(host_key, session_id, signature, is_forwarding));
}

// ----------------------------------------------------------------------------------------------------------------
// over the socket

asio::awaitable<bool> AgentClient::succeeds(SecretBytes request) {
  const auto answer = co_await answer_to(std::move(request));
  try {
    co_return read_success(answer);
  } catch (const ProtocolError& error) {
    throw AgentError(0, fmt::format("agent {}: {}", name_, error.what()));
  }
}

asio::awaitable<void> AgentClient::send(SecretBytes request) {
  Bytes left = request.reveal();
  while (!left.empty()) {
    const IoResult put = socket_.write(left);
    if (put.failed()) throw AgentError(0, fmt::format("agent {}: {}", name_, std::strerror(put.error)));
    left = left.subspan(put.size);
    if (put.would_block()) co_await socket_.writable();
  }
}

asio::awaitable<std::vector<std::uint8_t>> AgentClient::answer_to(SecretBytes request) {
  co_await send(std::move(request));
  try {
    while (true) {
      if (const auto payload = frames_.next()) co_return copy_of(*payload);
      const IoResult got = socket_.read(frames_.space());
      frames_.filled(got.size);
      if (got.would_block()) {
        co_await socket_.readable();
      } else if (got.failed()) {
        throw AgentError(0, fmt::format("agent {}: {}", name_, std::strerror(got.error)));
      } else if (got.size == 0) {
        throw AgentError(0, fmt::format("agent {}: it hung up without an answer", name_));
      }
    }
  } catch (const ProtocolError& error) {
    throw AgentError(0, fmt::format("agent {}: {}", name_, error.what()));
  }
}

}  // namespace glassh
