// Whole key exchanges between two transports, and what breaks them.
#include "transport/key_exchange.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "proto/messages_connection.h"
#include "test/support/kex_methods.h"
#include "test/support/transport_pair.h"
#include "transport/key_derivation.h"

namespace glassh {
namespace {

using test::feed;
using test::take_ready;
using test::TransportPair;
using test::TransportSide;

void enter_connection(TransportPair& pair) {
  pair.client.transport.request_service("ssh-userauth");
  pair.run();
  pair.client.transport.enter(Phase::connection);
  pair.server.transport.enter(Phase::connection);
}

Proposal only(const std::string& kex, const std::string& cipher, const std::string& mac) {
  Proposal proposal = default_proposal();
  if (!kex.empty()) proposal.kex = {kex};
  proposal.cipher_client_to_server = proposal.cipher_server_to_client = {cipher};
  if (!mac.empty()) proposal.mac_client_to_server = proposal.mac_server_to_client = {mac};
  return proposal;
}

// Packets in clear, one after the other.
std::vector<std::uint8_t> clear_packet(Bytes payload) {
  SeededRng rng(9);
  PacketWriter writer(rng);
  writer.send_payload(payload);
  return take_ready(writer);
}

TEST(KeyExchange,
     EveryMethodWithEveryCipherGivesBothSidesTheSameKeys) {  // [4253-7.2-3] [4253-8-5] [5656-4-7] [8731-3.1-1] keeps
  for (const auto kex : kex_names()) {
    for (const auto cipher : cipher_names()) {
      // The integers take their time; what a cipher needs of K and H is the same for all.
      const bool slow = kex.starts_with("diffie-hellman");
      if (slow && cipher != cipher_names().front() && cipher != cipher_names().back()) continue;
      TransportPair pair(only(std::string(kex), std::string(cipher), ""));
      pair.run();
      ASSERT_TRUE(pair.both_have_keys()) << kex << cipher << pair.client.error << pair.server.error;
      EXPECT_EQ(hex(pair.client.transport.session_id()), hex(pair.server.transport.session_id()));
      EXPECT_EQ(pair.client.transport.key_exchange().algorithms().kex, kex);
      enter_connection(pair);
      pair.client.transport.writer().send(msg::ChannelEof{7});
      pair.run();
      ASSERT_EQ(pair.server.payloads.size(), 1U) << kex << cipher;
    }
  }
}

TEST(KeyExchange, ChunksOfAnySizeGiveTheSameEvents) {
  std::vector<std::string> client_log, server_log;
  for (const std::size_t chunk : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{100}}) {
    TransportPair pair;
    pair.run(chunk);
    ASSERT_TRUE(pair.both_have_keys());
    if (client_log.empty()) {
      client_log = pair.client.log;
      server_log = pair.server.log;
    }
    EXPECT_EQ(pair.client.log, client_log) << chunk;
    EXPECT_EQ(pair.server.log, server_log) << chunk;
  }
}

TEST(KeyExchange, TheSessionIdentifierSurvivesARekey) {  // [4253-7.2-1] [4253-9-5] [4253-9-7] keeps
  TransportPair pair;
  pair.run();
  const std::string session_id = hex(pair.client.transport.session_id());
  enter_connection(pair);
  for (int i = 0; i < 3; ++i) {
    pair.client.transport.start_key_exchange();
    pair.run();
    pair.server.transport.start_key_exchange();
    pair.run();
    pair.client.transport.start_key_exchange();  // both at once
    pair.server.transport.start_key_exchange();
    pair.run();
  }
  EXPECT_EQ(pair.client.key_changes, 10U) << pair.client.error;
  EXPECT_TRUE(pair.both_have_keys());
  EXPECT_EQ(hex(pair.client.transport.session_id()), session_id);
  EXPECT_EQ(hex(pair.server.transport.session_id()), session_id);
}

TEST(KeyExchange,
     StrictModeRestartsSequenceNumbersAtEveryNewKeys) {  // [openssh-strict-kex-1.9-7] [openssh-strict-kex-1.9-8]
                                                         // [openssh-strict-kex-1.9-9]; past vulnerability 31
  TransportPair pair;
  pair.run();
  EXPECT_TRUE(pair.client.transport.key_exchange().strict());
  EXPECT_EQ(pair.client.transport.writer().sequence_number(), 0U);
  EXPECT_EQ(pair.server.transport.reader().sequence_number(), 0U);
  enter_connection(pair);
  EXPECT_GT(pair.client.transport.writer().sequence_number(), 0U);
  pair.server.transport.start_key_exchange();
  pair.run();
  EXPECT_EQ(pair.client.transport.writer().sequence_number(), 0U);
  EXPECT_EQ(pair.client.transport.reader().sequence_number(), 0U);
}

// Takes the strict marker out of the client's KEXINIT as the server sees it, which H then contradicts.
TEST(KeyExchange, ATamperedKexinitEndsIt) {  // [4253-8-5] breaks
  TransportPair pair;
  pair.tamper = [&](TransportSide& to, std::vector<std::uint8_t>& bytes) {
    const std::string marker = "kex-strict-c-v00@openssh.com";
    const auto at = std::search(bytes.begin(), bytes.end(), marker.begin(), marker.end());
    if (&to == &pair.server && at != bytes.end()) *at = 'K';
  };
  pair.run();
  EXPECT_NE(pair.client.error.find("signature over the exchange hash is wrong"), std::string::npos)
      << pair.client.error;
  EXPECT_EQ(pair.client.key_changes, 0U);
}

TEST(KeyExchange, AnyFlippedByteOfTheServersReplyEndsIt) {  // [4253-8-8] breaks; past vulnerabilities 6 and 7
  std::size_t reply_size = 0;
  for (std::size_t flip = 0; flip == 0 || flip < reply_size; flip += 3) {
    TransportPair pair;
    unsigned flights = 0;
    pair.tamper = [&](TransportSide& to, std::vector<std::uint8_t>& bytes) {
      if (&to != &pair.client || flights++ != 1) return;  // 0: identification and KEXINIT, 1: the reply
      reply_size = 4 + get_u32(bytes.data()) - bytes[4];  // up to the padding
      bytes[std::min(flip, reply_size - 1)] ^= 0x20;
    };
    pair.run();
    EXPECT_EQ(pair.client.key_changes, 0U) << flip;
  }
  EXPECT_GT(reply_size, 100U);
}

TEST(KeyExchange,
     NothingMayBeInsertedUnderStrictKeyExchange) {  // Terrapin: past vulnerabilities 25, 26, 28, 30;
                                                    // [openssh-strict-kex-1.9-4] [openssh-strict-kex-1.9-5]
                                                    // [openssh-strict-kex-1.9-6] breaks
  const std::vector<std::vector<std::uint8_t>> inserts{
      encode(msg::Ignore{}),         encode(msg::Debug{}),
      encode(msg::Unimplemented{}),  encode(msg::ServiceRequest{"ssh-userauth"}),
      encode(msg::ExtInfo{}),        encode(msg::ChannelEof{0}),
      std::vector<std::uint8_t>{50}, std::vector<std::uint8_t>{199}};
  for (const auto& insert : inserts) {
    for (unsigned flight = 0; flight < 2; ++flight) {
      for (const bool to_server : {true, false}) {
        TransportPair pair;
        unsigned flights = 0;
        pair.tamper = [&](TransportSide& to, std::vector<std::uint8_t>& bytes) {
          if ((&to == &pair.server) != to_server || flights++ != flight) return;
          const std::vector<std::uint8_t> packet = clear_packet(insert);
          // In the first flight behind the identification line, before KEXINIT; later in front.
          const auto line_end = flight == 0 ? std::find(bytes.begin(), bytes.end(), '\n') + 1 : bytes.begin();
          bytes.insert(line_end, packet.begin(), packet.end());
        };
        pair.run();
        EXPECT_EQ(to_server ? pair.server.key_changes : pair.client.key_changes, 0U)
            << int{insert[0]} << " flight " << flight;
        EXPECT_NE(to_server ? pair.server.error : pair.client.error, "") << int{insert[0]};
      }
    }
  }
}

TEST(KeyExchange, KexMessagesOutOfOrderEndIt) {  // [4253-7.1-32] breaks; past vulnerability 29
  TransportPair reference;
  const std::vector<std::uint8_t> kexinit = encode(msg::KexInit{});
  struct {
    std::vector<std::uint8_t> payload;
    std::string text;
  } const cases[] = {
      {encode(msg::NewKeys{}), "SSH_MSG_NEWKEYS: not expected while"},
      {encode(msg::KexEcdhInit{}), "message 30 belongs to no key exchange method that was negotiated"},
      {encode(msg::KexDhGexRequest{}), "message 34 may not come"},
      {encode(msg::KexEcdhReply{}), "message 31 may not come"},
  };
  for (const auto& [payload, text] : cases) {
    TransportPair pair;
    bool first = true;
    pair.tamper = [&, &insert = payload](TransportSide& to, std::vector<std::uint8_t>& bytes) {
      if (&to != &pair.server || !std::exchange(first, false)) return;
      const auto packet = clear_packet(insert);
      const auto line_end = std::find(bytes.begin(), bytes.end(), '\n') + 1;
      bytes.insert(line_end, packet.begin(), packet.end());
    };
    pair.run();
    EXPECT_NE(pair.server.error.find(text), std::string::npos) << pair.server.error;
  }
}

TEST(KeyExchange, ASecondKexinitEndsIt) {  // [4253-7.1-32] breaks
  TransportPair pair;
  pair.answers = false;  // the server stays in the exchange, waiting for its signature
  pair.tamper = [&](TransportSide& to, std::vector<std::uint8_t>& bytes) {
    if (&to != &pair.server || bytes[0] != 'S') return;
    const auto line_end = std::find(bytes.begin(), bytes.end(), '\n') + 1;
    const std::vector<std::uint8_t> kexinit(line_end, bytes.end());
    bytes.insert(bytes.end(), kexinit.begin(), kexinit.end());
  };
  pair.run();
  EXPECT_NE(pair.server.error.find("SSH_MSG_KEXINIT: not expected while the client's share is expected"),
            std::string::npos)
      << pair.server.error;
}

TEST(KeyExchange, AReservedWordThatIsNotZeroEndsIt) {  // [4253-7.1-29] breaks; past vulnerability 45
  TransportPair pair;
  pair.tamper = [&](TransportSide& to, std::vector<std::uint8_t>& bytes) {
    const auto line_end = std::find(bytes.begin(), bytes.end(), '\n');
    if (&to != &pair.server || bytes[0] != 'S') return;  // the flight that begins with the identification
    const std::size_t packet = static_cast<std::size_t>(line_end - bytes.begin()) + 1;
    const std::size_t reserved_end = packet + 4 + get_u32(&bytes[packet]) - bytes[packet + 4];
    bytes[reserved_end - 1] = 1;
  };
  pair.run();
  EXPECT_NE(pair.server.error.find("reserved is 1"), std::string::npos) << pair.server.error;
}

// A client that guesses: sets first_kex_packet_follows and sends a share right behind its KEXINIT. The wrong guesses
// are of a method that we have, and of one that we have not, whose first message has another number.
TEST(KeyExchange, AWrongGuessIsIgnoredOnceAndARightOneIsUsed) {  // [4253-7-3] [4253-7-4] [4253-7.1-26] [4253-7.1-28]
                                                                 // keeps; past vulnerability 40
  const std::string group_exchange = "diffie-hellman-group-exchange-sha256";
  for (const std::string& guess :
       {std::string("curve25519-sha256"), std::string("ecdh-sha2-nistp256"), group_exchange}) {
    const bool right = guess == "curve25519-sha256";
    Proposal server_proposal = default_proposal();
    server_proposal.kex = {"curve25519-sha256", "ecdh-sha2-nistp256"};
    SeededRng key_rng(3);
    const PrivateKey host_key = PrivateKey::generate("ssh-ed25519", key_rng);
    TransportSettings settings;
    settings.kex.role = Role::server;
    settings.kex.proposal = server_proposal;
    settings.kex.proposal.host_key = {"ssh-ed25519"};
    settings.kex.host_keys.push_back({"ssh-ed25519", copy_of(host_key.public_key().blob())});
    TransportSide server(settings, 5);

    SeededRng rng(6);
    PacketWriter writer(rng);
    writer.send_raw(bytes_of("SSH-2.0-guesser\r\n"));
    msg::KexInit kexinit;
    const std::string methods = guess + ",ecdh-sha2-nistp256";
    kexinit.kex_algorithms = {methods};
    kexinit.server_host_key_algorithms = {"ssh-ed25519"};
    kexinit.encryption_algorithms_client_to_server =
        kexinit.encryption_algorithms_server_to_client = {"aes128-gcm@openssh.com"};
    kexinit.compression_algorithms_client_to_server = kexinit.compression_algorithms_server_to_client = {"none"};
    kexinit.first_kex_packet_follows = true;
    writer.send(kexinit);
    auto method = make_kex_method("curve25519-sha256");
    const std::vector<std::uint8_t> share = copy_of(method->start(rng));
    const std::vector<std::uint8_t> rubbish(65, 4);
    if (guess == group_exchange) {
      writer.send(msg::KexDhGexRequest{});
    } else {
      writer.send(msg::KexEcdhInit{right ? Bytes(share) : Bytes(rubbish)});
    }

    feed(server.transport.reader(), take_ready(writer));
    auto event = server.transport.next_event();
    if (right) {
      ASSERT_TRUE(event && std::holds_alternative<SignatureWanted>(*event));
      continue;
    }
    EXPECT_FALSE(event);  // dropped; and the next one is taken for what it is
    auto nist = make_kex_method("ecdh-sha2-nistp256");
    const std::vector<std::uint8_t> nist_share = copy_of(nist->start(rng));
    writer.send(msg::KexEcdhInit{nist_share});
    feed(server.transport.reader(), take_ready(writer));
    event = server.transport.next_event();
    EXPECT_TRUE(event && std::holds_alternative<SignatureWanted>(*event));
  }
}

TEST(KeyExchange, SharesOfTheWrongLengthOrOrderEndIt) {  // [8731-3-2] [8731-3-4] [8731-3-5] [5656-4-2] [5656-4-3]
                                                         // breaks; past vulnerability 41
  for (const auto kex : kex_names()) {
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{31}, std::size_t{32}, std::size_t{33}, std::size_t{65}, std::size_t{20000}}) {
      auto method = test::any_kex_method(kex);
      SeededRng rng(1);
      const std::vector<std::uint8_t> zeros(size, 0);
      try {
        method->respond(zeros, rng);
        ADD_FAILURE() << kex << " took " << size << " zeros";
      } catch (const ProtocolError& error) {
        EXPECT_EQ(error.reason(), DisconnectReason::key_exchange_failed);
      }
    }
  }
}

