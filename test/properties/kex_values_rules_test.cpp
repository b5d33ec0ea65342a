// The public values of a key exchange, through both connections: RFC 4253 section 8, RFC 8268 section 4, RFC 4419
// section 3, RFC 5656 section 4 and RFC 8731 section 3. The other side says values that no method may take, or has a
// group of its own making; and the values that a victim says are read as they travel, byte by byte.
//
// The tests of the methods (test/crypto/kex) have more cases.
#include <gtest/gtest.h>

#include "crypto/kex/dh_group.h"
#include "test/properties/handshake.h"
#include "test/support/vectors.h"

namespace glassh::test {
namespace {

constexpr std::string_view integer_methods[] = {"diffie-hellman-group14-sha256", "diffie-hellman-group16-sha512",
                                                "diffie-hellman-group18-sha512", group_exchange_name};

// The group of this method. Group exchange has one of 2048 bits.
const DhGroup& group_of(std::string_view method) {
  if (method.find("group16") != method.npos) return rfc3526_group(4096);
  return rfc3526_group(method.find("group18") != method.npos ? 8192 : 2048);
}

template <class Settings>
std::shared_ptr<Settings> settings_of(Role role, const Proposal& proposal, const DhGroup& group) {
  auto settings = std::make_shared<Settings>();
  settings->transport = victims_transport(role, proposal);
  settings->transport.kex.groups = std::make_shared<std::vector<DhGroup>>(1, group);
  return settings;
}

// A victim with one method, up to where the peer's share is due. In group exchange the group is `group`, whichever side
// sends it.
struct Exchange {
  Exchange(Role role, std::string_view its_method, const DhGroup& its_group, std::uint64_t seed = 1,
           const msg::KexDhGexRequest& sizes = {2048, 2048, 2048})
      : method(its_method), group(its_group), rng(seed) {
    Proposal proposal = default_proposal();
    proposal.kex = {std::string(method)};
    if (role == Role::server) {
      auto server = std::make_unique<ServerVictim>(proposal);
      server->core =
          std::make_unique<ServerConnection>(settings_of<ServerConnectionSettings>(role, proposal, group), rng);
      victim = std::move(server);
    } else {
      auto client = std::make_unique<ClientVictim>(proposal);
      client->core =
          std::make_unique<ClientConnection>(settings_of<ClientConnectionSettings>(role, proposal, group), rng);
      victim = std::move(client);
    }
    victim->let_pass({});
    HandMadePeerOptions options;
    options.kex = method;
    peer = std::make_unique<HandMadePeer>(*victim, options);
    peer->say_version();
    peers_kexinit = peer->kexinit();
    peer->say(peers_kexinit);
    if (!exchanges_group()) return;
    if (role == Role::server) {
      peer->say(sizes);
    } else {
      peer->say(msg::KexDhGexGroup{Mpint{group.p}, Mpint{group.g}});
    }
  }
  explicit Exchange(Role role, std::string_view its_method) : Exchange(role, its_method, group_of(its_method)) {}

  bool exchanges_group() const { return method == group_exchange_name; }
  // `field` is what stands in e, f, Q_C or Q_S behind the length, be it an mpint or not.
  std::string answer_to(Bytes field, Bytes signature = bytes_of("no signature")) {
    Payload share = encode(msg::KexEcdhInit{field});
    if (victim->role() == Role::client) {
      share = encode(msg::KexEcdhReply{victims_host_key().public_key().blob(), field, signature});
    }
    if (exchanges_group()) share[0] += message_number::kex_dh_gex_init - message_number::kexdh_init;
    return heard_after(*peer, [&] { peer->say(share); });
  }
  // The victim's share, as the message without an exchange of groups; empty if it has not come.
  Payload victims_share() const {
    const std::uint8_t plain = victim->role() == Role::server ? msg::KexEcdhReply::number : msg::KexEcdhInit::number;
    const int offset = exchanges_group() ? message_number::kex_dh_gex_init - message_number::kexdh_init : 0;
    for (Payload message : peer->heard) {
      if (message[0] != plain + offset) continue;
      message[0] = plain;
      return message;
    }
    return {};
  }
  // e or f as it came, with the zero in front if there was one.
  Payload victims_field() const {
    const Payload share = victims_share();
    if (share.empty()) return {};
    return copy_of(victim->role() == Role::server ? decode<msg::KexEcdhReply>(share).Q_S
                                                  : decode<msg::KexEcdhInit>(share).Q_C);
  }
  std::string end() const { return victim->end ? victim->end->description : ""; }

