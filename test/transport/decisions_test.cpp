// What a transport decides and says about it: the notes of a trace, and the ends that only a broken peer or a broken
// application leads to.
#include <map>

#include <gmock/gmock.h>

#include "proto/messages_auth.h"
#include "test/support/transport_pair.h"

namespace glassh {
namespace {

using test::take_ready;
using test::TransportPair;
using testing::HasSubstr;
using testing::Not;

struct Notes : TraceSink {
  void packet(Direction, std::uint32_t, std::string_view, Bytes) override {}
  void note(std::string_view topic, std::string_view text) override {
    by_topic[std::string(topic)] += std::string(text) + "\n";
    all += std::string(text) + "\n";
  }
  std::map<std::string, std::string> by_topic;
  std::string all;
};

struct NotedPair {
  explicit NotedPair(const Proposal& proposal = default_proposal()) : pair(proposal, 1, &client_notes, &server_notes) {
    pair.client.settings.kex.key_log = [this](const auto&, const auto&, Bytes K, Bytes ephemeral) {
      secrets = {hex(K), hex(ephemeral)};
    };
    pair.run();
  }
  Notes client_notes, server_notes;
  std::vector<std::string> secrets;
  TransportPair pair;
};

TEST(Decisions, WhatWasChosenIsNotedAndWhatLost) {
  Proposal proposal = default_proposal();
  proposal.kex = {"curve25519-sha256", "ecdh-sha2-nistp256"};
  proposal.host_key = {"rsa-sha2-512", "ssh-ed25519"};  // the server has no RSA key
  proposal.cipher_client_to_server = {"aes128-ctr"};
  proposal.cipher_server_to_client = {"aes128-gcm@openssh.com"};
  proposal.mac_client_to_server = {"hmac-sha2-256"};
  const NotedPair noted(proposal);
  for (const auto* notes : {&noted.client_notes, &noted.server_notes}) {
    const std::string& text = notes->by_topic.at("negotiation");
    EXPECT_THAT(text,
                HasSubstr("key exchange: curve25519-sha256\n    lower on the client's list: ecdh-sha2-nistp256\n"));
    EXPECT_THAT(text, HasSubstr("host key: ssh-ed25519\n    preferred by the client, but lost: rsa-sha2-512"));
    EXPECT_THAT(text, HasSubstr("cipher, client to server: aes128-ctr\n"));
    EXPECT_THAT(text, HasSubstr("MAC, client to server: hmac-sha2-256\n"));
    EXPECT_THAT(text, HasSubstr("MAC, server to client: none, for the cipher brings its own\n"));
    EXPECT_THAT(text, HasSubstr("strict key exchange: yes"));
  }
}

TEST(Decisions, TheExchangeHashIsNotedWithoutASecret) {
  Proposal proposal = default_proposal();
  proposal.kex = {"curve25519-sha256"};  // what the key log has of it are K and a private key
  const NotedPair noted(proposal);
  ASSERT_EQ(noted.secrets.size(), 2U);
  const std::string session_id = hex(noted.pair.client.transport.session_id());
  for (const auto* notes : {&noted.client_notes, &noted.server_notes}) {
    const std::string& text = notes->by_topic.at("exchange hash");
    EXPECT_THAT(text, HasSubstr("V_C = \"SSH-2.0-"));
    EXPECT_THAT(text, HasSubstr("H   = " + session_id + " (this is also the session identifier)"));
    for (const std::string& secret : noted.secrets) {
      ASSERT_GE(secret.size(), 64U);
      EXPECT_THAT(notes->all, Not(HasSubstr(secret)));
    }
  }
  EXPECT_THAT(noted.client_notes.by_topic.at("host key"), HasSubstr("its ssh-ed25519 signature over H is right"));
}

// The signature is right for the key that is not shown; what was negotiated says which type must be.
TEST(Decisions, AHostKeyOfAnotherTypeThanNegotiatedEndsIt) {
  TransportPair pair;
  SeededRng rng(7);
  const PrivateKey other = PrivateKey::generate("ecdsa-sha2-nistp256", rng);
  pair.server.settings.kex.host_keys[0].blob = copy_of(other.public_key().blob());
  pair.run();
  EXPECT_THAT(pair.client.error, HasSubstr("K_S is of type ecdsa-sha2-nistp256, but ssh-ed25519 was negotiated"));
  EXPECT_EQ(pair.client.log, std::vector<std::string>{});
}

TEST(Decisions, AServerWithoutTheKeyThatItOffersIsAMistakeOfItsOwn) {
  TransportPair pair;
  pair.server.settings.kex.host_keys.clear();
  EXPECT_THROW(pair.run(), std::logic_error);
}

TEST(Decisions, AServiceThatWasNotAskedForEndsIt) {
  for (const bool asked : {false, true}) {
    TransportPair pair;
    pair.run();
    if (asked) {
      pair.client.transport.request_service("ssh-userauth");
      take_ready(pair.client.transport.writer());  // on its way
    }
    pair.server.transport.writer().send(msg::ServiceAccept{asked ? "ssh-connection" : "ssh-userauth"});
    pair.run();
    EXPECT_THAT(pair.client.error, HasSubstr("which was not asked for")) << asked;
  }
}

TEST(Decisions, ARefusalNamesThePhase) {
  const std::pair<Phase, std::string> cases[] = {{Phase::service, "the service request"},
                                                 {Phase::authentication, "authentication"},
                                                 {Phase::connection, "the connection protocol"}};
  for (const auto& [phase, words] : cases) {
    TransportPair pair;
    pair.run();
    pair.server.transport.enter(phase);
    pair.client.transport.writer().send(msg::ServiceAccept{"ssh-userauth"});  // no client says that
    pair.run();
    EXPECT_EQ(pair.server.error, "SSH_MSG_SERVICE_ACCEPT (6) may not come during " + words);
  }
  EXPECT_EQ(phase_text(Phase::first_key_exchange), "the first key exchange");
}

// What a password's length would tell: steps of 64 bytes, whatever the payload. RFC 5647 section 7.2 [5647-7.2-1]
// keeps.
TEST(Decisions, AHiddenLengthShowsInStepsOnly) {
  std::map<std::size_t, std::size_t> sizes;
  for (std::size_t size = 1; size <= 200; ++size) {
    SeededRng rng(1);
    PacketWriter writer(rng);
    writer.begin(size)[0] = 50;
    writer.finish(size, PacketWriter::Length::hidden);
    const std::vector<std::uint8_t> packet = take_ready(writer);
    ++sizes[packet.size()];
    EXPECT_EQ(packet.size(), 5 + size + packet[4]) << "padding_length says how much there is";
    EXPECT_GE(packet[4], 4U);
  }
  EXPECT_EQ(sizes.size(), 4U) << "200 lengths in steps of 64";
}

}  // namespace
}  // namespace glassh
