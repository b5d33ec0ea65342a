// Key exchange after key exchange on one connection, while data flows: RFC 4253 section 9.
#include <gtest/gtest.h>

#include "crypto/keys/key_type.h"
#include "proto/messages_connection.h"
#include "test/support/kex_methods.h"
#include "test/support/transport_pair.h"
#include "transport/kex_messages.h"
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

// Numbered data in both directions. What arrives is checked against what was sent, in order and complete.
class Traffic {
 public:
  explicit Traffic(TransportPair& pair) : pair_(pair) {}
  void send(TransportSide& from) {
    std::uint32_t& number = &from == &pair_.client ? to_server_ : to_client_;
    std::vector<std::uint8_t> data(4 + number % 300);
    put_u32(data.data(), number++);
    from.transport.writer().send(msg::ChannelData{1, data});
  }
  void expect_all_arrived() {
    expect_arrived(pair_.server, to_server_, checked_at_server_);
    expect_arrived(pair_.client, to_client_, checked_at_client_);
  }

 private:
  static void expect_arrived(TransportSide& at, std::uint32_t sent, std::uint32_t& checked) {
    for (const auto& payload : at.payloads) {
      const auto message = decode<msg::ChannelData>(payload);
      ASSERT_EQ(message.data.size(), 4 + checked % 300);
      ASSERT_EQ(get_u32(message.data.data()), checked);
      ++checked;
    }
    ASSERT_EQ(checked, sent) << at.error;
    at.payloads.clear();
    at.log.clear();
  }

  TransportPair& pair_;
  std::uint32_t to_server_ = 0, to_client_ = 0, checked_at_server_ = 0, checked_at_client_ = 0;
};

void start(TransportPair& pair, unsigned who) {  // 0: the client, 1: the server, 2: both at once
  if (who != 1) pair.client.transport.start_key_exchange();
  if (who != 0) pair.server.transport.start_key_exchange();
}

std::string ciphers_for(unsigned round) {
  const auto& names = cipher_names();
  return std::string(names[round % names.size()]);
}

// Which method the n-th exchange has: all hash lengths take turns; large integers come by now and then, since 8192 bits
// cost as much as a hundred curves, and so do the hybrids, whose K is a string.
std::string method_for(unsigned round) {
  if (round % 250 == 249) return "diffie-hellman-group18-sha512";
  if (round % 100 == 99) return "diffie-hellman-group16-sha512";
  if (round % 50 == 49) return "diffie-hellman-group-exchange-sha256";
  if (round % 25 == 24) return "diffie-hellman-group14-sha256";
  if (round % 50 == 20) return "sntrup761x25519-sha512";
  if (round % 50 == 45) return "mlkem768x25519-sha256";
  constexpr std::string_view fast[] = {"curve25519-sha256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521",
                                       "ecdh-sha2-nistp256"};
  return std::string(fast[round % std::size(fast)]);
}

// [4253-7.3-1] [4253-7.3-2] [4253-7.3-3] [4253-9-1] [4253-9-2] [4253-9-3] [4253-9-4] [4253-9-5] [4253-9-6] [4253-9-7]
// [4253-9-9] [4253-7.1-30] [4253-7.1-34] keeps; past vulnerabilities 31 and 39: hashes of 32, 48 and 64 bytes after one
// another, each cipher, either side.
TEST(Rekeys, AThousandOnOneConnectionAcrossMethodsWhileDataFlows) {
  TransportPair pair;
  pair.run();
  enter_connection(pair);
  const std::string session_id = hex(pair.client.transport.session_id());
  pair.client.payloads.clear();
  Traffic traffic(pair);
  unsigned budget = 0;
  pair.tamper = [&](TransportSide& to, std::vector<std::uint8_t>&) {
    if (budget == 0) return;
    --budget;
    traffic.send(to);  // in the middle of the exchange; it is held until NEWKEYS
  };
  constexpr unsigned rounds = 1000;
  for (unsigned round = 0; round < rounds; ++round) {
    SCOPED_TRACE(round);
    for (TransportSide* const side : {&pair.client, &pair.server}) {
      Proposal& proposal = side->settings.kex.proposal;  // the transport refers to its settings
      proposal.kex = {method_for(round)};
      proposal.cipher_client_to_server = {ciphers_for(round)};
      proposal.cipher_server_to_client = {ciphers_for(round / 2)};
      traffic.send(*side);  // on its way when the exchange begins
    }
    start(pair, round % 3);
    traffic.send(pair.client);
    traffic.send(pair.server);
    budget = 4;
    pair.run(round % 5 == 0 ? 1 + round % 97 : 0);
    ASSERT_EQ(pair.client.key_changes, round + 2) << pair.client.error << pair.server.error;
    ASSERT_EQ(pair.server.key_changes, round + 2);
    ASSERT_EQ(pair.client.transport.key_exchange().algorithms().kex, method_for(round));
    ASSERT_NO_FATAL_FAILURE(traffic.expect_all_arrived());
  }
  EXPECT_EQ(hex(pair.client.transport.session_id()), session_id);
  EXPECT_EQ(hex(pair.server.transport.session_id()), session_id);
}

