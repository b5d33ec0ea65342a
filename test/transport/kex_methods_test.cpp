// Each method's messages and exchange hash, one side played by the test: RFC 4253 section 8, RFC 5656 section 4, RFC
// 4419 section 3.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/kex/moduli.h"
#include "test/support/kex_methods.h"
#include "test/support/transport_pair.h"
#include "test/support/vectors.h"
#include "transport/group_exchange.h"
#include "transport/kex_messages.h"
#include "transport/key_derivation.h"

namespace glassh {
namespace {

using test::feed;
using test::take_ready;
using test::TransportSide;
using testing::HasSubstr;

// The cookie first, then the ephemeral private key; all else is padding.
class CookieAndKeyRng final : public Rng {
 public:
  CookieAndKeyRng(Bytes cookie, Bytes key) : cookie_(cookie), key_(key) {}
  void fill(MutableBytes out) override {
    std::fill(out.begin(), out.end(), std::uint8_t{0});
    if (!cookie_.empty() && out.size() == cookie_.size()) std::copy(cookie_.begin(), cookie_.end(), out.begin());
    if (!cookie_.empty() && out.size() == cookie_.size()) cookie_ = {};
    if (out.size() == key_.size()) std::copy(key_.begin(), key_.end(), out.begin());
  }

 private:
  Bytes cookie_, key_;
};

TransportSettings settings_for(Role role, const std::string& kex) {
  TransportSettings settings;
  settings.kex.role = role;
  settings.kex.proposal.kex = {kex};
  settings.kex.proposal.host_key = {"ssh-ed25519"};
  settings.kex.proposal.cipher_client_to_server = {"aes128-gcm@openssh.com"};
  settings.kex.proposal.cipher_server_to_client = {"aes128-gcm@openssh.com"};
  settings.kex.proposal.mac_client_to_server = settings.kex.proposal.mac_server_to_client = {"hmac-sha2-256"};
  return settings;
}

// The other side of a connection as packets in clear.
class Script {
 public:
  explicit Script(std::string_view version) { writer.send_raw(bytes_of(std::string(version) + "\r\n")); }
  void send_kexinit(const std::string& kex, bool guesses = false) {
    msg::KexInit kexinit;
    kexinit.kex_algorithms = {kex};
    kexinit.server_host_key_algorithms = {"ssh-ed25519"};
    kexinit.encryption_algorithms_client_to_server = {"aes128-gcm@openssh.com"};
    kexinit.encryption_algorithms_server_to_client = {"aes128-gcm@openssh.com"};
    kexinit.compression_algorithms_client_to_server = {"none"};
    kexinit.compression_algorithms_server_to_client = {"none"};
    kexinit.first_kex_packet_follows = guesses;
    writer.send(kexinit);
  }
  template <class M>
  void send(const M& message) {
    writer.send(message);
  }
  // Everything so far arrives; the event, or the error's text in error.
  std::optional<TransportEvent> deliver(Transport& transport) {
    feed(transport.reader(), take_ready(writer));
    try {
      return transport.next_event();
    } catch (const ProtocolError& caught) {
      error = caught.what();
      reason = caught.reason();
      return std::nullopt;
    }
  }

