// The client's side of the agent protocol, with an agent at the other end that answers what the test says.
#include "client/agent/agent_client.h"

#include <csignal>

#include <sys/socket.h>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "proto/messages_agent.h"
#include "proto/messages_agent_keys.h"

namespace glassh {
namespace {

PrivateKey new_key(std::string_view type, std::uint64_t seed = 1) {
  SeededRng rng(seed);
  return PrivateKey::generate(type, rng, 2048);
}

// A client, and the other end of its socket. Answers are sent before the question: the socket keeps them.
class AgentClientTest : public testing::Test {
 protected:
  AgentClientTest() {
    std::signal(SIGPIPE, SIG_IGN);  // as the programs do
    SocketPair pair = make_socket_pair();
    other_ = std::move(pair.second);
    client_.emplace(io_.get_executor(), std::move(pair.first), "of the test");
  }

  void answer(Bytes frame) { ASSERT_EQ(::send(other_.get(), frame.data(), frame.size(), 0), ssize_t(frame.size())); }
  template <class M>
  void answer(const M& message) {
    answer(Bytes(agent_frame(message).reveal()));
  }
  // The client's question, without its length.
  std::vector<std::uint8_t> question() {
    std::vector<std::uint8_t> bytes(100000);
    const ssize_t size = ::recv(other_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (size < 4) return {};
    EXPECT_EQ(get_u32(bytes.data()), std::uint32_t(size - 4));
    return {bytes.begin() + 4, bytes.begin() + size};
  }
  template <class T>
  T run(asio::awaitable<T> work) {
    std::optional<T> result;
    std::exception_ptr failure;
    asio::co_spawn(io_, std::move(work), [&](std::exception_ptr error, T value) {
      failure = error;
      result = std::move(value);
    });
    io_.run();
    io_.restart();
    if (failure) std::rethrow_exception(failure);
    return std::move(*result);
  }
  std::string error_of(auto work) {
    try {
      run(std::move(work));
    } catch (const AgentError& error) {
      return error.what();
    }
    return "no error";
  }

  asio::io_context io_;
  std::optional<AgentClient> client_;
  Fd other_;
};

TEST_F(AgentClientTest, ListsKeysAlsoOfTypesThatWeDoNotHave) {
  const PrivateKey key = new_key("ssh-ed25519");
  const std::vector<std::uint8_t> token = {0, 0, 0, 5, 't', 'o', 'k', 'e', 'n', 1, 2};
  msg::AgentIdentitiesAnswer keys;
  keys.keys = {{key.public_key().blob(), "mine"}, {token, "a token"}};
  answer(keys);
  const std::vector<AgentKey> got = run(client_->list());
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0].comment, "mine");
  EXPECT_TRUE(got[0].credential == Credential(key.public_key()));
  EXPECT_FALSE(got[1].credential.has_value());
  EXPECT_EQ(got[1].type(), "token");
  EXPECT_EQ(question(), std::vector<std::uint8_t>{agent_number::request_identities});
}

TEST_F(AgentClientTest, ASignatureIsAskedForWithTheFlagOfItsAlgorithm) {
  const PrivateKey key = new_key("ssh-rsa");
  const std::vector<std::uint8_t> data = {1, 2, 3};
  const auto signature = key.sign("rsa-sha2-512", data);
  answer(msg::AgentSignResponse{signature});
  EXPECT_EQ(run(client_->sign(Credential(key.public_key()), "rsa-sha2-512", data)), signature);
  const auto asked = question();
  EXPECT_EQ(decode<msg::AgentSignRequest>(asked).flags, agent_sign_flag::rsa_sha2_512);
}

// RFC 8332 section 3.2 [8332-3.2-1] [8332-3.2-2]: the signature has to be by the algorithm that was agreed on.
TEST_F(AgentClientTest, AnAgentThatSignsWithAnotherAlgorithmIsNotBelieved) {
  const PrivateKey key = new_key("ssh-rsa");
  const std::vector<std::uint8_t> data = {1, 2, 3};
  answer(msg::AgentSignResponse{key.sign("rsa-sha2-256", data)});
  EXPECT_NE(error_of(client_->sign(Credential(key.public_key()), "rsa-sha2-512", data))
                .find("is not a rsa-sha2-512 signature"),
            std::string::npos);
}

TEST_F(AgentClientTest, ARefusedSignatureIsNone) {
  answer(msg::AgentFailure{});
  EXPECT_EQ(run(client_->sign(Credential(new_key("ssh-ed25519").public_key()), "ssh-ed25519", {1})), std::nullopt);
}

TEST_F(AgentClientTest, AKeyIsAddedWithItsLimits) {
  answer(msg::AgentSuccess{});
  const PrivateKey key = new_key("ecdsa-sha2-nistp256");
  AgentKeyLimits limits{.lifetime_seconds = 60, .confirm = true, .destinations = {}};
  limits.destinations.push_back({{}, {"", "host", {{copy_of(key.public_key().blob()), false}}}});
  EXPECT_TRUE(run(client_->add(key, "comment", limits)));
  const auto asked = question();
  const auto add = decode<msg::AgentAddIdConstrained>(asked);
  EXPECT_EQ(add.key_type, "ecdsa-sha2-nistp256");
  const auto contents = decode<msg::AgentEcdsaIdentity>(add.key_contents.bytes);
  EXPECT_EQ(contents.comment, "comment");
  ASSERT_EQ(contents.constraints.items.size(), 3u);
  EXPECT_EQ(contents.constraints.items[0].seconds, 60u);
  EXPECT_EQ(contents.constraints.items[1].type, agent_constraint::confirm);
  EXPECT_EQ(decode_destinations(contents.constraints.items[2].destinations)[0].to.hostname, "host");
}

TEST_F(AgentClientTest, AKeyWithoutLimitsIsAddedByTheOlderMessage) {
  answer(msg::AgentSuccess{});
  EXPECT_TRUE(run(client_->add(new_key("ssh-ed25519"), "comment", {})));
  EXPECT_EQ(question().at(0), agent_number::add_identity);
}

TEST_F(AgentClientTest, ABindingThatTheAgentDoesNotKnowIsARefusal) {
  answer(msg::AgentFailure{});
  EXPECT_FALSE(run(client_->bind_session({1}, {2}, {3}, true)));
  const auto asked = question();
  const auto extension = decode<msg::AgentExtension>(asked);
  EXPECT_EQ(extension.extension_type, "session-bind@openssh.com");
  EXPECT_TRUE(decode<msg::AgentSessionBind>(extension.extension_contents.bytes).is_forwarding);
}

// Past vulnerability 58, from the agent's side.
TEST_F(AgentClientTest, AnAnswerOf4GigabytesIsAnErrorAtOnce) {
  const std::vector<std::uint8_t> length(4, 0xff);
  answer(Bytes(length));
  EXPECT_EQ(error_of(client_->list()),
            "agent of the test: agent message: its length is 4294967295, and 262144 is the limit");
}

TEST_F(AgentClientTest, AnAnswerToAnotherQuestionIsAnError) {
  answer(msg::AgentSuccess{});
  EXPECT_EQ(error_of(client_->list()),
            "agent of the test: agent: message 6 is no answer to SSH_AGENTC_REQUEST_IDENTITIES");
}

TEST_F(AgentClientTest, AnAgentThatHangsUpIsAnError) {
  other_.close();
  EXPECT_NE(error_of(client_->list()).find("agent of the test: "), std::string::npos);
}

TEST_F(AgentClientTest, AnAgentThatIsNotThereIsAnErrorWithItsPath) {
  try {
    AgentClient::connect(io_.get_executor(), "/nonexistent/agent");
    FAIL() << "connected";
  } catch (const AgentError& error) {
    EXPECT_EQ(error.error(), ENOENT);
    EXPECT_STREQ(error.what(), "agent /nonexistent/agent: No such file or directory");
  }
}

}  // namespace
}  // namespace glassh
