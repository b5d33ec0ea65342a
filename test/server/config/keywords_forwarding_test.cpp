// The keywords about forwarding and idling: what they read, what they refuse, how -T prints them, what Match may
// change.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/config/server_config.h"
#include "server/login/session_permissions.h"
#include "test/server/config/read_config.h"
#include "test/support/config_names.h"

namespace glassh {
namespace {

using testing::HasSubstr;

using test::error_of;
using test::read;

SessionPermissions permissions(std::string_view config) { return session_permissions(read(config), {}); }

TEST(ServerConfigForwarding, IsPrintedAsOpenSshPrintsIt) {
  const std::string defaults = effective_config(read(""));
  for (const char* line : {"streamlocalbindmask 0177\n", "unusedconnectiontimeout none\n", "gatewayports no\n",
                           "allowtcpforwarding yes\n", "allowstreamlocalforwarding yes\n", "streamlocalbindunlink no\n",
                           "permitopen any\n", "permitlisten any\n", "channeltimeout none\n"}) {
    EXPECT_THAT(defaults, HasSubstr(line));
  }
  struct {
    const char *text, *printed;
  } const cases[] = {
      {"AllowTcpForwarding all", "allowtcpforwarding yes\n"},
      {"AllowTcpForwarding LOCAL", "allowtcpforwarding local\n"},
      {"AllowStreamLocalForwarding remote", "allowstreamlocalforwarding remote\n"},
      {"GatewayPorts clientspecified", "gatewayports clientspecified\n"},
      {"StreamLocalBindMask 0111", "streamlocalbindmask 0111\n"},
      {"StreamLocalBindMask 0", "streamlocalbindmask 00\n"},
      {"StreamLocalBindUnlink yes", "streamlocalbindunlink yes\n"},
      {"PermitOpen none", "permitopen none\n"},
      {"PermitOpen localhost:80 [::1]:* *:443", "permitopen localhost:80 [::1]:* *:443\n"},
      {"PermitOpen a:80\nPermitOpen b:80", "permitopen a:80\n"},
      {"PermitListen 8080 localhost:90 *:*", "permitlisten *:8080 localhost:90 *:*\n"},
      {"ChannelTimeout session:*=5m x11-connection=0", "channeltimeout session:*=5m x11-connection=0\n"},
      {"UnusedConnectionTimeout 2m", "unusedconnectiontimeout 120\n"},
      {"UnusedConnectionTimeout none", "unusedconnectiontimeout none\n"},
  };
  for (const auto& [text, printed] : cases) EXPECT_THAT(effective_config(read(text)), HasSubstr(printed)) << text;
}

// Past vulnerability 85: the odd ports.
TEST(ServerConfigForwarding, SaysWhatIsWrongAndWhatWasExpected) {
  struct {
    const char *text, *error;
  } const cases[] = {
      {"AllowTcpForwarding x", "AllowTcpForwarding: bad value 'x': expected yes, no, local or remote"},
      {"GatewayPorts x", "GatewayPorts: bad value 'x': expected yes, no or clientspecified"},
      {"StreamLocalBindMask 999", "StreamLocalBindMask: bad mask '999': expected 0 to 0777, octal"},
      {"StreamLocalBindMask 01777", "StreamLocalBindMask: bad mask '01777': expected 0 to 0777, octal"},
      {"StreamLocalBindMask 00000000000000000000001",
       "StreamLocalBindMask: bad mask '00000000000000000000001': "
       "expected 0 to 0777, octal"},
      {"PermitOpen localhost", "PermitOpen: bad value 'localhost': expected host:port"},
      {"PermitOpen localhost:0", "PermitOpen: bad value 'localhost:0': the port must be 1 to 65535 or *"},
      {"PermitOpen localhost:65536", "PermitOpen: bad value 'localhost:65536': the port must be 1 to 65535 or *"},
      {"PermitOpen any localhost:80", "PermitOpen: 'any' stands alone"},
      {"PermitListen none none", "PermitListen: 'none' stands alone"},
      {"PermitListen x", "PermitListen: bad value 'x': the port must be 1 to 65535 or *"},
      {"ChannelTimeout x", "ChannelTimeout: bad value 'x': expected type=time, such as session:*=5m"},
      {"ChannelTimeout x=y", "ChannelTimeout: bad value 'x=y': expected type=time, such as session:*=5m"},
      {"ChannelTimeout x=1 =5", "ChannelTimeout: bad value '=5': expected type=time, such as session:*=5m"},
      {"UnusedConnectionTimeout x", "UnusedConnectionTimeout: bad time 'x': expected seconds, 1h30m or none"},
  };
  for (const auto& [text, error] : cases) EXPECT_EQ(error_of(text), std::string("sshd_config:1: ") + error) << text;
}

// Past vulnerability 84: each switch beside each kind of forwarding.
TEST(ServerConfigForwarding, EachSwitchClosesWhatSshdCloses) {
  struct {
    const char* text;
    bool tcp_open, tcp_listen, sockets_open, sockets_listen;
  } const cases[] = {
      {"", true, true, true, true},
      {"AllowTcpForwarding no", false, false, false, false},
      {"AllowTcpForwarding local", true, false, true, false},
      {"AllowTcpForwarding remote", false, true, false, true},
      {"AllowStreamLocalForwarding no", true, true, false, false},
      {"AllowStreamLocalForwarding local", true, true, true, false},
      {"AllowStreamLocalForwarding remote", true, true, false, true},
      {"DisableForwarding yes\nAllowTcpForwarding yes\nAllowStreamLocalForwarding yes", false, false, false, false},
  };
  for (const auto& [text, tcp_open, tcp_listen, sockets_open, sockets_listen] : cases) {
    SCOPED_TRACE(text);
    const SessionPermissions got = permissions(text);
    EXPECT_EQ(got.tcp.open, tcp_open);
    EXPECT_EQ(got.tcp.listen, tcp_listen);
    EXPECT_EQ(got.sockets.open, sockets_open);
    EXPECT_EQ(got.sockets.listen, sockets_listen);
    EXPECT_EQ(got.may_open("host", 80), tcp_open);
    EXPECT_EQ(got.may_listen("", 0), tcp_listen);
  }
}

TEST(ServerConfigForwarding, ListsAreForTheConfigurationWhatTheyAreForKeys) {
  const SessionPermissions some = permissions("PermitOpen localhost:80 *:443\nPermitListen 8080 *.example:90");
  EXPECT_TRUE(some.may_open("localhost", 80));
  EXPECT_FALSE(some.may_open("127.0.0.1", 80)) << "names are compared, not what they stand for";
  EXPECT_TRUE(some.may_open("anywhere", 443));
  EXPECT_TRUE(some.may_listen("localhost", 8080));
  EXPECT_TRUE(some.may_listen("WEB.example", 90));
  EXPECT_FALSE(some.may_listen("localhost", 0)) << "the system might choose any port";
  const SessionPermissions none = permissions("PermitOpen none\nPermitListen none");
  EXPECT_FALSE(none.may_open("localhost", 80));
  EXPECT_FALSE(none.may_listen("", 8080));
  // A key's list and the configuration's must both agree.
  KeyOptions key;
  key.permit_open = {{{"localhost", 80}, {"localhost", 81}}};
  const SessionPermissions both = session_permissions(read("PermitOpen localhost:81 localhost:82"), key);
  EXPECT_FALSE(both.may_open("localhost", 80));
  EXPECT_TRUE(both.may_open("localhost", 81));
  EXPECT_FALSE(both.may_open("localhost", 82));
}

TEST(ServerConfigForwarding, MatchChangesItForSome) {
  const ServerConfig config = read(
      "GatewayPorts no\nMatch User ann\nGatewayPorts yes\nPermitOpen none\n"
      "ChannelTimeout *=9\nUnusedConnectionTimeout 3\nAllowTcpForwarding remote\n");
  const ServerConfig anns = config_for(config, {.user = "ann"});
  EXPECT_EQ(anns.gateway_ports, GatewayPorts::yes);
  EXPECT_FALSE(anns.permit_open_any);
  EXPECT_EQ(anns.allow_tcp_forwarding, AllowForwarding::remote);
  EXPECT_EQ(anns.unused_connection_timeout_seconds, 3u);
  EXPECT_EQ(channel_timeout(anns, "x11-connection").count(), 9);
  const ServerConfig bobs = config_for(config, {.user = "bob"});
  EXPECT_EQ(bobs.gateway_ports, GatewayPorts::no);
  EXPECT_TRUE(bobs.permit_open_any);
}

TEST(ServerConfigForwarding, TheFirstTimeoutWhosePatternMatchesCounts) {
  const ServerConfig config = read("ChannelTimeout session:shell=0 session:*=5m *=10");
  EXPECT_EQ(channel_timeout(config, "session:shell").count(), 0);
  EXPECT_EQ(channel_timeout(config, "session:command").count(), 300);
  EXPECT_EQ(channel_timeout(config, "session:subsystem:sftp").count(), 300);
  EXPECT_EQ(channel_timeout(config, "direct-tcpip").count(), 10);
  EXPECT_EQ(channel_timeout(read(""), "direct-tcpip").count(), 0);
}

}  // namespace
}  // namespace glassh
