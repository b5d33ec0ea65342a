// RFC 4253 sections 7 and 7.1, on both connection cores: which algorithms come of two KEXINITs, and guesses. The other
// side is made by hand; it uses what the RFC chooses, so a victim that chooses anything else does not understand it.
#include <gtest/gtest.h>

#include "proto/messages_transport.h"
#include "test/properties/handshake.h"

namespace glassh::test {
namespace {

constexpr std::string_view names_of_roles[] = {"client", "server"};

std::vector<std::string> owned(std::string_view list) {
  const std::vector<std::string_view> names = split_names(list);
  return {names.begin(), names.end()};
}

// The two understand each other, in both directions and behind the login as well.
void expect_a_session(Victim& victim, HandMadePeer& peer) {
  log_in(peer, victim.role());
  EXPECT_TRUE(victim.logged_in);
  const Payload data(1000, 'p');
  peer.say(msg::Ping{data});
  EXPECT_EQ(peer.not_understood, "");
  EXPECT_TRUE(peer.heard.back() == encode(msg::Pong{data}));
  EXPECT_FALSE(victim.end) << victim.end->description;
}

// ---- what is chosen

struct Choice {
  std::string_view client, server, chosen;
};

// One list of KEXINIT: where a victim has its own, where a peer writes its own, and what the peer does accordingly.
struct List {
  std::string_view what;
  void (*propose)(Proposal& proposal, std::vector<std::string> names);
  NameList msg::KexInit::*field;
  void (*use)(HandMadePeerOptions& options, bool said_by_peer, const std::string& name);
  bool of_client = false;  // where there is one list for each direction
};

// With one cipher, MAC and compression of both directions, so that only the direction that is looked at has others.
HandMadePeerOptions plain_options() {
  HandMadePeerOptions options;
  options.victims_cipher = options.cipher = {"aes256-ctr", "hmac-sha2-512"};
  options.victims_compression = "none";
  return options;
}

void expect_choice(Role role, const List& list, const Choice& choice) {
  const bool server = role == Role::server;
  SCOPED_TRACE(fmt::format("{} by a {}: {} and {}", list.what, names_of_roles[server], choice.client, choice.server));
  Proposal proposal = default_proposal();
  list.propose(proposal, owned(server ? choice.server : choice.client));
  HandMadePeerOptions options = plain_options();
  const bool said_by_peer = list.of_client == server;
  list.use(options, said_by_peer, std::string(choice.chosen));
  const std::string_view offered = server ? choice.client : choice.server;
  options.offer = [&](msg::KexInit& message) { message.*list.field = {offered}; };
  const auto victim = victim_of(role, proposal);
  HandMadePeer peer(*victim, std::move(options));
  expect_a_session(*victim, peer);
}

void expect_choices(const List& list, std::initializer_list<Choice> choices) {
  for (const Role role : both_roles) {
    for (const Choice& choice : choices) expect_choice(role, list, choice);
  }
}

// [4253-7.1-6] [4253-7.1-7] [4253-7.1-8] keep
TEST(NegotiationRules, TheMethodIsTheClientsFirstThatTheServerHas) {
  const List kex = {"kex", [](Proposal& proposal, std::vector<std::string> names) { proposal.kex = std::move(names); },
                    &msg::KexInit::kex_algorithms,
                    [](HandMadePeerOptions& options, bool, const std::string& name) { options.kex = name; }};
  expect_choices(
      kex, {{"ecdh-sha2-nistp256,curve25519-sha256", "ecdh-sha2-nistp256,ecdh-sha2-nistp384", "ecdh-sha2-nistp256"},
            {"curve25519-sha256,ecdh-sha2-nistp256", "ecdh-sha2-nistp256,curve25519-sha256", "curve25519-sha256"},
            {"ecdh-sha2-nistp521,ecdh-sha2-nistp384,curve25519-sha256", "curve25519-sha256,ecdh-sha2-nistp384",
             "ecdh-sha2-nistp384"},
            {"nobodys@example.com,curve25519-sha256", "ecdh-sha2-nistp256,curve25519-sha256", "curve25519-sha256"},
            {"diffie-hellman-group14-sha256", "curve25519-sha256,diffie-hellman-group14-sha256",
             "diffie-hellman-group14-sha256"}});
}

TEST(NegotiationRules, TheHostKeyIsOfTheClientsFirstAlgorithmThatTheServerHas) {  // [4253-7.1-12] keeps
  const List host_key = {
      "host key", [](Proposal& proposal, std::vector<std::string> names) { proposal.host_key = std::move(names); },
      &msg::KexInit::server_host_key_algorithms,
      [](HandMadePeerOptions& options, bool, const std::string& name) { options.host_key = name; }};
  expect_choices(
      host_key,
      {{"ecdsa-sha2-nistp256,ssh-ed25519", "ssh-ed25519,ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"},
       {"ssh-ed25519,ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256,ssh-ed25519", "ssh-ed25519"},
       {"ecdsa-sha2-nistp384,ecdsa-sha2-nistp256", "ssh-ed25519,ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"}});
  // And it is that key which comes.
  Proposal proposal = default_proposal();
  proposal.host_key = {"ssh-ed25519", "ecdsa-sha2-nistp256"};
  ServerVictim victim(proposal);
  HandMadePeer peer(victim, {.host_key = "ecdsa-sha2-nistp256"});
  peer.say_version();
  peer.say_kexinit();
  peer.say_share();
  const Payload& reply = peer.heard.at(1);
  EXPECT_TRUE(equal(decode<msg::KexEcdhReply>(reply).K_S, victims_host_key("ecdsa-sha2-nistp256").public_key().blob()));
}

void use_cipher(HandMadePeerOptions& options, bool said_by_peer, const std::string& name) {
  (said_by_peer ? options.cipher : *options.victims_cipher).cipher = name;
}

// [4253-7.1-14] [4253-6.3-6] [5647-5.1-1] keep: in each direction by itself; an AEAD cipher brings its own integrity.
TEST(NegotiationRules, EachDirectionHasTheClientsFirstCipherThatTheServerHas) {
  const List to_server = {
      "cipher to server",
      [](Proposal& proposal, std::vector<std::string> names) { proposal.cipher_client_to_server = std::move(names); },
      &msg::KexInit::encryption_algorithms_client_to_server, use_cipher, true};
  const List to_client = {
      "cipher to client",
      [](Proposal& proposal, std::vector<std::string> names) { proposal.cipher_server_to_client = std::move(names); },
      &msg::KexInit::encryption_algorithms_server_to_client, use_cipher, false};
  for (const List& list : {to_server, to_client}) {
    expect_choices(
        list, {{"aes128-ctr,aes192-ctr", "aes128-ctr,aes256-ctr", "aes128-ctr"},
               {"aes192-ctr,aes128-ctr", "aes128-ctr,aes192-ctr", "aes192-ctr"},
               {"aes128-gcm@openssh.com,aes128-ctr", "aes128-ctr,aes128-gcm@openssh.com", "aes128-gcm@openssh.com"},
               {"aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes128-ctr",
                "aes128-ctr,chacha20-poly1305@openssh.com", "chacha20-poly1305@openssh.com"}});
  }
}

void use_mac(HandMadePeerOptions& options, bool said_by_peer, const std::string& name) {
  (said_by_peer ? options.cipher : *options.victims_cipher).mac = name;
}

// [4253-7.1-16] [4253-6.4-5] keep
TEST(NegotiationRules, EachDirectionHasTheClientsFirstMacThatTheServerHas) {
  const List to_server = {
      "MAC to server",
      [](Proposal& proposal, std::vector<std::string> names) { proposal.mac_client_to_server = std::move(names); },
      &msg::KexInit::mac_algorithms_client_to_server, use_mac, true};
  const List to_client = {
      "MAC to client",
      [](Proposal& proposal, std::vector<std::string> names) { proposal.mac_server_to_client = std::move(names); },
      &msg::KexInit::mac_algorithms_server_to_client, use_mac, false};
  for (const List& list : {to_server, to_client}) {
    expect_choices(list,
                   {{"hmac-sha2-256,hmac-sha2-512", "hmac-sha2-256,hmac-sha2-512-etm@openssh.com", "hmac-sha2-256"},
                    {"hmac-sha2-512-etm@openssh.com,hmac-sha2-256", "hmac-sha2-256,hmac-sha2-512-etm@openssh.com",
                     "hmac-sha2-512-etm@openssh.com"},
                    {"hmac-sha2-256-etm@openssh.com,hmac-sha2-256,hmac-sha2-512", "hmac-sha2-512,hmac-sha2-256",
                     "hmac-sha2-256"}});
  }
}

void use_compression(HandMadePeerOptions& options, bool said_by_peer, const std::string& name) {
  (said_by_peer ? options.compression : *options.victims_compression) = name;
}

// [4253-7.1-18] [4253-6.2-6] keep
TEST(NegotiationRules, EachDirectionHasTheClientsFirstCompressionThatTheServerHas) {
  const List to_server = {"compression to server",
                          [](Proposal& proposal, std::vector<std::string> names) {
                            proposal.compression_client_to_server = std::move(names);
                          },
                          &msg::KexInit::compression_algorithms_client_to_server, use_compression, true};
  const List to_client = {"compression to client",
                          [](Proposal& proposal, std::vector<std::string> names) {
                            proposal.compression_server_to_client = std::move(names);
                          },
                          &msg::KexInit::compression_algorithms_server_to_client, use_compression, false};
  for (const List& list : {to_server, to_client}) {
    expect_choices(list, {{"none", "zlib@openssh.com,none", "none"},
                          {"none,zlib@openssh.com", "zlib@openssh.com,none", "none"},
                          {"zlib@openssh.com,none", "none,zlib@openssh.com", "zlib@openssh.com"}});
  }
}

// [5647-5.1-1] keeps: with an AEAD cipher nothing hangs on the lists of MACs.
TEST(NegotiationRules, AesGcmNeedsNoMacInCommon) {
  for (const Role role : both_roles) {
    for (const std::string_view macs : {"", "hmac-unknown@example.com", "hmac-sha2-256"}) {
      const auto victim = victim_of(role);
      HandMadePeer peer(*victim, {.cipher = {"aes256-gcm@openssh.com", std::string(macs)}});
      expect_a_session(*victim, peer);
    }
  }
}

// ---- how the lists are written

// [4251-5-15] [4251-5-16] keep: the empty ones are those of the languages, which stand in front of the last five bytes.
TEST(NegotiationRules, NoListEndsInANulAndAnEmptyOneIsFourZeros) {
  for (const Role role : both_roles) {
    const auto victim = victim_of(role);
    HandMadePeer peer(*victim, {});
    const Payload& kexinit = peer.heard.at(0);
    std::size_t at = 17;  // behind the number and the cookie
    for (int list = 0; list < 8; ++list) {
      const std::size_t size = get_u32(kexinit.data() + at);
      ASSERT_GT(size, 0U);
      ASSERT_LT(at + 4 + size, kexinit.size());
      const std::string_view names = text_of(Bytes(kexinit).subspan(at + 4, size));
      EXPECT_EQ(names.find('\0'), names.npos);
      EXPECT_NE(names.back(), ',');
      at += 4 + size;
    }
    EXPECT_TRUE(equal(Bytes(kexinit).subspan(at), Payload(4 + 4 + 1 + 4)));
  }
}

TEST(NegotiationRules, AListWithANulEndsTheConnection) {  // [4251-5-15] breaks
  for (const Role role : both_roles) {
    for (const std::string_view list : {std::string_view("aes128-ctr\0", 11), std::string_view("aes128-ctr\0,x", 13)}) {
      const auto victim = victim_of(role);
      HandMadePeerOptions options = plain_options();
      options.offer = [=](msg::KexInit& message) { message.encryption_algorithms_client_to_server = {list}; };
      HandMadePeer peer(*victim, options);
      peer.say_version();
      peer.say_kexinit();
      EXPECT_TRUE(victim->end);
    }
  }
}

// ---- guesses

// A peer that sends its first packet before it knows what comes of both KEXINITs, and a victim with these lists.
class GuessRules : public testing::TestWithParam<Role> {
 protected:
  struct Lists {
    std::string_view kex, host_key = "ssh-ed25519";
  };
  void meet(Lists victims, Lists peers) {
    Proposal proposal = default_proposal();
    proposal.kex = owned(victims.kex);
    proposal.host_key = owned(victims.host_key);
    victim = victim_of(GetParam(), proposal);
    peer = std::make_unique<HandMadePeer>(*victim, HandMadePeerOptions());
    peer->options.offer = [peers](msg::KexInit& message) {
      message.kex_algorithms = {peers.kex};
      message.server_host_key_algorithms = {peers.host_key};
      message.first_kex_packet_follows = true;
    };
    peer->say_version();
    peer->say_kexinit();
  }
  // `share` is the first packet of the exchange that the victim answers.
  void expect_a_session_from(const Payload& share) {
    const bool server = GetParam() == Role::server;
    EXPECT_EQ(heard_after(*peer, [&] { peer->say(share); }),
              server ? "message 31; SSH_MSG_NEWKEYS (21)" : "SSH_MSG_NEWKEYS (21)");
    peer->say_newkeys();
    if (server) {
      peer->say(msg::ServiceRequest{"ssh-userauth"});
      peer->say(password_of("student", right_password));
    } else {
      peer->say(msg::ServiceAccept{"ssh-userauth"});
      peer->say(msg::UserauthSuccess{});
    }
    EXPECT_TRUE(victim->logged_in);
    EXPECT_EQ(peer->not_understood, "");
    EXPECT_FALSE(victim->end) << victim->end->description;
  }
  // [4253-7-5]: the victim's own first packet is that of the negotiated method.
  void expect_clients_share() const {
    if (GetParam() == Role::server) return;
    ASSERT_EQ(peer->heard_number(msg::KexEcdhInit::number), 1U);
    EXPECT_EQ(decode<msg::KexEcdhInit>(peer->heard.at(1)).Q_C.size(), 32U) << "of curve25519-sha256";
  }

