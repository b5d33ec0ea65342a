// The agent's core: draft-miller-ssh-agent, OpenSSH PROTOCOL.agent, and past vulnerabilities 92 and 93.
#include "auth/agent.h"

#include <gtest/gtest.h>

#include "auth/agent_requests.h"
#include "proto/messages_agent.h"
#include "proto/messages_agent_keys.h"
#include "test/auth/agent_hosts.h"

namespace glassh {
namespace {

using namespace std::chrono_literals;

class AgentTest : public testing::Test {
 protected:
  AgentAnswer ask(AgentConnection& session, const SecretBytes& frame) {
    return session.on_request(frame.reveal().subspan(4), now_);
  }
  std::vector<std::uint8_t> reply(AgentConnection& session, const SecretBytes& frame) {
    AgentAnswer answer = ask(session, frame);
    AgentReply* const reply = std::get_if<AgentReply>(&answer);
    return reply != nullptr ? reply->payload : std::vector<std::uint8_t>{};
  }
  bool yes(AgentConnection& session, const SecretBytes& frame) { return read_success(reply(session, frame)); }
  bool add(AgentConnection& session, const PrivateKey& key, const AgentKeyLimits& limits = {}) {
    return yes(session, request_add(key, "a comment", limits));
  }
  std::size_t count(AgentConnection& session) { return read_identities(reply(session, request_identities()))->size(); }
  bool signs(AgentConnection& session, const PrivateKey& key, Bytes data, std::uint32_t flags = 0) {
    return read_signature(reply(session, request_signature(key.public_key().blob(), data, flags))).has_value();
  }

