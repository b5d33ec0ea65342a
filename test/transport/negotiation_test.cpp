#include "transport/negotiation.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "transport/transport.h"

namespace glassh {
namespace {

struct Lists {
  std::string kex = "curve25519-sha256", host_key = "ssh-ed25519", cipher = "aes128-ctr", mac = "hmac-sha2-256",
              compression = "none";
};

// Views into `lists`.
msg::KexInit kexinit_of(const Lists& lists) {
  msg::KexInit kexinit;
  kexinit.kex_algorithms = {lists.kex};
  kexinit.server_host_key_algorithms = {lists.host_key};
  kexinit.encryption_algorithms_client_to_server = kexinit.encryption_algorithms_server_to_client = {lists.cipher};
  kexinit.mac_algorithms_client_to_server = kexinit.mac_algorithms_server_to_client = {lists.mac};
  kexinit.compression_algorithms_client_to_server =
      kexinit.compression_algorithms_server_to_client = {lists.compression};
  return kexinit;
}

TEST(Negotiation, TheClientsOrderDecides) {  // [4253-7.1-7] [4253-7.1-8] [4253-7.1-12] [4253-7.1-14] [4253-7.1-16]
                                             // [4253-7.1-18] keeps
  const Lists client{"a,b,c", "h1,h2", "x,y", "m1,m2", "zlib,none"};
  const Lists server{"c,b", "h2,h1", "y,x", "m2,m1", "none,zlib"};
  const Algorithms chosen = negotiate(kexinit_of(client), kexinit_of(server));
  EXPECT_EQ(chosen.kex, "b");
  EXPECT_EQ(chosen.host_key, "h1");
  EXPECT_EQ(chosen.cipher_client_to_server, "x");
  EXPECT_EQ(chosen.mac_server_to_client, "m1");
  EXPECT_EQ(chosen.compression_server_to_client, "zlib");
}

TEST(Negotiation, EachDirectionChoosesForItself) {  // [4253-6.3-6] [4253-6.4-5] [4253-6.2-4] keeps
  const Lists lists;
  msg::KexInit client = kexinit_of(lists);
  msg::KexInit server = kexinit_of(lists);
  client.encryption_algorithms_client_to_server = {"aes256-ctr,aes128-ctr"};
  server.encryption_algorithms_client_to_server = {"aes256-ctr"};
  client.mac_algorithms_server_to_client = server.mac_algorithms_server_to_client = {"hmac-sha2-512"};
  const Algorithms chosen = negotiate(client, server);
  EXPECT_EQ(chosen.cipher_client_to_server, "aes256-ctr");
  EXPECT_EQ(chosen.cipher_server_to_client, "aes128-ctr");
  EXPECT_EQ(chosen.mac_client_to_server, "hmac-sha2-256");
  EXPECT_EQ(chosen.mac_server_to_client, "hmac-sha2-512");
}

TEST(Negotiation,
     AnAeadCipherNeedsNoMac) {  // [4253-7.1-16] [4253-7.1-17] [4253-7.1-4] [5647-5.1-1] keeps: even with empty or
                                // disjoint lists
  for (const char* mac : {"", "hmac-none-of-ours"}) {
    Lists client;
    client.cipher = "aes128-gcm@openssh.com";
    Lists server = client;
    server.mac = mac;
    EXPECT_EQ(negotiate(kexinit_of(client), kexinit_of(server)).mac_client_to_server, "");
  }
}

TEST(Negotiation, NothingInCommonNamesTheListAndBothSides) {  // [4253-7.1-9] [4253-7.1-13] [4253-7.1-15] [4253-7.1-17]
                                                              // [4253-7.1-19] breaks
  struct {
    Lists server;
    std::string text;
    std::string what;  // as OpenSSH says it
  } const cases[] = {
      {{.kex = "other"},
       "SSH_MSG_KEXINIT: kex_algorithms: nothing in common: the client offers \"curve25519-sha256\", the server "
       "\"other\"",
       "key exchange method"},
      {{.host_key = "other"}, "SSH_MSG_KEXINIT: server_host_key_algorithms: nothing in common", "host key type"},
      {{.cipher = "other"}, "SSH_MSG_KEXINIT: encryption_algorithms_client_to_server: nothing in common", "cipher"},
      {{.mac = "other"}, "SSH_MSG_KEXINIT: mac_algorithms_client_to_server: nothing in common", "MAC"},
      {{.compression = "other"},
       "SSH_MSG_KEXINIT: compression_algorithms_client_to_server: nothing in common",
       "compression method"},
      {{.kex = ""}, "SSH_MSG_KEXINIT: kex_algorithms: nothing in common", "key exchange method"},
      // [4253-7.1-20] breaks: "none" has to be in both lists like any other name.
      {{.cipher = "none"}, "SSH_MSG_KEXINIT: encryption_algorithms_client_to_server: nothing in common", "cipher"},
      {{.mac = "none"}, "SSH_MSG_KEXINIT: mac_algorithms_client_to_server: nothing in common", "MAC"},
      {{.compression = ""},
       "SSH_MSG_KEXINIT: compression_algorithms_client_to_server: nothing in common",
       "compression method"},
  };
  for (const auto& [server, text, what] : cases) {
    try {
      negotiate(kexinit_of({}), kexinit_of(server));
      ADD_FAILURE() << text;
    } catch (const ProtocolError& error) {
      EXPECT_EQ(error.reason(), DisconnectReason::key_exchange_failed);
      EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
      EXPECT_EQ(
          disconnected_by(error, Role::client).unmatched.find(fmt::format("no matching {} found. Their offer: ", what)),
          0U);
    }
  }
}

// Every pair of lists for the two directions, whatever the other one is: RFC 4253 section 7.1 [4253-7.1-14]
// [4253-7.1-16] [4253-7.1-18], section 6.4 [4253-6.4-5] keeps and breaks.
TEST(Negotiation, TheDirectionsNeedNothingOfEachOther) {
  const Lists lists;
  const std::string ciphers[] = {"aes128-gcm@openssh.com", "aes128-ctr"};
  const std::string macs[] = {"hmac-sha2-256", "", "hmac-of-others"};
  for (const std::string& up : ciphers) {
    for (const std::string& down : ciphers) {
      for (const std::string& mac_up : macs) {
        for (const std::string& mac_down : macs) {
          msg::KexInit client = kexinit_of(lists);
          msg::KexInit server = kexinit_of(lists);
          client.encryption_algorithms_client_to_server = server.encryption_algorithms_client_to_server = {up};
          client.encryption_algorithms_server_to_client = server.encryption_algorithms_server_to_client = {down};
          server.mac_algorithms_client_to_server = {mac_up};
          server.mac_algorithms_server_to_client = {mac_down};
          const bool up_works = up == ciphers[0] || mac_up == macs[0];
          const bool down_works = down == ciphers[0] || mac_down == macs[0];
          if (up_works && down_works) {
            const Algorithms chosen = negotiate(client, server);
            EXPECT_EQ(chosen.mac_client_to_server, up == ciphers[0] ? "" : macs[0]);
            EXPECT_EQ(chosen.mac_server_to_client, down == ciphers[0] ? "" : macs[0]);
          } else {
            EXPECT_THROW(negotiate(client, server), NoCommonAlgorithm);
          }
        }
      }
    }
  }
}

TEST(Negotiation, NothingInCommonIsSaidInOpenSshsWordsToo) {
  const NoCommonAlgorithm error("cipher", "encryption_algorithms_client_to_server", {"a,b"}, {"c"});
  EXPECT_EQ(disconnected_by(error, Role::client).unmatched, "no matching cipher found. Their offer: c");
  EXPECT_EQ(disconnected_by(error, Role::server).unmatched, "no matching cipher found. Their offer: a,b");
  EXPECT_EQ(disconnected_by(ProtocolError("something else"), Role::client).unmatched, "");
}

TEST(Negotiation, MarkersAreNeverChosen) {  // [8308-2.2-5] [openssh-strict-kex-1.9-3] breaks
  const Lists lists{.kex = "ext-info-c,kex-strict-c-v00@openssh.com,kex-strict-s-v00@openssh.com,ext-info-s"};
  EXPECT_THROW(negotiate(kexinit_of(lists), kexinit_of(lists)), ProtocolError);
}

TEST(Negotiation, NamesAreComparedWithCase) {  // [4251-6-4] breaks
  EXPECT_THROW(negotiate(kexinit_of({}), kexinit_of({.cipher = "AES128-CTR"})), ProtocolError);
}

TEST(Negotiation, AGuessIsRightOnlyIfBothFirstNamesAgree) {  // [4253-7-2] [4253-7.1-3] [4253-7.1-6] keeps and breaks
  const Lists ours{.kex = "a,b", .host_key = "h,i"};
  EXPECT_TRUE(guess_is_right(kexinit_of(ours), kexinit_of({.kex = "a,c", .host_key = "h"})));
  EXPECT_FALSE(guess_is_right(kexinit_of(ours), kexinit_of({.kex = "b,a", .host_key = "h"})));
  EXPECT_FALSE(guess_is_right(kexinit_of(ours), kexinit_of({.kex = "a", .host_key = "i,h"})));
  EXPECT_FALSE(guess_is_right(kexinit_of(ours), kexinit_of({.kex = "", .host_key = "h"})));
}

TEST(Negotiation, ListsAreNamesWithCommasBetween) {  // [4253-7.1-1] keeps
  EXPECT_EQ(join_names({"a", "b@c", "d"}), "a,b@c,d");
  EXPECT_EQ(split_names("a,b@c,d"), (std::vector<std::string_view>{"a", "b@c", "d"}));
  EXPECT_FALSE(contains_name("aes128-ctr,aes256-ctr", "aes"));
}

// [4251-4.5-6] [4251-6-3] [4251-6-5] [4251-6-6] [4251-6-7] [4251-6-8] [4251-6-9] [4251-6-10] [4251-6-11] [4253-7.1-2]
// keeps
TEST(Negotiation, OurOwnListsObeyTheRulesForNames) {
  const Proposal proposal = default_proposal();
  for (const auto& list : {proposal.kex, proposal.host_key, proposal.cipher_client_to_server,
                           proposal.mac_server_to_client, proposal.compression_client_to_server}) {
    EXPECT_FALSE(list.empty());
    for (const std::string& name : list) {
      EXPECT_LE(name.size(), 64U);
      EXPECT_LE(std::count(name.begin(), name.end(), '@'), 1);
      // Behind the at-sign is the domain of somebody who defines such names.
      const std::string domain = name.substr(std::min(name.find('@'), name.size()));
      EXPECT_TRUE(domain.empty() || domain == "@openssh.com" || domain == "@libssh.org") << name;
      for (const char c : name) EXPECT_TRUE(c > 0x20 && c < 0x7f && c != ',') << name;
    }
  }
}

}  // namespace
}  // namespace glassh