  std::unique_ptr<Victim> victim;
  std::unique_ptr<HandMadePeer> peer;
};

// [4253-7-3] [4253-7.1-28] keep; the first names are the guess: [4253-7.1-6] keeps
TEST_P(GuessRules, ARightGuessIsTheFirstPacket) {
  meet({"curve25519-sha256,ecdh-sha2-nistp256"}, {"curve25519-sha256,ecdh-sha2-nistp521"});
  expect_clients_share();
  expect_a_session_from(peer->share());
}

// [4253-7-2] [4253-7-4] [4253-7-5] keep: it would have fitted, for curve25519-sha256 is chosen.
TEST_P(GuessRules, AGuessIsWrongIfTheFirstMethodsDiffer) {
  if (GetParam() == Role::server) {
    meet({"ecdh-sha2-nistp256,curve25519-sha256"}, {"curve25519-sha256,ecdh-sha2-nistp256"});
  } else {
    meet({"curve25519-sha256,ecdh-sha2-nistp256"}, {"ecdh-sha2-nistp256,curve25519-sha256"});
  }
  expect_clients_share();
  const Payload share = peer->share();
  EXPECT_EQ(heard_after(*peer, [&] { peer->say(share); }), "");
  expect_a_session_from(share);
}

TEST_P(GuessRules, AGuessIsWrongIfTheFirstHostKeyAlgorithmsDiffer) {  // [4253-7-2] [4253-7-4] keep
  if (GetParam() == Role::server) {
    meet({"curve25519-sha256"}, {"curve25519-sha256", "ecdsa-sha2-nistp256,ssh-ed25519"});
  } else {
    meet({"curve25519-sha256", "ssh-ed25519,ecdsa-sha2-nistp256"},
         {"curve25519-sha256", "ecdsa-sha2-nistp256,ssh-ed25519"});
  }
  expect_clients_share();
  const Payload share = peer->share();
  EXPECT_EQ(heard_after(*peer, [&] { peer->say(share); }), "");
  expect_a_session_from(share);
}

// [4253-7-4] [4253-7-5] [4253-7.1-27] keep: afterwards it is the negotiated method, whatever was guessed.
TEST_P(GuessRules, AWrongGuessOfAnotherMethodIsDropped) {
  meet({"curve25519-sha256"}, {"ecdh-sha2-nistp521,curve25519-sha256"});
  expect_clients_share();
  const Payload point(133, 4);
  const Payload guess =
      GetParam() == Role::server ? encode(msg::KexEcdhInit{point}) : encode(msg::KexEcdhReply{point, point, point});
  EXPECT_EQ(heard_after(*peer, [&] { peer->say(guess); }), "");
  expect_a_session_from(peer->share());
}

// [4253-7.1-27] breaks: without a guess, nothing but the negotiated method's message of the negotiated form.
TEST_P(GuessRules, OfAnotherMethodEndsTheConnectionIfItIsNoWrongGuess) {
  meet({"curve25519-sha256"}, {"curve25519-sha256"});
  const Payload point(133, 4);
  const Payload guess =
      GetParam() == Role::server ? encode(msg::KexEcdhInit{point}) : encode(msg::KexEcdhReply{point, point, point});
  EXPECT_EQ(heard_after(*peer, [&] { peer->say(guess); }), "DISCONNECT 3");
}

TEST_P(GuessRules, AGuessIsOfNoUseIfAnyListHasNoMatch) {  // [4253-7-2] keeps
  const auto alone = victim_of(GetParam());
  HandMadePeerOptions options;
  options.offer = [](msg::KexInit& message) {
    message.compression_algorithms_server_to_client = {"zlib"};
    message.first_kex_packet_follows = true;
  };
  HandMadePeer other(*alone, options);
  other.say_version();
  EXPECT_EQ(heard_after(other, [&] { other.say_kexinit(); }), "DISCONNECT 3");
}

INSTANTIATE_TEST_SUITE_P(Roles, GuessRules, testing::ValuesIn(both_roles),
                         [](const auto& role) { return role.param == Role::server ? "server" : "client"; });

}  // namespace
}  // namespace glassh::test