  SeededRng rng{9};
  PacketWriter writer{rng};
  std::string error;
  DisconnectReason reason{};
};

// What a side sent: payloads in clear, the identification left out.
std::vector<std::vector<std::uint8_t>> payloads_of(PacketWriter& writer) {
  const std::vector<std::uint8_t> bytes = take_ready(writer);
  std::vector<std::vector<std::uint8_t>> payloads;
  auto at = bytes.begin();
  if (!bytes.empty() && *at == 'S') at = std::find(at, bytes.end(), '\n') + 1;
  while (at != bytes.end()) {
    const std::size_t length = get_u32(&*at);
    payloads.emplace_back(at + 5, at + 4 + static_cast<std::ptrdiff_t>(length) - at[4]);
    at += 4 + static_cast<std::ptrdiff_t>(length);
  }
  return payloads;
}

std::vector<std::uint8_t> without_zeros(Bytes number) {
  while (!number.empty() && number[0] == 0) number = number.subspan(1);
  return copy_of(number);
}

// [4253-8-5] [4253-4.2-10] [5656-4-7] [4419-3-10] [4253-8-7] keeps: a server between scripted messages wants that H
// signed which make_kex.py computed.
TEST(KexMethods, TheExchangeHashIsTheKnownOne) {
  unsigned hashes = 0;
  for (const VectorCase& vector : load_vectors("kex_hashes.vec")) {
    if (vector.section.starts_with("derive")) continue;
    SCOPED_TRACE(vector.place);
    TransportSettings settings = settings_for(Role::server, vector.section);
    settings.software_version = "glassh_known";
    settings.kex.host_keys.push_back({"ssh-ed25519", copy_of(vector["K_S"])});
    CookieAndKeyRng rng(vector["Cookie"], vector["Private"]);
    Transport server(settings, rng, nullptr);
    ASSERT_EQ(hex(vector["V_S"]), hex(bytes_of("SSH-2.0-glassh_known")));

    const KexFamily family = kex_family(vector.section);
    Script client(text_of(vector["V_C"]));
    client.writer.send_payload(vector["I_C"]);
    if (family == KexFamily::group_exchange) {
      std::vector<std::uint8_t> request = {message_number::kex_dh_gex_request};
      request.insert(request.end(), vector["Request"].begin(), vector["Request"].end());
      client.writer.send_payload(request);
      EXPECT_FALSE(client.deliver(server));
      const auto sent = payloads_of(server.writer());
      ASSERT_EQ(sent.size(), 2U) << client.error;
      EXPECT_EQ(hex(decode<msg::KexDhGexGroup>(sent[1]).p.magnitude), hex(vector["P"]));
    }
    send_init(client.writer, family, vector["ClientShare"]);
    const auto event = client.deliver(server);
    ASSERT_TRUE(event && std::holds_alternative<SignatureWanted>(*event)) << client.error;
    EXPECT_EQ(hex(std::get<SignatureWanted>(*event).exchange_hash), hex(vector["H"]));
    EXPECT_EQ(hex(server.session_id()), hex(vector["H"]));
    ++hashes;
  }
  EXPECT_EQ(hashes, 8U);
}

// [4253-7.2-2] [4253-7.2-3] [4253-7.2-4] [4253-7.2-5] [4419-4.2-1] keeps; past vulnerability 39: the session identifier
// may be of another length than the hash.
TEST(KexMethods, TheDerivedKeysAreTheKnownOnes) {
  unsigned keys = 0;
  for (const VectorCase& vector : load_vectors("kex_hashes.vec")) {
    if (!vector.section.starts_with("derive")) continue;
    SCOPED_TRACE(vector.place);
    const HashName hash = vector.section == "derive sha256"   ? HashName::sha256
                          : vector.section == "derive sha384" ? HashName::sha384
                                                              : HashName::sha512;
    const std::vector<std::uint8_t> K = [&] {
      Measurer measurer;
      measurer("K", Mpint{vector["K"]});
      std::vector<std::uint8_t> encoded(measurer.size);
      Encoder encoder(encoded.data());
      encoder("K", Mpint{vector["K"]});
      return encoded;
    }();
    const Bytes key = vector["Key"];
    EXPECT_EQ(
        hex(derive_key(hash, K, vector["H"], static_cast<char>(vector["Letter"][0]), vector["SessionId"], key.size())
                .reveal()),
        hex(key));
    ++keys;
  }
  EXPECT_EQ(keys, 63U);
}

// [4253-8-5] keeps: the reply's share is the one that was hashed, in each family's message.
TEST(KexMethods, EachFamilyHasItsOwnMessages) {
  struct {
    std::string kex;
    std::vector<int> client_numbers, server_numbers;
  } const cases[] = {{"ecdh-sha2-nistp384", {20, 30, 21}, {20, 31, 21}},
                     {"diffie-hellman-group14-sha256", {20, 30, 21}, {20, 31, 21}},
                     {"diffie-hellman-group-exchange-sha256", {20, 34, 32, 21}, {20, 31, 33, 21}}};
  for (const auto& [kex, client_numbers, server_numbers] : cases) {
    Proposal proposal = settings_for(Role::client, kex).kex.proposal;
    test::TransportPair pair(proposal);
    std::vector<int> sent[2];
    bool encrypted[2] = {false, false};
    pair.tamper = [&](TransportSide& to, std::vector<std::uint8_t>& bytes) {
      const std::size_t from = &to == &pair.server ? 0 : 1;
      auto at = bytes.begin();
      if (*at == 'S') at = std::find(at, bytes.end(), '\n') + 1;
      while (at != bytes.end() && !encrypted[from]) {
        sent[from].push_back(at[5]);
        encrypted[from] = at[5] == message_number::newkeys;
        at += 4 + static_cast<std::ptrdiff_t>(get_u32(&*at));
      }
    };
    pair.run();
    ASSERT_TRUE(pair.both_have_keys()) << kex << pair.client.error << pair.server.error;
    EXPECT_EQ(sent[0], client_numbers) << kex;
    EXPECT_EQ(sent[1], server_numbers) << kex;
  }
}

// ----------------------------------------------------------------------------------------------------------------
// group exchange, the server

const std::string gex = "diffie-hellman-group-exchange-sha256";

struct GexServer {
  explicit GexServer(std::shared_ptr<const std::vector<DhGroup>> groups = nullptr) : script("SSH-2.0-test") {
    TransportSettings settings = settings_for(Role::server, gex);
    SeededRng key_rng(3);
    settings.kex.host_keys.push_back(
        {"ssh-ed25519", copy_of(PrivateKey::generate("ssh-ed25519", key_rng).public_key().blob())});
    settings.kex.groups = std::move(groups);
    side = std::make_unique<TransportSide>(std::move(settings), 5);
    script.send_kexinit(gex);
    script.deliver(side->transport);
    payloads_of(side->transport.writer());  // its KEXINIT
  }
  // The bits of the group it answers with; 0 if it refuses.
  std::size_t ask(std::uint32_t min, std::uint32_t n, std::uint32_t max) {
    script.send(msg::KexDhGexRequest{min, n, max});
    script.deliver(side->transport);
    const auto sent = payloads_of(side->transport.writer());
    if (sent.empty()) return 0;
    const auto answer = decode<msg::KexDhGexGroup>(sent[0]);
    return make_group(answer.p.magnitude, answer.g.magnitude).bits;
  }

