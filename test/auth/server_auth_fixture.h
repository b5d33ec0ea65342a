// A ServerAuth, requests made by hand, and what was answered.
//
//   struct MyTest : test::ServerAuthFixture {};
//   TEST_F(MyTest, …) { expect_refused(request("none"));  EXPECT_EQ(continuing, "publickey"); }
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "auth/server_auth.h"
#include "test/support/plain_packets.h"
#include "test/support/test_keys.h"

namespace glassh::test {

inline const std::vector<std::uint8_t> session_id(32, 0x5a);
inline const std::vector<std::uint8_t> host_key(51, 0x77);  // a blob that nobody decodes

inline Payload request(std::string_view method, Bytes fields = {}, std::string_view user = "alice") {
  return encode(msg::UserauthRequest{user, "ssh-connection", method, Rest{fields}});
}
inline Payload query(const PublicKey& key, std::string_view algorithm, std::string_view user = "alice") {
  return request("publickey", encode(msg::PublicKeyRequest{false, algorithm, key.blob(), {}}), user);
}
inline Payload password_request(std::string_view password) {
  return request("password", encode(msg::PasswordRequest{false, {bytes_of(password)}, {}}));
}
inline Payload keyboard_interactive_request(std::string_view submethods = {}) {
  return request("keyboard-interactive", encode(msg::KeyboardInteractiveRequest{"", submethods}));
}
inline Payload info_response(const std::vector<std::string_view>& answers) {
  msg::UserauthInfoResponse message;
  for (const std::string_view answer : answers) message.responses.push_back({{bytes_of(answer)}});
  return encode(message);
}

struct Signing {
  std::string_view user = "alice";
  std::string_view signed_user = "alice";
  Bytes session = session_id;
  std::string_view signed_algorithm = {};  // in the signature's blob; the request's if empty
  bool hostbound = false;
  Bytes server_host_key = host_key;
};
inline Payload signed_request(const PrivateKey& key, std::string_view algorithm, const Signing& signing = {}) {
  const std::string_view method =
      signing.hostbound ? msg::PublicKeyHostboundRequest::name : msg::PublicKeyRequest::name;
  msg::PublicKeySignedData data;
  data.session_identifier = signing.session;
  data.user_name = signing.signed_user;
  data.service_name = "ssh-connection";
  data.method_name = method;
  data.algorithm = algorithm;
  data.public_key = key.public_key().blob();
  data.server_host_key = signing.server_host_key;
  const auto blob = key.sign(signing.signed_algorithm.empty() ? algorithm : signing.signed_algorithm, encode(data));
  if (!signing.hostbound) {
    return request(method, encode(msg::PublicKeyRequest{true, algorithm, data.public_key, blob}), signing.user);
  }
  return request(
      method, encode(msg::PublicKeyHostboundRequest{true, algorithm, data.public_key, signing.server_host_key, blob}),
      signing.user);
}

struct ServerAuthFixture : testing::Test {
  using Outcome = AttemptAnswered::Outcome;

  PlainWriter out;
  SeededRng rng{7};
  ServerAuthSettings settings{
      .accepted_algorithms = {"ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256"}};
  std::unique_ptr<ServerAuth> made;
  Payload payload;         // events are views into it
  std::string continuing;  // of the last FAILURE that was expected

  ServerAuth& auth() {
    if (made == nullptr) made = std::make_unique<ServerAuth>(session_id, host_key, out.writer, nullptr);
    return *made;
  }
  std::optional<ServerAuthEvent> receive(Payload bytes) {
    payload = std::move(bytes);
    auto event = auth().on_payload(payload);
    if (event && std::holds_alternative<AuthSettingsWanted>(*event)) return auth().provide_settings(settings);
    return event;
  }
  template <class Event>
  Event expect(Payload bytes) {
    const auto event = receive(std::move(bytes));
    if (!event || !std::holds_alternative<Event>(*event)) throw std::runtime_error("another event than was expected");
    return std::get<Event>(*event);
  }
  LoginAttempt expect_attempt(Payload bytes) { return expect<LoginAttempt>(std::move(bytes)); }
  // The request fails at once: the application is not asked, and FAILURE is the answer.
  void expect_refused(Payload bytes, const std::string& what = {}) {
    const auto event = receive(std::move(bytes));
    ASSERT_TRUE(event && std::holds_alternative<AttemptAnswered>(*event)) << what;
    expect_failure(std::get<AttemptAnswered>(*event), what);
  }
  // FAILURE without partial success has been sent.
  void expect_failure(const ServerAuthEvent& event, const std::string& what = {}) {
    ASSERT_TRUE(std::holds_alternative<AttemptAnswered>(event)) << what;
    expect_failure(std::get<AttemptAnswered>(event), what);
  }
  void expect_failure(const AttemptAnswered& answered, const std::string& what = {}) {
    EXPECT_EQ(answered.outcome, Outcome::failed) << what;
    EXPECT_EQ(answered.failures, auth().failures()) << what;
    EXPECT_FALSE(answered.last) << what;
    const auto failure = out.take_only<msg::UserauthFailure>();  // [4252-5.1-1]
    continuing = failure.authentications_that_can_continue.text;
    EXPECT_FALSE(failure.partial_success) << what;                  // [4252-5.1-5]
    EXPECT_EQ(continuing.find("none"), std::string::npos) << what;  // [4252-4-1]
  }
  // The application accepts, and FAILURE says that more is needed.
  void expect_partial(Payload bytes) {
    expect_attempt(std::move(bytes));
    const auto event = auth().decide(LoginDecision::accept);
    ASSERT_TRUE(std::holds_alternative<AttemptAnswered>(event));
    EXPECT_EQ(std::get<AttemptAnswered>(event).outcome, Outcome::partial);
    const auto failure = out.take_only<msg::UserauthFailure>();
    continuing = failure.authentications_that_can_continue.text;
    EXPECT_TRUE(failure.partial_success);  // [4252-5.1-4]
    EXPECT_FALSE(auth().done());
  }
  // The application accepts, and the user is in.
  LoginComplete expect_success(Payload bytes) {
    expect_attempt(std::move(bytes));
    const auto event = auth().decide(LoginDecision::accept);
    if (!std::holds_alternative<LoginComplete>(event)) throw std::runtime_error("not logged in");
    EXPECT_TRUE(out.take().empty());  // [4252-5.1-12]: the owner sends SUCCESS
    EXPECT_TRUE(auth().done());
    return std::get<LoginComplete>(event);
  }
  void expect_question(Payload bytes) {
    const auto answered = expect<AttemptAnswered>(std::move(bytes));
    EXPECT_EQ(answered.outcome, Outcome::postponed);
    const auto question = out.take_only<msg::UserauthInfoRequest>();
    EXPECT_EQ(question.request_name, "");
    EXPECT_EQ(question.instruction, "");
    EXPECT_EQ(question.language_tag, "");  // [4256-3.2-3]
    ASSERT_EQ(question.prompts.size(), 1u);
    EXPECT_EQ(question.prompts[0].prompt, "Password: ");  // [4256-3.2-10]
    EXPECT_FALSE(question.prompts[0].echo);
  }
  std::string error_of(Payload bytes) {
    return protocol_error_of([&] {
      receive(std::move(bytes));
      auth().end_if_exhausted();
    });
  }
};

}  // namespace glassh::test
