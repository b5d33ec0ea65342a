// What ssh-add of OpenSSH 9.2 sent to an agent for `ssh-add -t 60 -c -h host.example -h 'host.example>u@x.two'` with a
// key made for this: the constraints' strings inside strings are drawn in no document.
#include <gtest/gtest.h>

#include "proto/messages_agent_keys.h"
#include "test/proto/golden.h"

namespace glassh::test {
namespace {

constexpr std::string_view key_blob =
    "0000000b 'ssh-ed25519' 00000020 ba7bdd435353098b696b2e6cb860dd29177500b3c46a3a64966229d36f73ae40";

const std::string key_spec = "00000033" + std::string(key_blob);

const std::string captured = std::string("19 0000000b 'ssh-ed25519'") +
                             "00000020 ba7bdd435353098b696b2e6cb860dd29177500b3c46a3a64966229d36f73ae40" +
                             "00000040 81b9e0b41204e45078cd367d46c60836d6e6321ae4068000d43337f17e0f96b6" +
                             "ba7bdd435353098b696b2e6cb860dd29177500b3c46a3a64966229d36f73ae40" + "00000002 'cc'" +
                             "01 0000003c" + "02" + "ff 00000024 'restrict-destination-v00@openssh.com' 00000116" +
                             "00000068" + "0000000c 00000000 00000000 00000000" +
                             "00000050 00000000 0000000c 'host.example' 00000000" + key_spec + "00" + "00000000" +
                             "000000a6" + "00000050 00000000 0000000c 'host.example' 00000000" + key_spec + "00" +
                             "0000004a 00000001 'u' 00000005 'x.two' 00000000" + key_spec + "01" + "00000000";

TEST(AgentCapture, ConstrainedKeyOfSshAddIsUnderstoodToTheLastByte) {
  const std::vector<std::uint8_t> bytes = golden_bytes(captured);
  const auto add = decode<msg::AgentAddIdConstrained>(bytes);
  EXPECT_EQ(add.key_type, "ssh-ed25519");
  const auto identity = decode<msg::AgentEd25519Identity>(add.key_contents.bytes);
  EXPECT_EQ(identity.comment, "cc");
  EXPECT_EQ(identity.k_ENC_A.bytes.size(), 64u);
  ASSERT_EQ(identity.constraints.items.size(), 3u);
  EXPECT_EQ(identity.constraints.items[0].seconds, 60u);
  EXPECT_EQ(identity.constraints.items[1].type, agent_constraint::confirm);
  EXPECT_EQ(hex(encode(identity)), hex(add.key_contents.bytes));
}

TEST(AgentCapture, DestinationsOfSshAddAreUnderstoodToTheLastByte) {
  const std::vector<std::uint8_t> bytes = golden_bytes(captured);
  const auto add = decode<msg::AgentAddIdConstrained>(bytes);
  const auto identity = decode<msg::AgentEd25519Identity>(add.key_contents.bytes);
  const auto destinations = decode<msg::AgentDestinations>(identity.constraints.items.at(2).destinations);
  ASSERT_EQ(destinations.constraints.items.size(), 2u);

  const auto first = decode<msg::AgentDestination>(destinations.constraints.items[0].constraint);
  EXPECT_TRUE(decode<msg::AgentHop>(first.from).hostname.empty());
  EXPECT_EQ(decode<msg::AgentHop>(first.to).hostname, "host.example");

  const auto second = decode<msg::AgentDestination>(destinations.constraints.items[1].constraint);
  EXPECT_EQ(decode<msg::AgentHop>(second.from).hostname, "host.example");
  const auto to = decode<msg::AgentHop>(second.to);
  EXPECT_EQ(to.username, "u");
  EXPECT_EQ(to.hostname, "x.two");
  ASSERT_EQ(to.hostkeys.items.size(), 1u);
  EXPECT_TRUE(to.hostkeys.items[0].is_ca);
  EXPECT_EQ(hex(to.hostkeys.items[0].keyblob), hex(golden_bytes(key_blob)));
}

}  // namespace
}  // namespace glassh::test
