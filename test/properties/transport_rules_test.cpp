// The rules of RFC 4253 and RFC 8308 that show on the wire, through both connections: first words, KEXINIT, services,
// EXT_INFO and ends. The tests of Transport and its parts (test/transport) have more cases of each rule.
#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "proto/messages_transport.h"
#include "test/properties/handshake.h"

namespace glassh::test {
namespace {

template <class Check>
void for_both(Check check) {
  for (const Role role : {Role::server, Role::client}) {
    SCOPED_TRACE(role == Role::server ? "server" : "client");
    check(role);
  }
}

std::string end_of(const Victim& victim) { return victim.end ? victim.end->description : ""; }

// ---- identification

// [4253-4.2-1] [4253-4.2-2] [4253-4.2-3] keep
// [4253-4.2-6] [4253-4.2-8] [4253-4.2-9] [4253-4.2-18] keep
TEST(TransportRules, ItsFirstLineIsOneOfVersion2) {
  for_both([](Role role) {
    const std::vector<std::uint8_t> said = victim_of(role)->said();
    const std::string_view line = text_of(said).substr(0, text_of(said).find("\r\n"));
    ASSERT_TRUE(line.starts_with("SSH-2.0-"));
    EXPECT_LE(line.size() + 2, 255U);
    const std::string_view software = line.substr(8, line.substr(8).find(' '));
    EXPECT_FALSE(software.empty());
    for (const char c : software) EXPECT_TRUE(c > ' ' && c < 0x7f && c != '-') << c;
    EXPECT_EQ(line.find('\0'), line.npos);
    EXPECT_EQ(line.find('\r'), line.npos);
  });
}

// [4253-4.2-20] [4253-4.2-21] keep; [4253-4.2-13] [4253-5.1-6] keep: nothing comes before it.
TEST(TransportRules, BehindItIsAPacketWithItsKexinit) {
  for_both([](Role role) {
    const std::vector<std::uint8_t> said = victim_of(role)->said();
    const std::size_t begin = text_of(said).find("\r\n") + 2;
    const std::uint32_t length = get_u32(said.data() + begin);
    EXPECT_EQ(said.size(), begin + 4 + length) << "neither encrypted nor followed by a MAC";  // [4253-6-5] [4253-6.4-1]
    EXPECT_EQ(said[begin + 5], msg::KexInit::number);
    EXPECT_EQ((4 + length) % 8, 0U);
  });
}

TEST(TransportRules, OtherIdentificationsAreTakenAsTheRfcSays) {
  const auto ending = [](Role role, std::string_view text) {
    const auto victim = victim_of(role);
    victim->hear(bytes_of(text));
    return !victim->end;
  };
  for_both([&](Role role) {
    EXPECT_TRUE(ending(role, "SSH-2.0-x\r\n"));
    EXPECT_TRUE(ending(role, "SSH-2.0-x\n"));                                     // [4253-4.2-7] keeps
    EXPECT_TRUE(ending(role, "SSH-2.0-x and a comment\r\n"));                     // [4253-4.2-4] [4253-4.2-5] keep
    EXPECT_TRUE(ending(role, "SSH-2.0-" + std::string(255 - 10, 'x') + "\r\n"));  // [4253-4.2-9] keeps
    EXPECT_FALSE(ending(role, "SSH-2.0-" + std::string(60'000, 'x')));            // [4253-4.2-9] breaks
    EXPECT_FALSE(ending(role, "SSH-1.5-x\r\n"));                                  // [4253-4.2-3] breaks
  });
  EXPECT_TRUE(ending(Role::client, "SSH-1.99-x\r\n"));                            // [4253-5.1-3] keeps
  EXPECT_TRUE(ending(Role::client, "Welcome.\r\nAll of you.\r\nSSH-2.0-x\r\n"));  // [4253-4.2-11] [4253-4.2-15] keep
  EXPECT_FALSE(ending(Role::server, "Welcome.\r\nSSH-2.0-x\r\n"));                // [4253-4.2-11] breaks
}

TEST(TransportRules, AClientIgnoresTheLinesBeforeTheServersFirst) {  // [4253-4.2-16] keeps
  ClientVictim victim;
  HandMadePeer peer(victim, {});
  victim.hear(bytes_of("Welcome.\r\n\r\nThis is not SSH-2.0, yet.\n"));
  EXPECT_TRUE(victim.events.empty());
  log_in(peer, Role::client);
  EXPECT_TRUE(victim.logged_in) << "though the exchange hash has only the server's own line";
}

// ---- KEXINIT

// [4253-7.1-1] [4253-7.1-2] [4253-7.1-3] keep
// [4253-7.1-4] [4253-7.1-25] [4253-7.1-29] [8308-2.1-1] [8308-2.2-3] keep
TEST(TransportRules, ItsKexinitListsWhatItHas) {
  for_both([](Role role) {
    const auto victim = victim_of(role);
    HandMadePeer peer(*victim, {});
    ASSERT_EQ(peer.heard.size(), 1U);
    const auto kexinit = decode<msg::KexInit>(peer.heard[0]);
    const std::string_view kex = kexinit.kex_algorithms.text;
    EXPECT_TRUE(kex.starts_with(join_names(default_proposal().kex)));
    const bool server = role == Role::server;
    EXPECT_EQ(kex.find("ext-info-s") != kex.npos, server);
    EXPECT_EQ(kex.find("ext-info-c") != kex.npos, !server);
    EXPECT_EQ(kexinit.encryption_algorithms_client_to_server.text,
              join_names(default_proposal().cipher_client_to_server));
    EXPECT_EQ(kexinit.mac_algorithms_server_to_client.text, join_names(default_proposal().mac_server_to_client));
    EXPECT_EQ(kexinit.compression_algorithms_client_to_server.text, "none");
    EXPECT_FALSE(kexinit.first_kex_packet_follows);
    EXPECT_TRUE(std::all_of(peer.heard[0].end() - 4, peer.heard[0].end(), [](int byte) { return byte == 0; }));
  });
}

TEST(TransportRules, EachKexinitHasACookieOfItsOwn) {  // [4253-7.1-5] keeps
  for_both([](Role role) {
    const auto victim = victim_of(role);
    HandMadePeer peer(*victim, {});
    log_in(peer, role);
    const std::vector<std::uint8_t> session = copy_of(victim->transport().session_id());
    exchange_keys(peer);
    std::vector<Payload> kexinits;
    for (const Payload& each : peer.heard) {
      if (each[0] == msg::KexInit::number) kexinits.push_back(each);
    }
    ASSERT_EQ(kexinits.size(), 2U);
    EXPECT_FALSE(decode<msg::KexInit>(kexinits[0]).cookie == decode<msg::KexInit>(kexinits[1]).cookie);
    // [4253-7.2-1] [4253-9-5] keep
    EXPECT_TRUE(equal(victim->transport().session_id(), session));
    EXPECT_EQ(end_of(*victim), "");
  });
}

// [4253-7.1-9] [4253-7.1-13] [4253-7.1-15] break
// [4253-7.1-19] [4253-7.1-20] [4251-6-4] [8308-2.2-5] break
TEST(TransportRules, WithoutACommonAlgorithmTheConnectionEnds) {
  using Change = void (*)(msg::KexInit&);
  const Change changes[] = {
      [](msg::KexInit& offer) { offer.kex_algorithms = {"diffie-hellman-group99-sha1"}; },
      [](msg::KexInit& offer) { offer.kex_algorithms = {"CURVE25519-SHA256"}; },
      [](msg::KexInit& offer) { offer.kex_algorithms = {"ext-info-c,ext-info-s"}; },
      [](msg::KexInit& offer) { offer.kex_algorithms = {""}; },
      [](msg::KexInit& offer) { offer.server_host_key_algorithms = {"ssh-dss"}; },
      [](msg::KexInit& offer) { offer.encryption_algorithms_client_to_server = {"none"}; },
      [](msg::KexInit& offer) { offer.encryption_algorithms_server_to_client = {"arcfour"}; },
      [](msg::KexInit& offer) { offer.compression_algorithms_client_to_server = {"zlib"}; },
  };
  for_both([&](Role role) {
    for (const Change change : changes) {
      const auto victim = victim_of(role);
      HandMadePeer peer(*victim, {});
      peer.say_version();
      msg::KexInit offer;
      offer.kex_algorithms = {"curve25519-sha256"};
      offer.server_host_key_algorithms = {"ssh-ed25519"};
      offer.encryption_algorithms_client_to_server = offer.encryption_algorithms_server_to_client = {"aes128-ctr"};
      offer.mac_algorithms_client_to_server = offer.mac_algorithms_server_to_client = {"hmac-sha2-256"};
      offer.compression_algorithms_client_to_server = offer.compression_algorithms_server_to_client = {"none"};
      change(offer);
      EXPECT_EQ(heard_after(peer, [&] { peer.say(offer); }), "DISCONNECT 3");
    }
  });
}

// ---- packets

TEST(TransportRules, AWrongByteEndsTheConnection) {  // [4251-9.3.5-1] breaks
  for_both([](Role role) {
    const auto victim = victim_of(role);
    HandMadePeer peer(*victim, {});
    log_in(peer, role);
    peer.deaf = true;
    peer.say(msg::Ignore{bytes_of("hello")});
    peer.undelivered.back() ^= 1;
    peer.deaf = false;
    const std::size_t before = peer.heard.size();
    peer.say(msg::Ignore{});
    ASSERT_TRUE(victim->end);
    EXPECT_EQ(victim->end->reason, DisconnectReason::mac_error);
    EXPECT_EQ(peer.heard.size(), before + 1);
  });
}

TEST(TransportRules, UnimplementedNamesThePacket) {  // [4253-11.4-1] [4253-11.4-3] keep
  for_both([](Role role) {
    const auto victim = victim_of(role);
    HandMadePeer peer(*victim, {});
    log_in(peer, role);
    const std::uint32_t number = peer.writer.sequence_number();
    peer.say(Payload{200, 1, 2, 3});
    EXPECT_EQ(decode<msg::Unimplemented>(peer.heard.back()).packet_sequence_number, number);
    EXPECT_EQ(end_of(*victim), "");
  });
}

TEST(TransportRules, NothingFollowsADisconnect) {  // [4253-11.1-2] [4253-11.1-3] [4253-11.1-4] keep
  for_both([](Role role) {
    for (const bool ours : {false, true}) {
      const auto victim = victim_of(role);
      HandMadePeer peer(*victim, {});
      log_in(peer, role);
      if (ours) {
        EXPECT_EQ(heard_after(peer, [&] { peer.say(Payload{95}); }), "DISCONNECT 2") << "no such message";
      } else {
        EXPECT_EQ(heard_after(peer, [&] { peer.say(msg::Disconnect{11, "bye", ""}); }), "");
        EXPECT_EQ(end_of(*victim), "bye");
      }
      victim->events.clear();
      EXPECT_EQ(heard_after(peer, [&] { peer.say(msg::GlobalRequest{"x", true, {}}); }), "");
      EXPECT_TRUE(victim->events.empty());
    }
  });
}

// ---- texts

TEST(TransportRules, NoNulFollowsATextOfAClient) {  // [4251-5-6] keeps
  ClientVictim victim;
  HandMadePeer peer(victim, {});
  begin_login(peer, Role::client);
  EXPECT_EQ(decode<msg::ServiceRequest>(peer.heard.at(3)).service_name, "ssh-userauth");
  const auto request = decode<msg::UserauthRequest>(peer.heard.at(4));
  EXPECT_EQ(request.user_name, "student");
  EXPECT_EQ(request.service_name, "ssh-connection");
  peer.say(msg::UserauthFailure{{"password"}, false});
  EXPECT_TRUE(peer.heard.back() == password_of("student", right_password));
  peer.say(msg::UserauthSuccess{});
  victim.open_channel();
  peer.listen();
  EXPECT_EQ(decode<msg::ChannelOpen>(peer.heard.back()).channel_type, "session");
  peer.say(msg::ChannelOpenConfirmation{0, 0, 1000, 1000, {}});
  const auto exec = decode<msg::ChannelRequest>(peer.heard.back());
  EXPECT_EQ(exec.request_type, "exec");
  EXPECT_TRUE(equal(exec.type_specific_data.bytes, encode(msg::Exec{"id"})));
}

TEST(TransportRules, NoNulFollowsATextOfAServer) {  // [4251-5-6] keeps
  ServerVictim victim;
  HandMadePeer peer(victim, {});
  begin_login(peer, Role::server);
  EXPECT_EQ(decode<msg::ServiceAccept>(peer.heard.back()).service_name, "ssh-userauth");
  peer.say(password_of("student", "wrong"));
  const auto failure = decode<msg::UserauthFailure>(peer.heard.back());
  EXPECT_EQ(failure.authentications_that_can_continue.text.find('\0'), std::string_view::npos);
  peer.say(msg::ServiceRequest{"ssh-connection"});
  const auto disconnect = decode<msg::Disconnect>(peer.heard.back());
  EXPECT_EQ(disconnect.description, end_of(victim));
  EXPECT_EQ(disconnect.description.find('\0'), std::string_view::npos);
  EXPECT_EQ(disconnect.language_tag, "");
}

// ---- services

TEST(TransportRules, ThereIsOneServiceBeforeTheLogin) {  // [4253-10-3] [4253-10-4] keep, [4253-10-1] [4253-10-2] break
  for (const std::string_view service : {"ssh-connection", "ssh-userauth2", ""}) {
    ServerVictim victim;
    HandMadePeer peer(victim, {});
    peer.say_version();
    exchange_keys(peer);
    EXPECT_EQ(heard_after(peer, [&] { peer.say(msg::ServiceRequest{service}); }), "DISCONNECT 7");
  }
  ServerVictim victim;
  HandMadePeer peer(victim, {});
  begin_login(peer, Role::server);
  EXPECT_EQ(decode<msg::ServiceAccept>(peer.heard.back()).service_name, "ssh-userauth");
}

// ---- EXT_INFO

// [8308-2.4-2] [8308-3.1-2] [8308-3.1-5] [openssh-ping-1.8-3] keep
TEST(TransportRules, AServersExtInfoIsBehindItsFirstNewkeys) {
  for (const bool wanted : {true, false}) {
    ServerVictim victim;
    HandMadePeer peer(victim, {.wants_ext_info = wanted});
    peer.say_version();
    exchange_keys(peer);
    exchange_keys(peer);
    ASSERT_EQ(peer.heard_number(msg::ExtInfo::number), wanted ? 1U : 0U);
    if (!wanted) continue;
    const auto at = std::find_if(peer.heard.begin(), peer.heard.end(),
                                 [](const Payload& each) { return each[0] == msg::ExtInfo::number; });
    EXPECT_EQ((*(at - 1))[0], msg::NewKeys::number);
    std::map<std::string, std::string> extensions;
    const auto message = decode<msg::ExtInfo>(*at);
    for (const auto& each : message.extensions) {
      extensions.emplace(each.extension_name, text_of(each.extension_value));
    }
    EXPECT_EQ(extensions["server-sig-algs"], "ssh-ed25519");
    EXPECT_EQ(extensions["ping@openssh.com"], "0");
  }
}

// [8308-2.4-5] [8308-2.5-1] [8308-2.5-3] keep
// [8308-2.5-5] [8308-2.5-6] [8308-2.5-7] keep
TEST(TransportRules, AClientTakesWhatItKnowsOfAnExtInfo) {
  ClientVictim victim;
  HandMadePeer peer(victim, {});
  peer.say_version();
  exchange_keys(peer);
  const Payload much(60'000);
  const std::string zeros(100, '\0');
  peer.say(msg::ExtInfo{{{"much@example.com", much},
                         {"ping@openssh.com", bytes_of("0")},
                         {"zeros@example.com", bytes_of(zeros)},
                         {"server-sig-algs", bytes_of("one,two")}}});
  EXPECT_EQ(victim.transport().peer_sig_algs(), (std::vector<std::string>{"one", "two"}));
  EXPECT_TRUE(victim.transport().peer_answers_ping());
  peer.say(msg::ServiceAccept{"ssh-userauth"});
  peer.say(msg::ExtInfo{{{"server-sig-algs", bytes_of("three")}}});
  peer.say(msg::UserauthSuccess{});
  EXPECT_EQ(end_of(victim), "");
  EXPECT_EQ(victim.transport().peer_sig_algs(), std::vector<std::string>{"three"});
  EXPECT_FALSE(victim.transport().peer_answers_ping()) << "the second one stands alone";
}

}  // namespace
}  // namespace glassh::test
