// A ClientAuth with two keys, whose server is the test: it takes what was sent and answers by hand.
//
//   struct MyTest : ClientAuthTest {};  TEST_F(MyTest, …) { start("password"); …  receive(msg::UserauthSuccess{}); }
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "auth/client_auth.h"
#include "test/support/plain_packets.h"
#include "test/support/test_keys.h"

namespace glassh::test {

struct ClientAuthTest : testing::Test {
  const std::vector<std::uint8_t> session_id = std::vector<std::uint8_t>(32, 0x5a);
  const std::vector<std::uint8_t> host_key = copy_of(test_key("ecdsa").public_key().blob());
  PlainWriter out;
  PrivateKey ed25519 = test_key("ed25519");
  PrivateKey rsa = test_key("rsa2048");
  std::vector<std::string> server_sig_algs;
  bool server_takes_host_bound = false;
  std::vector<std::optional<Credential>> identities{Credential(ed25519.public_key()), Credential(rsa.public_key())};
  ClientAuthSettings settings{
      .user = "alice", .accepted_algorithms = {"ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256"}};
  std::unique_ptr<ClientAuth> made;
  Payload payload;

  ClientAuth& auth() {
    if (made == nullptr) {
      const ClientAuthServer server{session_id, host_key, &server_sig_algs, server_takes_host_bound};
      made = std::make_unique<ClientAuth>(settings, server, out.writer, nullptr);
    }
    return *made;
  }
  // IdentitiesWanted is answered here, for it is always the same.
  std::optional<ClientAuthEvent> with_identities(std::optional<ClientAuthEvent> event) {
    if (!event || !std::holds_alternative<IdentitiesWanted>(*event)) return event;
    return auth().provide_identities(identities);
  }
  template <class M>
  std::optional<ClientAuthEvent> receive(const M& message) {
    payload = encode(message);
    return with_identities(auth().on_payload(payload));
  }
  template <class M>
  std::string error_of(const M& message) {
    return protocol_error_of([&] { receive(message); });
  }
  std::optional<ClientAuthEvent> fail(std::string_view methods = "publickey", bool partial_success = false) {
    return receive(msg::UserauthFailure{NameList{methods}, partial_success});
  }
  // Sends `none` and has it refused.
  std::optional<ClientAuthEvent> start(std::string_view methods = "publickey") {
    auth().start();
    out.take();
    return fail(methods);
  }
  // The fields of the request that was sent, and nothing else, for that method.
  template <class Tail>
  Tail expect_request() {
    const auto request = out.take_only<msg::UserauthRequest>();
    EXPECT_EQ(request.user_name, "alice");
    EXPECT_EQ(request.service_name, "ssh-connection");
    EXPECT_EQ(request.method_name, Tail::name);
    return decode<Tail>(request.method_fields.bytes);
  }
  msg::PublicKeyRequest expect_query(const PublicKey& key, std::string_view algorithm) {
    const auto tail = expect_request<msg::PublicKeyRequest>();
    EXPECT_FALSE(tail.has_signature);
    EXPECT_EQ(tail.algorithm, algorithm);
    EXPECT_TRUE(equal(tail.public_key, key.blob()));
    return tail;
  }
  // Takes the query and has it accepted.
  UserSignatureWanted reach_signature(const PublicKey& key, std::string_view algorithm) {
    expect_query(key, algorithm);
    const auto event = receive(msg::UserauthPkOk{algorithm, key.blob()});
    if (!event) throw std::runtime_error("no UserSignatureWanted");
    return std::get<UserSignatureWanted>(*event);
  }
  // Takes the query, has it accepted, and sends the signature, which is taken as well.
  void sign(const PrivateKey& key, std::string_view algorithm) {
    const UserSignatureWanted wanted = reach_signature(key.public_key(), algorithm);
    EXPECT_FALSE(auth().provide_signature(key.sign(wanted.algorithm, wanted.data)));
    out.take();
  }
};

template <class Event>
bool is(const std::optional<ClientAuthEvent>& event) {
  return event && std::holds_alternative<Event>(*event);
}

}  // namespace glassh::test
