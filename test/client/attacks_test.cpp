// Attacks of old on clients, against a whole client.
#include <gmock/gmock.h>

#include "proto/messages_connection.h"
#include "proto/messages_transport.h"
#include "test/client/ssh_client_fixture.h"
#include "test/support/test_keys.h"

namespace glassh {
namespace {

using testing::HasSubstr;
using testing::Not;

struct AttacksTest : SshClientTest {
  AttacksTest() {
    SeededRng same_seed{3};  // as ScriptedServer makes its host key
    login_line = "example.com " + PrivateKey::generate("ssh-ed25519", same_seed).public_key().line() + "\n";
    config_.user_known_hosts_files = {home_.path("known_hosts")};
    config_.strict_host_key_checking = StrictHostKeyChecking::yes;
    log_level_ = LogLevel::debug1;
  }
  static bool close(PacketWriter& writer) {
    writer.send(msg::ChannelClose{0});
    return true;
  }

  std::string login_line;
  PrivateKey other = test_key("ed25519");
};

// Past vulnerability 42: a key exchange in the middle of a session that presents another host key. The key is judged
// like the first one.
TEST_F(AttacksTest, AnotherHostKeyInTheMiddleOfASessionEndsIt) {
  home_.write("known_hosts", login_line);
  const Result result = run({.script = after_start([](PacketWriter&) { return true; }), .next_host_key = other});
  EXPECT_EQ(result.status, 255);
  EXPECT_THAT(result.log, HasSubstr("Host key verification failed."));
  EXPECT_THAT(result.log, HasSubstr("REMOTE HOST IDENTIFICATION HAS CHANGED!"));
}

TEST_F(AttacksTest, AnotherHostKeyThatIsKnownMayTakeOver) {
  home_.write("known_hosts", login_line + "example.com " + other.public_key().line() + "\n");
  const Result result = run({.script = after_start(close), .next_host_key = other});
  EXPECT_THAT(result.log, Not(HasSubstr("Host key verification failed.")));
  EXPECT_THAT(result.log, HasSubstr("keys have been changed"));
}

// Past vulnerability 66: a client that had a feature nobody knew of, and gave its memory away when the server asked for
// it. Whatever is asked for here is refused, and nothing else is said.
TEST_F(AttacksTest, NoFeatureIsThereThatIsNotDocumented) {
  home_.write("known_hosts", login_line);
  const std::vector<std::string> requests = {"roaming@appgate.com",
                                             "resume@appgate.com",
                                             "roaming-auth@openssh.com",
                                             "tcpip-forward",
                                             "tun@openssh.com",
                                             "x",
                                             "hostkeys-prove-00@openssh.com"};
  const std::vector<std::string> channels = {"session",
                                             "x11",
                                             "direct-tcpip",

                                             "tun@openssh.com",
                                             "auth-agent@openssh.com",
                                             "direct-streamlocal@openssh.com",
                                             "resume"};
  std::size_t refused_requests = 0;
  std::size_t refused_channels = 0;
  std::uint32_t sender = 9;
  std::vector<int> others;
  const auto start = after_start(close);
  const std::vector<std::uint8_t> details(100, 0);
  const Result result = run({.script = [&](PacketWriter& writer, Bytes payload) {
    if (payload.empty()) {
      for (const std::string& name : requests) writer.send(msg::GlobalRequest{name, true, {details}});
      for (const std::string& type : channels)
        writer.send(msg::ChannelOpen{type, sender++, 1 << 20, 1 << 15, {details}});
      return true;
    }
    const std::uint8_t number = payload[0];
    refused_requests += number == message_number::request_failure;
    refused_channels += number == message_number::channel_open_failure;
    const bool usual = number == message_number::request_failure || number == message_number::channel_open_failure ||
                       number == message_number::global_request || number == message_number::channel_open ||
                       number == message_number::channel_request || number == message_number::channel_close ||
                       number == message_number::channel_eof;
    if (!usual) others.push_back(number);
    return start(writer, payload);
  }});
  EXPECT_EQ(refused_requests, requests.size());
  EXPECT_EQ(refused_channels, channels.size()) << result.log;
  EXPECT_THAT(others, testing::IsEmpty());
}

// Past vulnerability 63: names that a careless program would take for a format.
TEST_F(AttacksTest, TextsOfOthersAreNoFormats) {
  home_.write("known_hosts", login_line);
  const std::string hostile = "%n%s%n%s{}{0}{:>1000000}%1000000d";
  config_.user = hostile;
  const Result result = run({.banner = hostile, .script = [&](PacketWriter& writer, Bytes payload) {
                               if (!payload.empty()) return true;
                               writer.send(msg::Debug{true, hostile, hostile});
                               writer.send(msg::GlobalRequest{hostile, true, {}});
                               writer.send(msg::ChannelOpen{hostile, 9, 1 << 20, 1 << 15, {}});
                               writer.send(msg::Disconnect{11, hostile, hostile});
                               return false;
                             }});
  EXPECT_EQ(result.status, 255);
  EXPECT_THAT(result.log, HasSubstr("Remote: " + hostile));
  EXPECT_THAT(result.log, HasSubstr("global request " + hostile));
  EXPECT_THAT(result.log, HasSubstr(": " + hostile));
}

}  // namespace
}  // namespace glassh