TEST(KeyExchange, NothingIsReadWhileTheApplicationDecides) {
  TransportPair pair;
  pair.answers = false;
  pair.run();
  EXPECT_TRUE(pair.server.transport.key_exchange().waiting());
  EXPECT_EQ(pair.server.log, std::vector<std::string>{"signature wanted"});
  EXPECT_FALSE(pair.server.transport.next_event());
}

TEST(KeyExchange, AnotherHostKeyInALaterExchangeIsOfferedAgain) {  // [4253-9-6] keeps; past vulnerability 42
  TransportPair pair;
  pair.run();
  enter_connection(pair);
  SeededRng rng(50);
  pair.host_keys[0] = PrivateKey::generate("ssh-ed25519", rng);
  // The transport refers to its settings, so this is a server that changed its key.
  pair.server.settings.kex.host_keys[0].blob = copy_of(pair.host_keys[0].public_key().blob());
  pair.client.log.clear();
  pair.client.transport.start_key_exchange();
  pair.run();
  EXPECT_EQ(pair.client.log, (std::vector<std::string>{"host key offered", "new keys"})) << pair.client.error;
}

// Past vulnerability 42: and may be refused, in the middle of a session.
TEST(KeyExchange, AnotherHostKeyInALaterExchangeCanBeRefused) {
  TransportPair pair;
  pair.run();
  enter_connection(pair);
  SeededRng rng(50);
  pair.host_keys[0] = PrivateKey::generate("ssh-ed25519", rng);
  pair.server.settings.kex.host_keys[0].blob = copy_of(pair.host_keys[0].public_key().blob());
  pair.server.transport.start_key_exchange();
  pair.client.transport.writer().send(msg::ChannelEof{7});
  pair.refuses_host_keys = true;
  pair.run();
  EXPECT_EQ(pair.client.key_changes, 1U);
  EXPECT_EQ(pair.server.key_changes, 1U);
  EXPECT_TRUE(pair.client.transport.closed());
  ASSERT_TRUE(pair.server.disconnected);
  EXPECT_EQ(pair.server.disconnected->reason, DisconnectReason::host_key_not_verifiable);
}

