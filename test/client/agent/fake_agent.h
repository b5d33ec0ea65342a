// An agent for tests: it holds what the test gives it, signs as it is told, and remembers what it was asked.
//
//   FakeAgent agent(io, home.path("agent"));  agent.keys.push_back({key, "comment"});
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "auth/agent_frame.h"
#include "crypto/keys/key.h"
#include "proto/messages_agent.h"
#include "proto/messages_agent_keys.h"

namespace glassh {

class FakeAgent {
 public:
  FakeAgent(boost::asio::io_context& io, std::string path) : path_(std::move(path)), acceptor_(io, path_) {
    boost::asio::co_spawn(io, accept(), boost::asio::detached);
  }
  ~FakeAgent() { std::filesystem::remove(path_); }

  std::vector<std::pair<PrivateKey, std::string>> keys;
  bool refuses = false;                          // to sign
  std::string signs_with;                        // this algorithm, whatever was asked for
  std::vector<std::uint8_t> asked;               // the numbers of the requests
  std::vector<std::vector<std::uint8_t>> added;  // whole requests

 private:
  using Socket = boost::asio::local::stream_protocol::socket;

  boost::asio::awaitable<void> accept() {
    while (true) {
      boost::system::error_code error;
      Socket socket = co_await acceptor_.async_accept(boost::asio::redirect_error(boost::asio::use_awaitable, error));
      if (error) co_return;
      boost::asio::co_spawn(acceptor_.get_executor(), serve(std::move(socket)), boost::asio::detached);
    }
  }

  boost::asio::awaitable<void> serve(Socket socket) {
    AgentFrames frames;
    while (true) {
      const MutableBytes space = frames.space();
      boost::system::error_code error;
      const std::size_t size =
          co_await socket.async_read_some(boost::asio::buffer(space.data(), space.size()),
                                          boost::asio::redirect_error(boost::asio::use_awaitable, error));
      if (error) co_return;
      frames.filled(size);
      while (const auto payload = frames.next()) {
        const SecretBytes frame = answer(*payload);
        co_await boost::asio::async_write(socket, boost::asio::buffer(frame.reveal().data(), frame.size()),
                                          boost::asio::use_awaitable);
      }
    }
  }

  SecretBytes answer(Bytes payload) {
    asked.push_back(payload[0]);
    if (payload[0] == agent_number::request_identities) {
      msg::AgentIdentitiesAnswer list;
      for (const auto& [key, comment] : keys) list.keys.push_back({key.public_key().blob(), comment});
      return agent_frame(list);
    }
    if (payload[0] == agent_number::sign_request && !refuses) {
      const auto request = decode<msg::AgentSignRequest>(payload);
      for (const auto& [key, comment] : keys) {
        if (!equal(key.public_key().blob(), request.key_blob)) continue;
        const auto signature = key.sign(algorithm(key.public_key(), request.flags), request.data);
        return agent_frame(msg::AgentSignResponse{signature});
      }
    }
    if (payload[0] == agent_number::add_identity || payload[0] == agent_number::add_id_constrained) {
      added.push_back(copy_of(payload));
      return agent_frame(msg::AgentSuccess{});
    }
    return agent_frame(msg::AgentFailure{});
  }

  std::string algorithm(const PublicKey& key, std::uint32_t flags) const {
    if (!signs_with.empty()) return signs_with;
    if (key.type() != "ssh-rsa") return std::string(key.type());
    return (flags & agent_sign_flag::rsa_sha2_512) != 0 ? "rsa-sha2-512" : "rsa-sha2-256";
  }

  const std::string path_;
  boost::asio::local::stream_protocol::acceptor acceptor_;
};

}  // namespace glassh