// Past vulnerability 31: with every cipher three in each direction; strict key exchange restarts the sequence numbers
// at each of them, and only the first has to be the first packet. [openssh-strict-kex-1.9-7] [openssh-strict-kex-1.9-8]
// [openssh-strict-kex-1.9-9] keeps
TEST(Rekeys, ThreeInEachDirectionWithEveryCipherUnderStrictKeyExchange) {
  for (const std::string_view cipher : cipher_names()) {
    SCOPED_TRACE(std::string(cipher));
    Proposal proposal = default_proposal();
    proposal.kex = {"curve25519-sha256"};
    proposal.cipher_client_to_server = proposal.cipher_server_to_client = {std::string(cipher)};
    TransportPair pair(proposal);
    pair.run();
    ASSERT_TRUE(pair.client.transport.key_exchange().strict());
    enter_connection(pair);
    Traffic traffic(pair);
    for (const unsigned who : {0U, 0U, 0U, 1U, 1U, 1U}) {
      traffic.send(pair.client);
      traffic.send(pair.server);
      start(pair, who);
      pair.run();
      EXPECT_EQ(pair.client.transport.writer().sequence_number(), 0U);
      EXPECT_EQ(pair.server.transport.writer().sequence_number(), 0U);
      traffic.send(pair.client);
      traffic.send(pair.server);
      pair.run();
    }
    EXPECT_EQ(pair.client.key_changes, 7U) << pair.client.error << pair.server.error;
    EXPECT_TRUE(pair.both_have_keys());
    ASSERT_NO_FATAL_FAILURE(traffic.expect_all_arrived());
  }
}

// ----------------------------------------------------------------------------------------------------------------
// A client that guesses wrong at every key exchange, which ours never does; so it is played here, keys and all.

class GuessingClient {
 public:
  GuessingClient() : server_(server_settings(), 5) { writer_.send_raw(bytes_of(version + "\r\n")); }

  // One whole key exchange. `guess` is listed first, and its first message follows KEXINIT at once.
  void exchange_keys(const std::string& guess, const std::string& right) {
    server_.settings.kex.proposal.kex = {right};
    const std::string methods = guess + "," + right;
    const std::vector<std::uint8_t> I_C = send_kexinit(methods);
    SeededRng guess_rng(8);
    send_init(writer_, kex_family(guess), make_kex_method(guess)->start(guess_rng));
    const auto method = make_kex_method(right);
    const std::vector<std::uint8_t> share = copy_of(method->start(rng_));
    send_init(writer_, kex_family(right), share);
    run();
    ASSERT_EQ(server_.error, "");
    ASSERT_EQ(received_.size(), 3U);  // KEXINIT, the reply, NEWKEYS; nothing for the guess
    const std::vector<std::uint8_t> I_S = received_[0];
    const KexReply reply = decode_reply(kex_family(right), received_[1]);
    method->finish(reply.share);
    const SecretBytes K = encode_shared_secret(*method);
    Hash hash(method->hash());
    hash.string(bytes_of(version)).string(bytes_of(server_version_)).string(I_C).string(I_S).string(reply.K_S);
    if (method->shares_are_mpints()) {
      hash.mpint(share).mpint(reply.share);
    } else {
      hash.string(share).string(reply.share);
    }
    const Digest H = hash.raw(K.reveal()).finish();
    ASSERT_TRUE(host_key_.public_key().verify("ssh-ed25519", H.bytes(), reply.signature));
    if (session_id_.empty()) session_id_ = copy_of(H.bytes());
    const auto keys = [&](char first) {
      const auto key = [&](int step, std::size_t size) {
        return derive_key(method->hash(), K.reveal(), H.bytes(), static_cast<char>(first + step), session_id_, size);
      };
      return CipherKeys{key(0, 12), key(2, 16), {}};
    };
    const CipherNames names{"aes128-gcm@openssh.com", ""};
    writer_.send(msg::NewKeys{});
    writer_.use(make_sealer(names, keys('A')), names.cipher, false);
    reader_.use(make_opener(names, keys('B')), names.cipher, false);
    received_.clear();
    run();
    ASSERT_EQ(server_.error, "");
    ++exchanges_;
    ASSERT_EQ(server_.key_changes, exchanges_);
  }
  // The first exchange's keys work: a service request is answered.
  void log_in() {
    writer_.send(msg::ServiceRequest{"ssh-userauth"});
    run();
    ASSERT_EQ(received_.size(), 1U) << server_.error;
    EXPECT_EQ(received_[0][0], message_number::service_accept);
    received_.clear();
    server_.transport.enter(Phase::connection);
  }
  TransportSide& server() { return server_; }
  std::size_t received() const { return received_.size(); }