// OpenSSH PROTOCOL.agent section 1: what an agent is shown is of the first exchange, whatever came later.
TEST(KeyExchange, TheProofOfTheSessionVerifiesAndSurvivesAnotherHostKey) {
  TransportPair pair;
  pair.run();
  const SessionProof proof = pair.client.transport.key_exchange().session_proof();
  EXPECT_EQ(hex(proof.session_id), hex(pair.client.transport.session_id()));
  const std::string algorithm = pair.client.transport.key_exchange().algorithms().host_key;
  EXPECT_TRUE(PublicKey::decode(proof.host_key).verify(algorithm, proof.session_id, proof.signature));
  enter_connection(pair);
  SeededRng rng(50);
  pair.host_keys[0] = PrivateKey::generate("ssh-ed25519", rng);
  pair.server.settings.kex.host_keys[0].blob = copy_of(pair.host_keys[0].public_key().blob());
  pair.client.transport.start_key_exchange();
  pair.run();
  ASSERT_TRUE(pair.both_have_keys()) << pair.client.error;
  EXPECT_EQ(hex(pair.client.transport.key_exchange().session_proof().host_key), hex(proof.host_key));
  EXPECT_EQ(hex(pair.client.transport.key_exchange().session_proof().signature), hex(proof.signature));
}

TEST(KeyDerivation, KeysAreExtendedByHashingAllBefore) {  // [4253-7.2-2] [4253-7.2-3] [4253-7.2-4] [4253-7.2-5] keeps
  const auto K = bytes_of("\0\0\0\1K");
  const auto H = bytes_of("exchange hash");
  const auto session_id = bytes_of("session");
  const Digest first = Hash(HashName::sha256).raw(K).raw(H).raw(bytes_of("C")).raw(session_id).finish();
  const Digest second = Hash(HashName::sha256).raw(K).raw(H).raw(first.bytes()).finish();
  const SecretBytes key = derive_key(HashName::sha256, K, H, 'C', session_id, 50);
  EXPECT_EQ(hex(key.reveal()), (hex(first.bytes()) + hex(second.bytes())).substr(0, 100));
  EXPECT_EQ(derive_key(HashName::sha256, K, H, 'A', session_id, 0).size(), 0U);
}

}  // namespace
}  // namespace glassh