  Script script;
  std::unique_ptr<TransportSide> side;
};

// [4419-3-7] [4419-3-8] [8270-3-3] [8270-3-4] [8270-3-5] [8270-4-1] keeps
TEST(GroupExchange, TheServerAnswersWithAFittingGroup) {
  EXPECT_EQ(GexServer().ask(2048, 3072, 8192), 3072U);
  EXPECT_EQ(GexServer().ask(1024, 1024, 8192), 2048U);  // [9142-3.2.1-2] keeps: never less
  EXPECT_EQ(GexServer().ask(2048, 7680, 7999), 6144U);
  const auto groups = std::make_shared<std::vector<DhGroup>>();
  groups->push_back(rfc3526_group(4096));
  groups->back().p.back() ^= 2;  // another group of that size, as far as this test goes
  GexServer server(groups);
  EXPECT_EQ(server.ask(2048, 3072, 8192), 4096U);
}

TEST(GroupExchange, TheServerRefusesSizesThatMakeNoSense) {  // [9142-3.2.1-2] breaks
  struct {
    std::uint32_t min, n, max;
    std::string text;
  } const cases[] = {
      {3072, 2048, 8192, "SSH_MSG_KEX_DH_GEX_REQUEST: min is 3072, n 2048 and max 8192; expected min <= n <= max"},
      {2048, 8192, 4096, "expected min <= n <= max"},
      {1024, 1024, 1024, "SSH_MSG_KEX_DH_GEX_REQUEST: no group here has 1024 to 1024 bits; there are some from 2048"},
      {9000, 9000, 9000, "no group here has 9000 to 9000 bits"},
      {0, 0, 0, "no group here has 0 to 0 bits"},
  };
  for (const auto& [min, n, max, text] : cases) {
    GexServer server;
    EXPECT_EQ(server.ask(min, n, max), 0U);
    EXPECT_THAT(server.script.error, HasSubstr(text));
    EXPECT_EQ(server.script.reason, DisconnectReason::key_exchange_failed);
  }
}

TEST(GroupExchange, TheOldRequestIsRefusedInWords) {  // [4419-5-1] breaks
  GexServer server;
  server.script.send(msg::KexDhGexRequestOld{2048});
  EXPECT_FALSE(server.script.deliver(server.side->transport));
  EXPECT_EQ(server.script.error,
            "SSH_MSG_KEX_DH_GEX_REQUEST_OLD: not supported; expected SSH_MSG_KEX_DH_GEX_REQUEST with min, n and max");
}

TEST(GroupExchange, NoMessageMayComeTwiceOrOutOfOrder) {  // past vulnerability 29
  const std::string text = "not expected while the client's ";
  {
    GexServer server;
    EXPECT_EQ(server.ask(2048, 2048, 8192), 2048U);
    EXPECT_EQ(server.ask(2048, 2048, 8192), 0U);
    EXPECT_EQ(server.script.error, "SSH_MSG_KEX_DH_GEX_REQUEST: " + text + "share is expected");
  }
  {
    GexServer server;
    server.script.send(msg::KexDhGexInit{Mpint{rfc3526_group(2048).g}});
    server.script.deliver(server.side->transport);
    EXPECT_EQ(server.script.error, "SSH_MSG_KEX_DH_GEX_INIT: " + text + "request for a group is expected");
  }
  {
    GexServer server;
    EXPECT_EQ(server.ask(2048, 2048, 8192), 2048U);
    server.script.send(msg::KexDhGexInit{Mpint{unhex("1234")}});
    const auto event = server.script.deliver(server.side->transport);
    ASSERT_TRUE(event && std::holds_alternative<SignatureWanted>(*event));
    server.side->transport.provide_signature(bytes_of("any"));
    server.script.send(msg::KexDhGexInit{Mpint{unhex("1234")}});
    server.script.deliver(server.side->transport);
    EXPECT_EQ(server.script.error, "SSH_MSG_KEX_DH_GEX_INIT: not expected while SSH_MSG_NEWKEYS is expected");
  }
  // What only the server sends.
  for (const std::uint8_t number : {message_number::kex_dh_gex_group, message_number::kex_dh_gex_reply}) {
    GexServer server;
    server.script.writer.send_payload(std::vector<std::uint8_t>{number});
    server.script.deliver(server.side->transport);
    EXPECT_THAT(server.script.error, HasSubstr("may not come during the first key exchange"));
  }
}

// [4419-3-5] [8268-4-4] breaks; past vulnerability 41
TEST(GroupExchange, TheServerRefusesSharesOutsideTheRange) {
  std::vector<std::uint8_t> p_less_one = rfc3526_group(2048).p;
  p_less_one.back() -= 1;
  for (const auto& e : {unhex(""), unhex("01"), p_less_one, rfc3526_group(2048).p, rfc3526_group(8192).p}) {
    GexServer server;
    EXPECT_EQ(server.ask(2048, 2048, 2048), 2048U);
    server.script.send(msg::KexDhGexInit{Mpint{e}});
    EXPECT_FALSE(server.script.deliver(server.side->transport));
    EXPECT_EQ(server.script.error, gex + ": e is not in [2, p-2]") << hex(e);
  }
}

// ----------------------------------------------------------------------------------------------------------------
// group exchange, the client

struct GexClient {
  GexClient() : script("SSH-2.0-test"), side(settings_for(Role::client, gex), 5) {
    script.send_kexinit(gex);
    script.deliver(side.transport);
    sent = payloads_of(side.transport.writer());
  }
  void answer(Bytes p, Bytes g) {
    script.send(msg::KexDhGexGroup{Mpint{p}, Mpint{g}});
    script.deliver(side.transport);
    sent = payloads_of(side.transport.writer());
  }

