// RFC 8308: when SSH_MSG_EXT_INFO may come, and what may be in it.
#include <algorithm>

#include <gtest/gtest.h>

#include "test/support/transport_pair.h"

namespace glassh {
namespace {

using test::feed;
using test::take_ready;
using test::TransportPair;
using test::TransportSide;

struct ExtInfo : testing::Test {
  ExtInfo() { pair.run(); }

  void begin_authentication() {
    pair.client.transport.request_service("ssh-userauth");
    pair.run();
  }
  void send(TransportSide& from, std::vector<msg::Extension> extensions) {
    msg::ExtInfo message;
    message.extensions = std::move(extensions);
    from.transport.writer().send(message);
    pair.run();
  }

  TransportPair pair;
  const std::vector<std::string> first_list = {"ssh-ed25519", "rsa-sha2-512"};
};

TEST_F(ExtInfo, AClientsIsTakenBehindItsNewkeys) {  // [8308-2.2-1] [8308-2.4-1] keeps
  send(pair.client, {{"what@example.com", bytes_of("?")}});
  begin_authentication();
  EXPECT_EQ(pair.server.error, "");
  EXPECT_EQ(pair.client.log.back(), "service accepted");
}

TEST_F(ExtInfo, AClientsSecondOneEndsIt) {  // [8308-2.4-1] breaks
  send(pair.client, {});
  send(pair.client, {});
  EXPECT_EQ(pair.server.error, "SSH_MSG_EXT_INFO (7) may not come during the service request");
}

TEST_F(ExtInfo, AClientsLateOneEndsIt) {  // [8308-2.4-1] breaks
  begin_authentication();
  send(pair.client, {});
  EXPECT_EQ(pair.server.error, "SSH_MSG_EXT_INFO (7) may not come during authentication");
}

TEST_F(ExtInfo, AServersIsTakenBehindNewkeysAndOnceMoreBeforeSuccess) {  // [8308-2.2-1] [8308-2.4-3] keeps
  EXPECT_EQ(pair.client.transport.peer_sig_algs(), first_list);
  begin_authentication();
  send(pair.server, {{"server-sig-algs", bytes_of("rsa-sha2-256")}});
  EXPECT_EQ(pair.client.transport.peer_sig_algs(), std::vector<std::string>{"rsa-sha2-256"}) << pair.client.error;
}

TEST_F(ExtInfo, AServersAfterSuccessEndsIt) {  // [8308-2.4-3] breaks
  begin_authentication();
  pair.client.transport.enter(Phase::connection);
  send(pair.server, {});
  EXPECT_EQ(pair.client.error, "SSH_MSG_EXT_INFO (7) may not come during the connection protocol");
}

TEST_F(ExtInfo, TheOrderOfExtensionsDoesNotMatter) {  // [8308-2.5-3] keeps
  const std::vector<msg::Extension> extensions = {{"server-sig-algs", bytes_of("rsa-sha2-256")},
                                                  {"publickey-hostbound@openssh.com", bytes_of("0")},
                                                  {"what@example.com", bytes_of("?")},
                                                  {"ping@openssh.com", bytes_of("0")}};
  for (std::size_t first = 0; first < extensions.size(); ++first) {
    TransportPair other;
    other.run();
    other.client.transport.request_service("ssh-userauth");
    other.run();
    msg::ExtInfo message;
    message.extensions.assign(extensions.begin() + static_cast<std::ptrdiff_t>(first), extensions.end());
    message.extensions.insert(message.extensions.end(), extensions.begin(),
                              extensions.begin() + static_cast<std::ptrdiff_t>(first));
    other.server.transport.writer().send(message);
    other.run();
    EXPECT_EQ(other.client.transport.peer_sig_algs(), std::vector<std::string>{"rsa-sha2-256"}) << first;
    EXPECT_TRUE(other.client.transport.peer_takes_host_bound_keys()) << first;
    EXPECT_TRUE(other.client.transport.peer_answers_ping()) << first;
  }
}

TEST_F(ExtInfo, ItMayFillAPacketWithAnyBytes) {  // [8308-2.5-6] [8308-2.5-7] keeps
  std::vector<std::uint8_t> value(63 * 1024);    // before the login a packet has 64 KiB at most
  for (std::size_t i = 0; i < value.size(); ++i) value[i] = static_cast<std::uint8_t>(i);
  begin_authentication();
  send(pair.server, {{"what@example.com", value}, {"server-sig-algs", bytes_of("rsa-sha2-256")}});
  EXPECT_EQ(pair.client.transport.peer_sig_algs(), std::vector<std::string>{"rsa-sha2-256"}) << pair.client.error;
}

TEST_F(ExtInfo, OneThatIsCutShortEndsIt) {  // [8308-2.5-7] breaks
  const std::vector<std::uint8_t> three_and_none = {msg::ExtInfo::number, 0, 0, 0, 3};
  begin_authentication();
  pair.server.transport.writer().send_payload(three_and_none);
  pair.run();
  EXPECT_EQ(pair.client.error.rfind("SSH_MSG_EXT_INFO: ", 0), 0U) << pair.client.error;
}

// A name is registered, or it is name@domain, printable, without comma and blank, and has 64 characters at the most.
TEST(ExtInfoNames, AreRegisteredOrPrivateOnes) {  // [8308-4.2.1-1] keeps
  struct Sent : TraceSink {
    void packet(Direction direction, std::uint32_t, std::string_view, Bytes payload) override {
      if (direction != Direction::sent || payload[0] != msg::ExtInfo::number) return;
      const auto message = decode<msg::ExtInfo>(payload);
      for (const msg::Extension& extension : message.extensions) names.emplace_back(extension.extension_name);
    }
    void note(std::string_view, std::string_view) override {}
    std::vector<std::string> names;
  } sent;
  TransportPair pair(default_proposal(), 1, nullptr, &sent);
  pair.run();
  EXPECT_FALSE(sent.names.empty());
  for (const std::string& name : sent.names) {
    const std::string registered = "server-sig-algs,delay-compression,no-flow-control,elevation";
    EXPECT_TRUE(contains_name(registered, name) || name.find('@') != name.npos) << name;
    EXPECT_LE(name.size(), 64U);
    EXPECT_LE(std::count(name.begin(), name.end(), '@'), 1) << name;
    for (const char c : name) EXPECT_TRUE(c > 0x20 && c < 0x7f && c != ',') << name;
  }
}

// A server that has never heard of RFC 8308: only its key exchange, which is told no extension.
TEST(ExtInfoAbsent, AClientDoesWithout) {  // [8308-2.4-4] [8308-3.1-6] keeps
  TransportPair keys;                      // for its host key and settings
  const TransportSettings settings = keys.server_settings(default_proposal());
  SeededRng rng(4);
  PacketReader reader;
  PacketWriter writer(rng);
  KeyExchange kex(settings.kex, rng, reader, writer, nullptr);
  TransportSide client(TransportPair::client_settings(default_proposal()), 1);

  writer.send_raw(bytes_of("SSH-2.0-bare\r\n"));
  kex.start();
  feed(reader, take_ready(client.transport.writer()));
  std::string line(reader.next_line(255).value());
  line.pop_back();  // CR
  kex.set_versions(line, "SSH-2.0-bare");
  bool service_requested = false;
  for (int i = 0; i < 4; ++i) {
    feed(client.transport.reader(), take_ready(writer));
    while (const auto event = client.transport.next_event()) {
      if (std::holds_alternative<HostKeyOffered>(*event)) client.transport.accept_host_key();
      if (std::holds_alternative<KeysChanged>(*event)) client.transport.request_service("ssh-userauth");
    }
    feed(reader, take_ready(client.transport.writer()));
    while (const auto payload = reader.next_payload()) {
      service_requested |= (*payload)[0] == msg::ServiceRequest::number;
      if (service_requested) break;
      const auto event = kex.on_payload(*payload);
      if (!event || !std::holds_alternative<SignatureWanted>(*event)) continue;
      const auto& wanted = std::get<SignatureWanted>(*event);
      kex.provide_signature(keys.host_keys[0].sign(wanted.host_key_algorithm, wanted.exchange_hash));
    }
  }
  EXPECT_TRUE(service_requested);
  EXPECT_TRUE(client.transport.peer_sig_algs().empty());
  EXPECT_FALSE(client.transport.peer_answers_ping());
}

}  // namespace
}  // namespace glassh
