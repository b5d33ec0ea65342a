// Servers that mean ill, against the client's whole core: past vulnerabilities 6 and 7. Whatever they send and
// whenever, the client says nothing of the user, and asks the user for nothing, before the server has proved its host
// key and the keys are in use.
#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "client/client_connection.h"
#include "proto/messages_connection.h"
#include "test/support/plain_packets.h"
#include "test/support/transport_pair.h"

namespace glassh {
namespace {

using test::Payload;

constexpr std::string_view identification = "SSH-2.0-evil\r\n";

std::shared_ptr<const ClientConnectionSettings> settings() {
  auto its = std::make_shared<ClientConnectionSettings>();
  its->transport.kex.role = Role::client;
  its->transport.kex.proposal = default_proposal();
  its->transport.kex.proposal.host_key = {"ssh-ed25519", "ecdsa-sha2-nistp256"};
  its->auth.user = "alice";
  its->auth.methods = {"password", "keyboard-interactive", "publickey"};
  its->auth.accepted_algorithms = {"ssh-ed25519"};
  return its;
}

// What a server could hope to get a secret for, each well-formed.
std::vector<Payload> lures() {
  std::vector<Payload> list = {
      encode(msg::ServiceAccept{"ssh-userauth"}),
      encode(msg::ServiceAccept{"ssh-connection"}),
      encode(msg::UserauthFailure{NameList{"password,keyboard-interactive,publickey"}, false}),
      encode(msg::UserauthFailure{NameList{"password"}, true}),
      encode(msg::UserauthSuccess{}),
      encode(msg::UserauthBanner{"Password: ", ""}),
      encode(msg::UserauthInfoRequest{"", "", "", {{"Password: ", false}}}),
      encode(msg::UserauthPasswdChangereq{"Old password: ", ""}),
      encode(msg::GlobalRequest{"hostkeys-00@openssh.com", true, {}}),
      encode(msg::ChannelOpen{"session", 0, 1 << 20, 1 << 15, {}}),
  };
  for (int number = 1; number < 256; ++number) list.push_back({static_cast<std::uint8_t>(number), 0, 0, 0, 0, 0, 0, 0});
  return list;
}

struct Victim {
  SeededRng rng{3};
  ClientConnection client{settings(), rng};
  std::optional<HostKeyOffered> offered;
  std::vector<std::uint8_t> offered_key;  // the latest
  bool trusted = false;                   // what the user would answer
  bool asked = false;                     // for anything but the host key
  std::optional<PrivateKey> identity;     // if there is one, such questions are answered with it
  std::optional<Disconnected> end;

  Victim() { client.set_now(TimePoint{} + std::chrono::hours(1)); }

  // Hands bytes in and takes what follows.
  void hear(Bytes bytes) {
    while (!bytes.empty() && !client.closed() && !client.waiting()) {
      const MutableBytes space = client.space();
      const std::size_t size = std::min(space.size(), bytes.size());
      std::copy_n(bytes.begin(), size, space.begin());
      client.filled(size);
      bytes = bytes.subspan(size);
      pull();
    }
  }
  void pull() {
    while (auto event = client.next_event()) {
      if (auto* host_key = std::get_if<HostKeyOffered>(&*event)) {
        offered = *host_key;
        offered_key = copy_of(host_key->host_key);
        if (trusted) client.accept_host_key();
      } else if (auto* disconnected = std::get_if<Disconnected>(&*event)) {
        end = *disconnected;
      } else if (identity && std::holds_alternative<IdentitiesWanted>(*event)) {
        client.provide_identities({Credential(identity->public_key())});
      } else if (auto* wanted = std::get_if<UserSignatureWanted>(&*event); identity && wanted != nullptr) {
        client.provide_user_signature(identity->sign(wanted->algorithm, wanted->data));
      } else if (!std::holds_alternative<KeysChanged>(*event) && !std::holds_alternative<DebugArrived>(*event)) {
        asked = true;
      }
    }
  }
  std::vector<std::uint8_t> said() {
    std::vector<std::uint8_t> bytes;
    for (const Bytes part : client.ready()) bytes.insert(bytes.end(), part.begin(), part.end());
    client.written(bytes.size());
    return bytes;
  }
};

// The numbers of the messages in a stream without keys, behind the identification.
std::vector<std::uint8_t> numbers_in(Bytes stream) {
  const std::string_view text = text_of(stream);
  const std::size_t line = text.find('\n');
  PacketReader reader;
  std::vector<std::uint8_t> numbers;
  test::feed(reader, stream.subspan(line + 1));
  while (const auto payload = reader.next_payload()) numbers.push_back((*payload)[0]);
  return numbers;
}

bool tells_nothing(std::uint8_t number) {
  return number == message_number::kexinit || number == message_number::kex_ecdh_init ||
         number == message_number::disconnect || number == message_number::unimplemented;
}

// Past vulnerability 6: a client that took SERVICE_ACCEPT or a question before NEWKEYS sent its password in the clear.
TEST(MaliciousServer, BeforeTheKeysNothingLuresASecretOut) {
  for (const bool after_kexinit : {false, true}) {
    for (const Payload& lure : lures()) {
      Victim victim;
      test::PlainWriter server;
      server.writer.send_raw(bytes_of(identification));
      if (after_kexinit) {
        TransportSettings honest;
        honest.kex.role = Role::server;
        honest.kex.proposal = settings()->transport.kex.proposal;
        SeededRng rng(4);
        Transport transport(honest, rng, nullptr);
        victim.hear(test::take_ready(transport.writer()));  // its identification and its KEXINIT
        test::take_ready(server.writer);
      }
      for (int times = 0; times < 3; ++times) server.writer.send_payload(lure);
      victim.hear(test::take_ready(server.writer));
      EXPECT_FALSE(victim.asked) << int{lure[0]};
      EXPECT_FALSE(victim.offered) << int{lure[0]};
      for (const std::uint8_t number : numbers_in(victim.said())) EXPECT_TRUE(tells_nothing(number)) << int{number};
    }
  }
}

// A server whose key exchange is right, up to its signature.
struct Handshake {
  SeededRng rng{4};
  PrivateKey host_key = PrivateKey::generate("ssh-ed25519", rng);
  TransportSettings its;
  std::optional<Transport> server;
  Victim victim;