  SeededRng rng_{1};
  std::vector<std::string> log_;
  Agent agent_{{std::nullopt, HashName::sha256, [this](const std::string& text) { log_.push_back(text); }}, rng_};
  AgentConnection session_{agent_};
  AgentTime now_{1000s};
  const std::vector<std::uint8_t> data_ = {1, 2, 3};
};

TEST_F(AgentTest, AnAddedKeyIsListedSignsAndIsRemoved) {
  for (const std::string_view type : key_type_names()) {
    const PrivateKey key = test_key(type);
    ASSERT_TRUE(add(session_, key)) << type;
    const auto keys = *read_identities(reply(session_, request_identities()));
    ASSERT_EQ(keys.size(), 1u);
    EXPECT_EQ(keys[0].comment, "a comment");
    EXPECT_TRUE(keys[0].credential == Credential(key.public_key()));
    const std::string algorithm(type == "ssh-rsa" ? "rsa-sha2-256" : type);
    const auto signature =
        read_signature(reply(session_, request_signature(key.public_key().blob(), data_, sign_flags(algorithm))));
    ASSERT_TRUE(signature.has_value());
    EXPECT_TRUE(key.public_key().verify(algorithm, data_, *signature));
    EXPECT_TRUE(yes(session_, request_remove(key.public_key().blob())));
    EXPECT_FALSE(yes(session_, request_remove(key.public_key().blob())));
    EXPECT_EQ(count(session_), 0u);
  }
}

TEST_F(AgentTest, AnRsaKeySignsWithTheHashThatTheFlagNamesAndNeverWithSha1) {
  const PrivateKey key = test_key("ssh-rsa");
  add(session_, key);
  const auto sign = [&](std::uint32_t flags) {
    return read_signature(reply(session_, request_signature(key.public_key().blob(), data_, flags)));
  };
  EXPECT_TRUE(key.public_key().verify("rsa-sha2-256", data_, *sign(agent_sign_flag::rsa_sha2_256)));
  EXPECT_TRUE(key.public_key().verify("rsa-sha2-512", data_, *sign(agent_sign_flag::rsa_sha2_512)));
  EXPECT_TRUE(key.public_key().verify("rsa-sha2-256", data_, *sign(0)));
  EXPECT_FALSE(sign(1).has_value());
  EXPECT_FALSE(sign(6).has_value());
  EXPECT_FALSE(sign(0x80000002).has_value());
}

TEST_F(AgentTest, AKeyThatIsAddedAgainReplacesItsLimits) {
  const PrivateKey key = test_key("ssh-ed25519");
  add(session_, key, {.lifetime_seconds = 10, .confirm = true, .destinations = {}});
  add(session_, key);
  EXPECT_EQ(count(session_), 1u);
  now_ += 11s;
  EXPECT_EQ(count(session_), 1u);
  EXPECT_TRUE(signs(session_, key, data_));
}

// The list goes out as one message, and clients read messages of up to 256 KiB.
TEST_F(AgentTest, AKeyWhoseCommentWouldMakeTheListTooLongIsRefused) {
  const std::string half(130'000, 'c');
  const std::string nearly_all(262'100, 'c');
  EXPECT_TRUE(add(session_, test_key("ssh-ed25519", 1)));
  EXPECT_FALSE(yes(session_, request_add(test_key("ssh-ed25519", 2), nearly_all, {})));
  EXPECT_NE(log_.back().find("no client could read the list"), std::string::npos) << log_.back();
  EXPECT_TRUE(yes(session_, request_add(test_key("ssh-ed25519", 2), half, {})));
  EXPECT_TRUE(yes(session_, request_add(test_key("ssh-ed25519", 3), half, {})));
  EXPECT_FALSE(yes(session_, request_add(test_key("ssh-ed25519", 4), half, {})));
  // In the place of itself it counts once.
  EXPECT_TRUE(yes(session_, request_add(test_key("ssh-ed25519", 3), half, {})));
  EXPECT_FALSE(yes(session_, request_add(test_key("ssh-ed25519", 1), half, {})));
  EXPECT_EQ(count(session_), 3u);
}

TEST_F(AgentTest, AllKeysAreRemoved) {
  add(session_, test_key("ssh-ed25519", 1));
  add(session_, test_key("ssh-ed25519", 2));
  EXPECT_TRUE(yes(session_, request_remove_all()));
  EXPECT_EQ(count(session_), 0u);
}

TEST_F(AgentTest, AKeyIsGoneWhenItsTimeIsOver) {
  add(session_, test_key("ssh-ed25519"), {.lifetime_seconds = 10, .confirm = false, .destinations = {}});
  EXPECT_EQ(agent_.next_deadline(), now_ + 10s);
  now_ += 9s;
  EXPECT_EQ(count(session_), 1u);
  now_ += 1s;
  agent_.set_now(now_);
  EXPECT_EQ(agent_.key_count(), 0u);
  EXPECT_EQ(agent_.next_deadline(), std::nullopt);
}

TEST_F(AgentTest, TheAgentsOwnLifetimeIsForKeysThatComeWithoutOne) {
  Agent agent({60s, HashName::sha256, {}}, rng_);
  AgentConnection session(agent);
  add(session, test_key("ssh-ed25519", 1));
  EXPECT_EQ(agent.next_deadline(), now_ + 60s);
  add(session, test_key("ssh-ed25519", 2), {.lifetime_seconds = 10, .confirm = false, .destinations = {}});
  EXPECT_EQ(agent.next_deadline(), now_ + 10s);
  now_ += 11s;
  EXPECT_EQ(count(session), 1u);
}

// ----------------------------------------------------------------------------------------------------------------
// consent

TEST_F(AgentTest, AKeyWithConfirmationSignsOnlyWhenSomebodyAgrees) {
  const PrivateKey key = test_key("ssh-ed25519");
  add(session_, key, {.lifetime_seconds = {}, .confirm = true, .destinations = {}});
  const SecretBytes request = request_signature(key.public_key().blob(), data_, 0);
  const AgentAnswer asked = ask(session_, request);
  ASSERT_TRUE(std::holds_alternative<ConfirmationWanted>(asked));
  EXPECT_EQ(std::get<ConfirmationWanted>(asked).question,
            "Allow use of key a comment?\nKey fingerprint " + key.public_key().fingerprint() + ".");
  EXPECT_TRUE(read_signature(session_.confirmed(true).payload).has_value());
  ask(session_, request);
  EXPECT_FALSE(read_signature(session_.confirmed(false).payload).has_value());
  EXPECT_FALSE(read_signature(session_.confirmed(true).payload).has_value()) << "one answer was for two requests";
}

TEST_F(AgentTest, WhatHappensWhileSomebodyIsAskedCounts) {
  const PrivateKey key = test_key("ssh-ed25519");
  AgentConnection other(agent_);
  const SecretBytes request = request_signature(key.public_key().blob(), data_, 0);
  add(session_, key, {.lifetime_seconds = {}, .confirm = true, .destinations = {}});
  ask(session_, request);
  yes(other, request_lock(SecretBytes(bytes_of("x"))));
  EXPECT_FALSE(read_signature(session_.confirmed(true).payload).has_value());
  yes(other, request_unlock(SecretBytes(bytes_of("x"))));
  ask(session_, request);
  yes(other, request_remove_all());
  EXPECT_FALSE(read_signature(session_.confirmed(true).payload).has_value());
}

TEST_F(AgentTest, ControlCharactersOfACommentDoNotReachTheQuestion) {
  const PrivateKey key = test_key("ssh-ed25519");
  yes(session_, request_add(key, "good\n\x1b[2Jkey", {.lifetime_seconds = {}, .confirm = true, .destinations = {}}));
  const AgentAnswer asked = ask(session_, request_signature(key.public_key().blob(), data_, 0));
  const std::string& question = std::get<ConfirmationWanted>(asked).question;
  EXPECT_EQ(question.substr(0, question.find("key?")).find_first_of("\n\x1b"), std::string::npos) << question;
}

// ----------------------------------------------------------------------------------------------------------------
// constraints that it does not know

// Past vulnerability 92: each of these refuses the key. None is dropped.
TEST_F(AgentTest, AnUnknownOrMalformedConstraintRefusesTheKey) {
  const PrivateKey key = test_key("ssh-ed25519");
  const auto text = [](std::string_view value) {
    std::vector<std::uint8_t> out(4);
    put_u32(out.data(), static_cast<std::uint32_t>(value.size()));
    out.insert(out.end(), value.begin(), value.end());
    return out;
  };
  const auto extension = [&](std::string_view name, const std::vector<std::uint8_t>& details) {
    std::vector<std::uint8_t> out = {agent_constraint::extension};
    const auto named = text(name);
    out.insert(out.end(), named.begin(), named.end());
    out.insert(out.end(), details.begin(), details.end());
    return out;
  };
  const std::vector<std::vector<std::uint8_t>> bad = {
      {4},                                                              // a type to come
      {3, 0, 0, 0, 0},                                                  // the draft's number for extensions
      {0},                                                              //
      {agent_constraint::lifetime, 0, 0, 0},                            // too short
      {agent_constraint::lifetime, 0, 0, 0, 0},                         // over at once
      {1, 0, 0, 0, 9, 1, 0, 0, 0, 9},                                   // which of the two?
      {agent_constraint::confirm, 4},                                   // one that we know, then one that we do not
      extension("unknown@example.com", {}),                             //
      extension("sk-provider@openssh.com", text("/usr/lib/x.so")),      // tokens
      extension("associated-certs-v00@openssh.com", {1, 0, 0, 0, 0}),   // for tokens only
      extension("restrict-destination-v00@openssh.com", text("")),      // restricted to nothing: not "to anything"
      extension("restrict-destination-v00@openssh.com", text("junk")),  //
      extension("restrict-destination-v00@openssh.com", {}),            //
  };
  const SecretBytes plain = request_add(key, "comment", {});
  for (const auto& constraints : bad) {
    std::vector<std::uint8_t> request = copy_of(Bytes(plain.reveal()).subspan(4));
    request[0] = agent_number::add_id_constrained;
    request.insert(request.end(), constraints.begin(), constraints.end());
    const AgentAnswer answer = session_.on_request(request, now_);
    EXPECT_EQ(std::get<AgentReply>(answer).payload, std::vector<std::uint8_t>{agent_number::failure})
        << hex(constraints);
    EXPECT_EQ(agent_.key_count(), 0u) << hex(constraints);
  }
}

TEST_F(AgentTest, ConstraintsBehindTheMessageThatHasNoneRefuseTheKey) {
  const SecretBytes plain = request_add(test_key("ssh-ed25519"), "comment", {});
  std::vector<std::uint8_t> request = copy_of(Bytes(plain.reveal()).subspan(4));
  request.push_back(agent_constraint::confirm);
  EXPECT_FALSE(read_success(std::get<AgentReply>(session_.on_request(request, now_)).payload));
  EXPECT_EQ(agent_.key_count(), 0u);
}

TEST_F(AgentTest, RequestsThatItDoesNotKnowAreRefusedAndItGoesOn) {
  for (const std::uint8_t number : {0, 1, 2, 10, 12, 14, 20, 21, 26, 30, 200, 255}) {
    const std::vector<std::uint8_t> request = {number, 0, 0, 0, 0, 0, 0, 0, 0};
    EXPECT_EQ(std::get<AgentReply>(session_.on_request(request, now_)).payload,
              std::vector<std::uint8_t>{agent_number::failure})
        << int{number};
  }
  EXPECT_EQ(std::get<AgentReply>(session_.on_request({}, now_)).payload.size(), 1u);
  EXPECT_TRUE(add(session_, test_key("ssh-ed25519")));
}

TEST_F(AgentTest, AnUnknownExtensionGetsThePlainFailureAndQueryNamesTheKnownOnes) {
  EXPECT_EQ(reply(session_, agent_frame(msg::AgentExtension{"other@example.com", {}})),
            std::vector<std::uint8_t>{agent_number::failure});
  const auto answer = reply(session_, agent_frame(msg::AgentExtension{msg::AgentQuery::name, {}}));
  const auto names = decode<msg::AgentQueryReply>(decode<msg::AgentSuccess>(answer).contents.bytes);
  ASSERT_EQ(names.extension_types.items.size(), 2u);
  EXPECT_EQ(names.extension_types.items[1].extension_type, "session-bind@openssh.com");
}

// ----------------------------------------------------------------------------------------------------------------
// locking

TEST_F(AgentTest, ALockedAgentShowsNothingAndDoesNothing) {
  const PrivateKey key = test_key("ssh-ed25519");
  add(session_, key);
  EXPECT_TRUE(yes(session_, request_lock(SecretBytes(bytes_of("secret")))));
  EXPECT_EQ(count(session_), 0u);
  EXPECT_FALSE(signs(session_, key, data_));
  EXPECT_FALSE(add(session_, test_key("ssh-ed25519", 2)));
  EXPECT_FALSE(yes(session_, request_remove(key.public_key().blob())));
  EXPECT_FALSE(yes(session_, request_remove_all()));
  EXPECT_FALSE(yes(session_, request_lock(SecretBytes(bytes_of("other")))));
  EXPECT_FALSE(yes(session_, request_unlock(SecretBytes(bytes_of("wrong")))));
  now_ += 1s;
  EXPECT_TRUE(yes(session_, request_unlock(SecretBytes(bytes_of("secret")))));
  EXPECT_TRUE(signs(session_, key, data_));
  EXPECT_FALSE(yes(session_, request_unlock(SecretBytes(bytes_of("secret")))));
}

// draft-miller-ssh-agent section 4.6: guessing is slowed down, over all connections together.
TEST_F(AgentTest, EachWrongPassphraseMakesTheNextGuessWaitLonger) {
  yes(session_, request_lock(SecretBytes(bytes_of("secret"))));
  AgentConnection other(agent_);
  const SecretBytes wrong = request_unlock(SecretBytes(bytes_of("wrong")));
  const SecretBytes right = request_unlock(SecretBytes(bytes_of("secret")));
  for (int i = 1; i <= 3; ++i) {
    EXPECT_FALSE(yes(session_, wrong));
    const AgentAnswer answer = ask(other, right);
    ASSERT_TRUE(std::holds_alternative<WaitWanted>(answer)) << "a right guess without waiting tells of a right guess";
    EXPECT_EQ(std::get<WaitWanted>(answer).until, now_ + i * 100ms);
    now_ += i * 100ms;
  }
  EXPECT_TRUE(yes(other, right));
  yes(session_, request_lock(SecretBytes(bytes_of("secret"))));
  EXPECT_FALSE(yes(session_, wrong));
  EXPECT_EQ(std::get<WaitWanted>(ask(session_, right)).until, now_ + 100ms) << "counted from anew";
}

// ----------------------------------------------------------------------------------------------------------------
// session-bind@openssh.com

TEST_F(AgentTest, ABindingNeedsTheHostKeysSignatureOfThatSession) {
  const TestHost host(1);
  EXPECT_TRUE(yes(session_, host.bind("session", true)));
  ASSERT_EQ(session_.bindings().size(), 1u);
  EXPECT_EQ(session_.bindings()[0].host_key, host.key_blob());

  AgentConnection other(agent_);
  const auto forged = TestHost(2).signature_of("session");
  EXPECT_EQ(reply(other, request_session_bind(host.key_blob(), bytes_of("session"), forged, true)),
            std::vector<std::uint8_t>{agent_number::extension_failure});
  EXPECT_EQ(
      reply(other, request_session_bind(host.key_blob(), bytes_of("session 2"), host.signature_of("session"), true)),
      std::vector<std::uint8_t>{agent_number::extension_failure});
  EXPECT_EQ(reply(other, request_session_bind(bytes_of("junk"), bytes_of("session"), forged, true)),
            std::vector<std::uint8_t>{agent_number::extension_failure});
  EXPECT_TRUE(other.bindings().empty());
}

TEST_F(AgentTest, NothingIsBoundAfterALogin) {
  EXPECT_TRUE(yes(session_, TestHost(1).bind("1", false)));
  EXPECT_FALSE(yes(session_, TestHost(2).bind("2", true)));
  EXPECT_FALSE(yes(session_, TestHost(2).bind("2", false)));
}

TEST_F(AgentTest, ASessionIsBoundOnce) {
  EXPECT_TRUE(yes(session_, TestHost(1).bind("1", true)));
  EXPECT_TRUE(yes(session_, TestHost(1).bind("1", true)));
  EXPECT_EQ(session_.bindings().size(), 1u);
  EXPECT_FALSE(yes(session_, TestHost(2).bind("1", true))) << "the same session with another host";
}

TEST_F(AgentTest, AChainOfHopsHasAnEnd) {
  for (int i = 0; i < 16; ++i) EXPECT_TRUE(yes(session_, TestHost(1).bind(std::to_string(i), true)));
  EXPECT_FALSE(yes(session_, TestHost(1).bind("one more", true)));
}

TEST_F(AgentTest, ADestinationKeySignsForItsHostAndNoOther) {
  const PrivateKey key = test_key("ssh-ed25519");
  const TestHost right(1);
  const TestHost wrong(2);
  AgentKeyLimits limits;
  limits.destinations = {{{}, right.hop("right")}};
  ASSERT_TRUE(add(session_, key, limits));
  EXPECT_EQ(count(session_), 1u);

  AgentConnection to_right(agent_);
  EXPECT_TRUE(yes(to_right, right.bind("r", false)));
  EXPECT_TRUE(signs(to_right, key, login_data("r", "me", key, &right)));
  EXPECT_TRUE(signs(to_right, key, login_data("r", "me", key, nullptr))) << "the first hop need not be host-bound";
  EXPECT_FALSE(signs(to_right, key, login_data("other session", "me", key, &right)));
  EXPECT_FALSE(signs(to_right, key, login_data("r", "me", key, &wrong)));
  EXPECT_FALSE(signs(to_right, key, login_data("r", "me", test_key("ssh-ed25519", 9), &right))) << "another key";
  EXPECT_FALSE(signs(to_right, key, data_)) << "no login";

  AgentConnection to_wrong(agent_);
  EXPECT_TRUE(yes(to_wrong, wrong.bind("w", false)));
  EXPECT_EQ(count(to_wrong), 0u);
  EXPECT_FALSE(signs(to_wrong, key, login_data("w", "me", key, &wrong)));
  EXPECT_FALSE(yes(to_wrong, request_remove(key.public_key().blob())));
  EXPECT_FALSE(add(to_wrong, key)) << "who may not see a key may not replace it by a free one";
  EXPECT_FALSE(signs(session_, key, login_data("r", "me", key, &right))) << "a connection that is not bound";
}

TEST_F(AgentTest, AfterABindingThatFailedDestinationKeysAreGone) {
  const PrivateKey key = test_key("ssh-ed25519");
  AgentKeyLimits limits;
  limits.destinations = {{{}, TestHost(1).hop("host")}};
  add(session_, key, limits);
  add(session_, test_key("ssh-ed25519", 2));
  AgentConnection remote(agent_);
  const auto forged = TestHost(2).signature_of("1");
  EXPECT_FALSE(yes(remote, request_session_bind(TestHost(1).key_blob(), bytes_of("1"), forged, true)));
  EXPECT_EQ(count(remote), 1u);
}

// Past vulnerability 93: a connection from afar that is bound while the agent is locked is not local afterwards.
TEST_F(AgentTest, ABindingWhileTheAgentIsLockedCountsWhenItIsUnlocked) {
  const PrivateKey key = test_key("ssh-ed25519");
  const TestHost home(1);
  AgentKeyLimits limits;
  limits.destinations = {{{}, home.hop("home")}};
  add(session_, key, limits);
  yes(session_, request_lock(SecretBytes(bytes_of("x"))));

  AgentConnection remote(agent_);
  EXPECT_TRUE(yes(remote, TestHost(2).bind("afar", true)));
  yes(session_, request_unlock(SecretBytes(bytes_of("x"))));
  EXPECT_EQ(remote.bindings().size(), 1u);
  EXPECT_EQ(count(remote), 0u);
  EXPECT_FALSE(signs(remote, key, login_data("afar", "me", key, &home)));
  EXPECT_FALSE(add(remote, key)) << "a free copy";

  yes(session_, request_lock(SecretBytes(bytes_of("x"))));
  AgentConnection failed(agent_);
  const auto forged = TestHost(3).signature_of("1");
  EXPECT_FALSE(yes(failed, request_session_bind(home.key_blob(), bytes_of("1"), forged, true)));
  yes(session_, request_unlock(SecretBytes(bytes_of("x"))));
  EXPECT_EQ(count(failed), 0u) << "a binding that failed counts as well";
}

}  // namespace
}  // namespace glassh