  Script script;
  TransportSide side;
  std::vector<std::vector<std::uint8_t>> sent;
};

// [8270-3-1] [8270-3-2] [8270-3-3] [4419-3-3] keeps
TEST(GroupExchange, TheClientAsksForWhatItsCiphersDeserve) {
  GexClient client;  // aes128-gcm@openssh.com
  ASSERT_EQ(client.sent.size(), 2U);
  const auto request = decode<msg::KexDhGexRequest>(client.sent[1]);
  EXPECT_EQ(request.min, 2048U);
  EXPECT_EQ(request.n, 3072U);
  EXPECT_EQ(request.max, 8192U);

  Algorithms algorithms;
  const auto asked = [&](const char* to_server, const char* to_server_mac, const char* to_client,
                         const char* to_client_mac) {
    algorithms.cipher_client_to_server = to_server;
    algorithms.mac_client_to_server = to_server_mac;
    algorithms.cipher_server_to_client = to_client;
    algorithms.mac_server_to_client = to_client_mac;
    return sizes_to_request(algorithms).n;
  };
  EXPECT_EQ(asked("aes128-gcm@openssh.com", "", "aes256-gcm@openssh.com", ""), 8192U);
  EXPECT_EQ(asked("chacha20-poly1305@openssh.com", "", "aes128-gcm@openssh.com", ""), 8192U);
  EXPECT_EQ(asked("aes128-ctr", "hmac-sha2-256", "aes128-gcm@openssh.com", ""), 8192U);
}

// [4419-3-9] [9142-3.2.1-2] breaks: smaller or larger than asked for, or no group at all.
TEST(GroupExchange, TheClientRefusesABadGroup) {
  const DhGroup& good = rfc3526_group(2048);
  std::vector<std::uint8_t> small(good.p.begin() + 1, good.p.end());
  std::vector<std::uint8_t> large = rfc3526_group(8192).p;
  large.push_back(0xff);
  std::vector<std::uint8_t> even = good.p;
  even.back() -= 1;
  std::vector<std::uint8_t> p_less_one = even;
  const std::vector<std::uint8_t> two = {2};
  struct {
    std::vector<std::uint8_t> p, g;
    std::string text;
  } const cases[] = {
      {small, two, "p has 2040 bits; 2048 to 8192 were asked for"},
      {unhex(""), two, "p has 0 bits; 2048 to 8192 were asked for"},
      {large, two, "p has 8200 bits; 2048 to 8192 were asked for"},
      {even, two, "p is even"},
      {good.p, unhex(""), "g is not in [2, p-2]"},
      {good.p, unhex("01"), "g is not in [2, p-2]"},
      {good.p, p_less_one, "g is not in [2, p-2]"},
      {good.p, good.p, "g is not in [2, p-2]"},
      {good.p, rfc3526_group(4096).p, "g is not in [2, p-2]"},
  };
  for (const auto& [p, g, text] : cases) {
    GexClient client;
    client.answer(p, g);
    EXPECT_EQ(client.script.error, "SSH_MSG_KEX_DH_GEX_GROUP: " + text);
    EXPECT_EQ(client.script.reason, DisconnectReason::key_exchange_failed);
    EXPECT_TRUE(client.sent.empty());
  }
}

TEST(GroupExchange, TheClientTakesOneGroupAndOneReply) {  // past vulnerability 29
  const DhGroup& group = rfc3526_group(2048);
  {
    GexClient client;
    client.answer(group.p, group.g);
    ASSERT_EQ(client.sent.size(), 1U) << client.script.error;
    EXPECT_EQ(client.sent[0][0], message_number::kex_dh_gex_init);
    client.answer(group.p, group.g);
    EXPECT_EQ(client.script.error, "SSH_MSG_KEX_DH_GEX_GROUP: not expected while the server's share is expected");
  }
  {
    GexClient client;
    client.script.send(msg::KexDhGexReply{});
    client.script.deliver(client.side.transport);
    EXPECT_EQ(client.script.error, "SSH_MSG_KEX_DH_GEX_REPLY: not expected while the server's group is expected");
  }
}

// [4419-3-5] breaks; past vulnerability 41
TEST(GroupExchange, TheClientRefusesSharesOutsideTheRange) {
  const DhGroup& group = rfc3526_group(2048);
  std::vector<std::uint8_t> p_less_one = group.p;
  p_less_one.back() -= 1;
  for (const auto& f : {unhex(""), unhex("01"), p_less_one, group.p}) {
    GexClient client;
    client.answer(group.p, group.g);
    client.script.send(msg::KexDhGexReply{{}, Mpint{f}, {}});
    client.script.deliver(client.side.transport);
    EXPECT_EQ(client.script.error, gex + ": f is not in [2, p-2]") << hex(f);
  }
}

// A negative mpint, or one with a zero too many, never reaches the method: RFC 4251 section 5 [4251-5-8] breaks.
TEST(KexMethods, AShareThatIsNoProperMpintIsRefused) {
  for (const auto& e : {unhex("8001"), unhex("0001"), unhex("00")}) {
    TransportSettings settings = settings_for(Role::server, "diffie-hellman-group14-sha256");
    settings.kex.host_keys.push_back({"ssh-ed25519", {1, 2, 3}});
    TransportSide server(settings, 5);
    Script script("SSH-2.0-test");
    script.send_kexinit("diffie-hellman-group14-sha256");
    script.send(msg::KexEcdhInit{e});  // the same outer form
    script.deliver(server.transport);
    EXPECT_THAT(script.error, HasSubstr("SSH_MSG_KEXDH_INIT")) << hex(e);
  }
}

// ----------------------------------------------------------------------------------------------------------------
// guesses

void send_first_message(Script& script, const std::string& kex) {
  if (kex == gex) {
    script.send(msg::KexDhGexRequest{2048, 2048, 8192});
  } else {
    SeededRng rng(8);
    send_init(script.writer, kex_family(kex), without_zeros(test::any_kex_method(kex)->start(rng)));
  }
}

// [4253-7-3] [4253-7-4] [4253-7-5] [4253-7.1-26] [4253-7.1-27] [4253-7.1-28] keeps; past vulnerability 40: whatever was
// guessed and whatever is right.
TEST(KexMethods, AWrongGuessOfAnyMethodIsDroppedOnce) {
  const std::vector<std::string> methods = {"curve25519-sha256", "ecdh-sha2-nistp521", "diffie-hellman-group14-sha256",
                                            gex};
  for (const std::string& guess : methods) {
    for (const std::string& right : methods) {
      SCOPED_TRACE(guess + " guessed, " + right + " chosen");
      TransportSettings settings = settings_for(Role::server, right);
      settings.kex.host_keys.push_back({"ssh-ed25519", {1, 2, 3}});
      TransportSide server(settings, 5);
      Script script("SSH-2.0-test");
      script.send_kexinit(guess + "," + right, true);
      send_first_message(script, guess);
      auto event = script.deliver(server.transport);
      if (guess != right) {
        EXPECT_FALSE(event);
        EXPECT_EQ(script.error, "");
        EXPECT_EQ(payloads_of(server.transport.writer()).size(), 1U);  // its KEXINIT, no answer
        send_first_message(script, right);
        event = script.deliver(server.transport);
      }
      EXPECT_EQ(script.error, "");
      if (right == gex) {
        EXPECT_FALSE(event);
        EXPECT_EQ(payloads_of(server.transport.writer()).back()[0], message_number::kex_dh_gex_group);
      } else {
        EXPECT_TRUE(event && std::holds_alternative<SignatureWanted>(*event));
      }
    }
  }
}

}  // namespace
}  // namespace glassh