  Handshake() {
    its.kex.role = Role::server;
    its.kex.proposal = settings()->transport.kex.proposal;
    its.kex.host_keys = {{"ssh-ed25519", copy_of(host_key.public_key().blob())}};
    server.emplace(its, rng, nullptr);
    server->set_now(TimePoint{} + std::chrono::hours(1));
  }
  // Until nothing moves; `sign` makes the signature over H.
  template <class Sign>
  void run(Sign sign) {
    for (int round = 0; round < 10; ++round) {
      victim.hear(test::take_ready(server->writer()));
      const std::vector<std::uint8_t> said = victim.said();
      if (!said.empty()) test::feed(server->reader(), said);
      try {
        while (auto event = server->next_event()) {
          if (auto* wanted = std::get_if<SignatureWanted>(&*event)) {
            server->provide_signature(sign(wanted->exchange_hash));
          } else if (auto* arrived = std::get_if<PayloadArrived>(&*event)) {
            heard.push_back(copy_of(arrived->payload));
          } else if (std::holds_alternative<ServiceRequested>(*event)) {
            service_requested = true;
          }
        }
      } catch (const ProtocolError&) {
        return;
      }
    }
  }
  std::vector<std::uint8_t> honest(Bytes hash) const { return host_key.sign("ssh-ed25519", hash); }

