#include "server/forwarding/forward_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/socket.h>

namespace glassh {
namespace {

// RFC 4254 section 7.1 [4254-7.1-1], under each value of GatewayPorts.
TEST(ForwardRules, EachAddressToBindStandsForItsAddresses) {
  const std::vector<std::string> loopback{"::1", "127.0.0.1"}, everywhere{"::", "0.0.0.0"};
  struct {
    std::string address;
    std::vector<std::string> no, yes, client_specified;
  } const cases[] = {
      {"", loopback, everywhere, everywhere},
      {"*", loopback, everywhere, everywhere},
      {"0.0.0.0", loopback, everywhere, {"0.0.0.0"}},
      {"::", loopback, everywhere, {"::"}},
      {"localhost", loopback, everywhere, loopback},
      {"127.0.0.1", {"127.0.0.1"}, everywhere, {"127.0.0.1"}},
      {"::1", {"::1"}, everywhere, {"::1"}},
      {"192.0.2.1", loopback, everywhere, {"192.0.2.1"}},
      {"example.org", loopback, everywhere, {"example.org"}},
  };
  for (const auto& [address, no, yes, client_specified] : cases) {
    SCOPED_TRACE(address);
    EXPECT_EQ(hosts_to_bind(address, GatewayPorts::no, AddressFamily::any), no);
    EXPECT_EQ(hosts_to_bind(address, GatewayPorts::yes, AddressFamily::any), yes);
    EXPECT_EQ(hosts_to_bind(address, GatewayPorts::client_specified, AddressFamily::any), client_specified);
  }
}

TEST(ForwardRules, AnAddressFamilyLeavesTheOtherOut) {
  using testing::ElementsAre;
  EXPECT_THAT(hosts_to_bind("", GatewayPorts::no, AddressFamily::inet), ElementsAre("127.0.0.1"));
  EXPECT_THAT(hosts_to_bind("", GatewayPorts::yes, AddressFamily::inet6), ElementsAre("::"));
  EXPECT_EQ(family_number(AddressFamily::any), AF_UNSPEC);
  EXPECT_EQ(family_number(AddressFamily::inet6), AF_INET6);
}

TEST(ForwardRules, APortHasSixteenBits) {
  EXPECT_TRUE(is_port(0));
  EXPECT_TRUE(is_port(65535));
  EXPECT_FALSE(is_port(65536));
  EXPECT_FALSE(is_port(0xffffffff));
}

TEST(ForwardRules, ARelativePathBeginsAtTheRoot) {
  EXPECT_EQ(absolute_socket_path("/run/x"), "/run/x");
  EXPECT_EQ(absolute_socket_path("run/x"), "/run/x");
  EXPECT_EQ(absolute_socket_path(""), "");
}

}  // namespace
}  // namespace glassh