 private:
  static TransportSettings server_settings() {
    SeededRng key_rng(3);
    TransportSettings settings;
    settings.kex.role = Role::server;
    settings.kex.proposal = default_proposal();
    settings.kex.proposal.kex = {"ecdh-sha2-nistp384"};  // of the first exchange, whose KEXINIT leaves at once
    settings.kex.proposal.host_key = {"ssh-ed25519"};
    settings.kex.host_keys.push_back(
        {"ssh-ed25519", copy_of(PrivateKey::generate("ssh-ed25519", key_rng).public_key().blob())});
    return settings;
  }
  std::vector<std::uint8_t> send_kexinit(const std::string& methods) {
    msg::KexInit kexinit;
    kexinit.kex_algorithms = {methods};
    kexinit.server_host_key_algorithms = {"ssh-ed25519"};
    kexinit.encryption_algorithms_client_to_server = {"aes128-gcm@openssh.com"};
    kexinit.encryption_algorithms_server_to_client = {"aes128-gcm@openssh.com"};
    kexinit.compression_algorithms_client_to_server = {"none"};
    kexinit.compression_algorithms_server_to_client = {"none"};
    kexinit.first_kex_packet_follows = true;
    writer_.send(kexinit);
    return encode(kexinit);
  }
  // Until nothing moves: our bytes to the server, its events, its bytes to us.
  void run() {
    for (auto bytes = take_ready(writer_); !bytes.empty(); bytes = take_ready(writer_)) {
      feed(server_.transport.reader(), bytes);
    }
    try {
      while (auto event = server_.transport.next_event()) {
        if (const auto* wanted = std::get_if<SignatureWanted>(&*event)) {
          server_.transport.provide_signature(host_key_.sign(wanted->host_key_algorithm, wanted->exchange_hash));
        }
        if (std::holds_alternative<KeysChanged>(*event)) ++server_.key_changes;
      }
    } catch (const ProtocolError& error) {
      server_.error = error.what();
    }
    feed(reader_, take_ready(server_.transport.writer()));
    if (server_version_.empty()) {
      server_version_ = *reader_.next_line(255);
      server_version_.pop_back();  // the CR
    }
    while (const auto payload = reader_.next_payload()) {
      received_.push_back(copy_of(*payload));
      if ((*payload)[0] == message_number::newkeys) break;  // what follows is under keys that we do not have yet
    }
  }

  const std::string version = "SSH-2.0-guesser";
  SeededRng key_rng_{3};
  PrivateKey host_key_ = PrivateKey::generate("ssh-ed25519", key_rng_);
  TransportSide server_;
  SeededRng rng_{6};
  PacketWriter writer_{rng_};
  PacketReader reader_;
  std::string server_version_;
  std::vector<std::uint8_t> session_id_;
  std::vector<std::vector<std::uint8_t>> received_;
  unsigned exchanges_ = 0;
};

// [4253-7-2] [4253-7-4] [4253-7.1-26] [4253-7.1-27] keeps; past vulnerability 40
TEST(Rekeys, AHundredWrongGuessesInARowAndThenARekey) {
  GuessingClient client;
  constexpr std::string_view methods[] = {"curve25519-sha256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp256",
                                          "ecdh-sha2-nistp521"};
  const auto method = [&](unsigned i) { return std::string(methods[i % std::size(methods)]); };
  ASSERT_NO_FATAL_FAILURE(client.exchange_keys(method(0), method(1)));
  client.log_in();
  for (unsigned i = 1; i < 100; ++i) {
    SCOPED_TRACE(i);
    const bool integers = i % 20 == 0;
    ASSERT_NO_FATAL_FAILURE(
        client.exchange_keys(method(i), integers ? "diffie-hellman-group14-sha256" : method(i + 1)));
  }
  ASSERT_NO_FATAL_FAILURE(client.exchange_keys("diffie-hellman-group16-sha512", "curve25519-sha256"));
  client.server().transport.start_key_exchange();  // the server's wish, answered with one more wrong guess
  ASSERT_NO_FATAL_FAILURE(client.exchange_keys("ecdh-sha2-nistp384", "curve25519-sha256"));
  EXPECT_EQ(client.server().key_changes, 102U);
}

}  // namespace
}  // namespace glassh