  std::vector<Payload> heard;  // 50 and up
  bool service_requested = false;
};

// Past vulnerability 7: no signature, another's, one for something else, under another name, or cut off.
TEST(MaliciousServer, WithoutProofOfItsKeyTheServerIsNotEvenOffered) {
  SeededRng rng(5);
  const PrivateKey other = PrivateKey::generate("ssh-ed25519", rng);
  using Sign = std::function<std::vector<std::uint8_t>(const Handshake&, Bytes)>;
  const std::pair<std::string, Sign> cases[] = {
      {"none", [](const Handshake&, Bytes) { return std::vector<std::uint8_t>(); }},
      {"another key's", [&](const Handshake&, Bytes hash) { return other.sign("ssh-ed25519", hash); }},
      {"of something else", [](const Handshake& h, Bytes hash) { return h.honest(hash.first(hash.size() - 1)); }},
      {"by another name",
       [](const Handshake& h, Bytes hash) {
         std::vector<std::uint8_t> signature = h.honest(hash);
         signature[4] = 'x';
         return signature;
       }},
      {"cut off",
       [](const Handshake& h, Bytes hash) {
         std::vector<std::uint8_t> signature = h.honest(hash);
         signature.pop_back();
         return signature;
       }},
      {"of zeros", [](const Handshake& h, Bytes hash) {
         std::vector<std::uint8_t> signature = h.honest(hash);
         std::fill(signature.end() - 64, signature.end(), std::uint8_t{0});
         return signature;
       }}};
  for (const auto& [name, sign] : cases) {
    Handshake handshake;
    handshake.victim.trusted = true;
    handshake.run([&handshake, &make = sign](Bytes hash) { return make(handshake, hash); });
    EXPECT_FALSE(handshake.victim.offered) << name;
    ASSERT_TRUE(handshake.victim.end) << name;
    EXPECT_FALSE(handshake.victim.end->by_peer) << name;
    EXPECT_FALSE(handshake.service_requested) << name;
    EXPECT_TRUE(handshake.heard.empty()) << name;
  }
}

TEST(MaliciousServer, AProofIsOfferedAndNothingIsSaidUntilItIsTrusted) {  // what the cases above differ from
  for (const bool trusted : {false, true}) {
    Handshake handshake;
    handshake.victim.trusted = trusted;
    handshake.run([&handshake](Bytes hash) { return handshake.honest(hash); });
    EXPECT_TRUE(handshake.victim.offered);
    EXPECT_EQ(handshake.service_requested, trusted);
    EXPECT_EQ(handshake.heard.size(), trusted ? 1u : 0u);  // `none`
  }
}

// With keys but before it has been asked for anything: the login has not begun, so nothing of it may arrive.
TEST(MaliciousServer, BeforeTheServiceIsAcceptedNoQuestionIsHeard) {
  for (const Payload& lure : lures()) {
    if (lure[0] == message_number::service_accept || lure[0] < 50) continue;
    Handshake handshake;
    handshake.victim.trusted = true;
    bool lured = false;
    // The client asks for the service with its first sealed packet; the lure goes out instead of the answer.
    for (int round = 0; round < 10 && !handshake.victim.end; ++round) {
      handshake.victim.hear(test::take_ready(handshake.server->writer()));
      if (handshake.victim.client.transport().phase() == Phase::service && !std::exchange(lured, true)) {
        handshake.server->writer().send_payload(lure);
        continue;
      }
      const std::vector<std::uint8_t> said = handshake.victim.said();
      if (lured) break;
      if (!said.empty()) test::feed(handshake.server->reader(), said);
      while (auto event = handshake.server->next_event()) {
        if (auto* wanted = std::get_if<SignatureWanted>(&*event)) {
          handshake.server->provide_signature(handshake.honest(wanted->exchange_hash));
        }
      }
    }
    ASSERT_TRUE(lured) << int{lure[0]};
    EXPECT_FALSE(handshake.victim.asked) << int{lure[0]};
    EXPECT_NE(handshake.victim.client.transport().phase(), Phase::authentication) << int{lure[0]};
    EXPECT_NE(handshake.victim.client.transport().phase(), Phase::connection) << int{lure[0]};
  }
}

// OpenSSH PROTOCOL section 3.1: the host key in a login's request is the one that the first exchange proved. A server
// that changes it meanwhile, to a longer one, gets neither that one in nor what lies behind the place of the first.
TEST(MaliciousServer, AnotherHostKeyInTheMiddleOfTheLoginGetsIntoNoRequest) {
  Handshake handshake;
  SeededRng rng(6);
  handshake.victim.trusted = true;
  handshake.victim.identity = PrivateKey::generate("ssh-ed25519", rng);
  const Bytes identity = handshake.victim.identity->public_key().blob();
  handshake.run([&handshake](Bytes hash) { return handshake.honest(hash); });
  ASSERT_EQ(handshake.heard.size(), 1U);  // `none`

  const PrivateKey second = PrivateKey::generate("ecdsa-sha2-nistp256", rng);
  const auto sign_with_second = [&second](Bytes hash) { return second.sign("ecdsa-sha2-nistp256", hash); };
  handshake.its.kex.proposal.host_key = {"ecdsa-sha2-nistp256"};  // the transport refers to its settings
  handshake.its.kex.host_keys = {{"ecdsa-sha2-nistp256", copy_of(second.public_key().blob())}};
  handshake.server->start_key_exchange();
  handshake.run(sign_with_second);
  ASSERT_TRUE(equal(handshake.victim.offered_key, second.public_key().blob()));

  PacketWriter& writer = handshake.server->writer();
  writer.send(msg::UserauthFailure{NameList{"publickey"}, false});
  handshake.run(sign_with_second);
  ASSERT_EQ(handshake.heard.size(), 2U);
  writer.send(msg::UserauthPkOk{"ssh-ed25519", identity});
  handshake.run(sign_with_second);
  ASSERT_EQ(handshake.heard.size(), 3U);
  const auto request = decode<msg::UserauthRequest>(handshake.heard.back());
  ASSERT_EQ(request.method_name, msg::PublicKeyHostboundRequest::name);
  const auto fields = decode<msg::PublicKeyHostboundRequest>(request.method_fields.bytes);
  EXPECT_EQ(hex(fields.server_host_key), hex(handshake.host_key.public_key().blob()));
}

}  // namespace
}  // namespace glassh