  const std::string method;
  const DhGroup group;
  SeededRng rng;
  std::unique_ptr<Victim> victim;
  std::unique_ptr<HandMadePeer> peer;
  Payload peers_kexinit;
};

std::string place_of(Role role, std::string_view method, Bytes field) {
  return fmt::format("{} of {}, {} bytes: {}", role == Role::server ? "server" : "client", method, field.size(),
                     hex(field.first(std::min<std::size_t>(field.size(), 16))));
}

// The exchange fails before anybody is asked to sign or to judge, and no keys change.
void expect_refused(Role role, std::string_view method, Bytes field, std::string_view answer, std::string_view why) {
  SCOPED_TRACE(place_of(role, method, field));
  Exchange exchange(role, method);
  ASSERT_EQ(exchange.end(), "");
  EXPECT_EQ(exchange.answer_to(field), answer);
  EXPECT_NE(exchange.end().find(why), std::string::npos) << exchange.end();
  EXPECT_EQ(exchange.victim->events, std::vector<std::string>());
}

// ---- integers

// Such numbers have their top bit set, like p.
Payload mpint_of(Bytes number) {
  Payload field = {0};
  field.insert(field.end(), number.begin(), number.end());
  return field;
}

Payload sum_of(Payload number, int small) {
  for (std::size_t i = number.size(); i-- > 0 && small != 0;) {
    const int digit = number[i] + small;
    number[i] = static_cast<std::uint8_t>(digit);
    small = digit < 0 ? -1 : digit >> 8;
  }
  return number;
}

// [4253-8-3] [4253-8-4] [8268-4-1] [8268-4-2] [8268-4-4] [4419-3-5] break
TEST(KexValuesRules, IntegersOutsideTheRangeFailTheExchange) {
  for (const Role role : both_roles) {
    for (const std::string_view method : integer_methods) {
      const Payload& p = group_of(method).p;
      Payload longer = p;
      longer.push_back(0);
      for (const Payload& field : {Payload{}, Payload{1}, mpint_of(sum_of(p, -1)), mpint_of(p), mpint_of(sum_of(p, 1)),
                                   mpint_of(sum_of(p, 2)), mpint_of(longer)}) {
        const std::string_view name = role == Role::server ? "e" : "f";
        expect_refused(role, method, field, "DISCONNECT 3", fmt::format("{}: {} is not in [2, p-2]", method, name));
      }
    }
  }
}

// [4253-8-3] [4253-8-4] [8268-4-4] break: none of them is a number that SSH has. p without its zero is negative.
TEST(KexValuesRules, NegativeIntegersFailTheExchange) {
  for (const Role role : both_roles) {
    for (const std::string_view method : integer_methods) {
      for (const Payload& field : {Payload{0xff}, Payload{0x80, 1}, Payload(group_of(method).p)}) {
        expect_refused(role, method, field, "DISCONNECT 2", "is a negative mpint");
      }
    }
  }
}

TEST(KexValuesRules, TheEdgesOfTheRangeAreTaken) {  // [4253-8-3] [8268-4-1] [8268-4-4] [4419-3-5] keep
  for (const Role role : both_roles) {
    for (const std::string_view method : integer_methods) {
      for (const Payload& field : {Payload{2}, mpint_of(sum_of(group_of(method).p, -2))}) {
        SCOPED_TRACE(place_of(role, method, field));
        Exchange exchange(role, method);
        const std::string answer = exchange.answer_to(field);
        if (role == Role::server) {
          EXPECT_NE(answer.find("SSH_MSG_NEWKEYS"), std::string::npos) << answer;
        } else {
          EXPECT_NE(exchange.end().find("signature over the exchange hash"), std::string::npos) << exchange.end();
        }
      }
    }
  }
}

// In 2^2048 - 1 = (2^1024 - 1)(2^1024 + 1) the square of 2^1024 is 1: in range, but half of all exponents make it 1.
TEST(KexValuesRules, ASharedSecretOfSmallOrderFailsTheExchange) {  // [4419-3-6] breaks
  Payload two_to_1024(129);
  two_to_1024[0] = 1;
  const DhGroup group = make_group(Payload(256, 0xff), Payload{3});
  for (const Role role : both_roles) {
    const std::string_view name = role == Role::server ? "e" : "f";
    int refused = 0;
    for (std::uint64_t seed = 0; seed < 16; ++seed) {
      Exchange exchange(role, group_exchange_name, group, seed);
      ASSERT_EQ(exchange.end(), "");
      const std::string answer = exchange.answer_to(two_to_1024);
      if (exchange.end().find("shared secret") == std::string::npos) continue;  // an odd exponent makes it 2^1024
      ++refused;
      EXPECT_EQ(answer, "DISCONNECT 3");
      EXPECT_EQ(exchange.end(), fmt::format("{}: {} makes a shared secret of 0, 1 or p-1", group_exchange_name, name));
      EXPECT_EQ(exchange.victim->events, std::vector<std::string>());
    }
    EXPECT_GT(refused, 0);
    EXPECT_LT(refused, 16);
  }
}

// ---- groups

// RFC 9142 section 3.2.1, RFC 8270 section 3.
TEST(KexValuesRules, NoGroupBelow2048BitsIsUsed) {  // [9142-3.2.1-2] breaks
  const DhGroup& good = rfc3526_group(2048);
  const Payload bits_2047 = [&] {
    Payload p = good.p;
    p[0] = 0x7f;
    return p;
  }();
  for (const Payload& p : {Payload(128, 0xff), Payload(255, 0xff), bits_2047}) {
    const DhGroup small = make_group(p, Payload{2});
    const Exchange client(Role::client, group_exchange_name, small);
    EXPECT_EQ(client.end(),
              fmt::format("SSH_MSG_KEX_DH_GEX_GROUP: p has {} bits; 2048 to 8192 were asked for", small.bits));
    EXPECT_EQ(words_of(client.peer->heard.back()), "DISCONNECT 3");
  }
  for (const msg::KexDhGexRequest& sizes :
       {msg::KexDhGexRequest{1024, 1024, 1024}, msg::KexDhGexRequest{1024, 1024, 2047}}) {
    const Exchange server(Role::server, group_exchange_name, good, 1, sizes);
    EXPECT_NE(server.end(), "") << sizes.max;
    EXPECT_EQ(words_of(server.peer->heard.back()), "DISCONNECT 3");
  }
}

TEST(KexValuesRules, AClientThatWouldTakeASmallGroupGetsOneOf2048BitsOrMore) {  // [9142-3.2.1-2] keeps
  const Exchange server(Role::server, group_exchange_name, rfc3526_group(2048), 1, {1024, 1024, 8192});
  ASSERT_EQ(server.end(), "");
  EXPECT_EQ(decode<msg::KexDhGexGroup>(server.peer->heard.back()).p.magnitude.size(), 256U);
}

// ---- points

// [5656-4-2] [5656-4-3] break: off the curve, of another curve, at infinity, of zeros, of another length or form. The
// integers among these values have their own test above. [5656-4-4]: compressed points are refused, too.
TEST(KexValuesRules, PointsThatAreNoneFailTheExchange) {
  for (const VectorCase& vector : load_vectors("kex_refused.vec")) {
    if (has_integer_shares(vector.section)) continue;
    SCOPED_TRACE(vector.place);
    expect_refused(Role::server, vector.section, vector["PeerShare"], "DISCONNECT 3", vector.section + ": Q_C ");
    expect_refused(Role::client, vector.section, vector["PeerShare"], "DISCONNECT 3", vector.section + ": Q_S ");
  }
}

TEST(KexValuesRules, PointsOfSmallOrderFailTheExchange) {  // [8731-3-2] [8731-3-3] [8731-3-5] break
  Payload one(32);
  one[0] = 1;
  for (const std::string_view method : {"curve25519-sha256", "curve25519-sha256@libssh.org"}) {
    for (const Payload& point : {Payload(32), one}) {
      expect_refused(Role::server, method, point, "DISCONNECT 3", "Q_C is a point of small order");
      expect_refused(Role::client, method, point, "DISCONNECT 3", "Q_S is a point of small order");
    }
  }
}

TEST(KexValuesRules, SharesOfAnotherLengthFailTheExchange) {  // [5656-4-2] [5656-4-3] [8731-3-4] [8731-3-5] break
  for (const std::string_view method :
       {"mlkem768x25519-sha256", "sntrup761x25519-sha512", "sntrup761x25519-sha512@openssh.com", "curve25519-sha256",
        "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521"}) {
    SeededRng rng(3);
    const auto client = make_kex_method(method);
    const auto server = make_kex_method(method);
    const Payload clients = copy_of(client->start(rng));
    const Payload servers = copy_of(server->respond(clients, rng));
    for (const Role role : both_roles) {
      const Payload& good = role == Role::server ? clients : servers;
      Payload longer = good;
      longer.push_back(0);
      for (const Payload& share : {Payload(), Payload(good.begin(), good.end() - 1), longer}) {
        expect_refused(role, method, share, "DISCONNECT 3",
                       fmt::format("has {} bytes, not {}", share.size(), good.size()));
      }
    }
  }
}

// ---- what a victim says

// RFC 4251 section 5, said anew: positive, and no octet in front that could be left out.
bool is_shortest_positive(Bytes mpint) {
  if (mpint.empty() || (mpint[0] & 0x80) != 0) return false;
  return mpint[0] != 0 || (mpint.size() > 1 && (mpint[1] & 0x80) != 0);
}

bool in_range(Bytes number, const DhGroup& group) {
  if (number[0] == 0) number = number.subspan(1);
  if (number.size() == 1 && number[0] < 2) return false;
  if (number.size() != group.p.size()) return number.size() < group.p.size();
  const Payload end = sum_of(group.p, -1);
  return std::lexicographical_compare(number.begin(), number.end(), end.begin(), end.end());
}

TEST(KexValuesRules, TheIntegersThatAVictimSendsAreInRange) {  // [4253-8-2] [8268-4-3] [4419-3-4] [4251-5-9] keep
  for (const Role role : both_roles) {
    for (const std::string_view method : integer_methods) {
      for (std::uint64_t seed = 0; seed < (group_of(method).bits > 2048 ? 2 : 16); ++seed) {
        Exchange exchange(role, method, group_of(method), seed);
        if (role == Role::server) exchange.answer_to(Payload{2});
        const Payload field = exchange.victims_field();
        SCOPED_TRACE(place_of(role, method, field));
        ASSERT_TRUE(is_shortest_positive(field));
        EXPECT_TRUE(in_range(field, exchange.group));
      }
    }
  }
}

// In 2^2048 - 1 = (2^1024 - 1)(2^1024 + 1) the square of 2^1024 is 1: half of all exponents lead out of the range.
// [4253-8-2] [8268-4-3] [4419-3-4] break
TEST(KexValuesRules, NoIntegerOutsideTheRangeIsSentInAGroupMadeForIt) {
  Payload two_to_1024(129);
  two_to_1024[0] = 1;
  const DhGroup group = make_group(Payload(256, 0xff), two_to_1024);
  for (const Role role : both_roles) {
    int refused = 0;
    for (std::uint64_t seed = 0; seed < 16; ++seed) {
      Exchange exchange(role, group_exchange_name, group, seed);
      if (role == Role::server) exchange.answer_to(Payload{2});
      const Payload field = exchange.victims_field();
      if (field.empty()) {
        ++refused;
        EXPECT_EQ(exchange.end(), fmt::format("{}: g generates too small a group modulo p", group_exchange_name));
        EXPECT_EQ(words_of(exchange.peer->heard.back()), "DISCONNECT 3");
      } else {
        EXPECT_EQ(hex(field), hex(two_to_1024));
      }
    }
    EXPECT_GT(refused, 0);
    EXPECT_LT(refused, 16);
  }
}

// H of group exchange, with each mpint as it stands in its message, and K's as given. RFC 4419 section 3.
Digest hash_of(const Exchange& exchange, const msg::KexDhGexRequest& sizes, Bytes e, Bytes f, Bytes K) {
  const bool server = exchange.victim->role() == Role::server;
  const std::string victims_version = fmt::format("SSH-2.0-{}", TransportSettings{}.software_version);
  Hash hash(HashName::sha256);
  hash.string(server ? bytes_of(HandMadePeer::version) : bytes_of(victims_version));
  hash.string(server ? bytes_of(victims_version) : bytes_of(HandMadePeer::version));
  hash.string(server ? exchange.peers_kexinit : exchange.peer->heard.at(0));
  hash.string(server ? exchange.peer->heard.at(0) : exchange.peers_kexinit);
  hash.string(victims_host_key().public_key().blob());
  hash.u32(sizes.min).u32(sizes.n).u32(sizes.max);
  hash.string(mpint_of(exchange.group.p)).string(exchange.group.g);
  return hash.string(e).string(f).string(K).finish();
}

// Modulo 2^2048 - 1 the powers of 2 are 1, 2, 4 to 2^2047: a number of any length, with its top bit set or not. The
// peer's share is 2 itself, so that K is the victim's share.
TEST(KexValuesRules, NoMpintHasRedundantOctets) {  // [4251-5-9] [4251-5-8] keep
  const Payload two = {2};
  const DhGroup group = make_group(Payload(256, 0xff), two);
  for (const Role role : both_roles) {
    int with_zero = 0;
    int short_ones = 0;
    for (std::uint64_t seed = 0; seed < 64; ++seed) {
      Exchange exchange(role, group_exchange_name, group, seed);
      if (role == Role::server) exchange.answer_to(two);
      const Payload field = exchange.victims_field();
      SCOPED_TRACE(place_of(role, group_exchange_name, field));
      ASSERT_TRUE(is_shortest_positive(field));
      with_zero += field[0] == 0 ? 1 : 0;
      short_ones += field.size() < group.p.size() ? 1 : 0;
      if (role == Role::server) {
        const Digest hash = hash_of(exchange, {2048, 2048, 2048}, two, field, field);
        const Payload share = exchange.victims_share();
        EXPECT_TRUE(victims_host_key().public_key().verify("ssh-ed25519", hash.bytes(),
                                                           decode<msg::KexEcdhReply>(share).signature));
      } else {
        const auto sizes = decode<msg::KexDhGexRequest>(exchange.peer->heard.at(1));
        const Digest hash = hash_of(exchange, sizes, field, two, field);
        EXPECT_EQ(exchange.answer_to(two, victims_host_key().sign("ssh-ed25519", hash.bytes())),
                  "SSH_MSG_NEWKEYS (21)");
      }
    }
    EXPECT_GT(with_zero, 0);
    EXPECT_GT(short_ones, 32);
  }
}

}  // namespace
}  // namespace glassh::test
