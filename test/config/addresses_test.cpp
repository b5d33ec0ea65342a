#include "config/addresses.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <arpa/inet.h>

#include <cstring>

namespace glassh {
namespace {

// inet_pton(3) is the judge.
TEST(Addresses, AreReadAsTheSystemReadsThem) {
  for (const std::string text : {"0.0.0.0",
                                 "192.0.2.1",
                                 "255.255.255.255",
                                 "256.0.0.1",
                                 "1.2.3",
                                 "1.2.3.4.5",
                                 "1.2.3.",
                                 ".1.2.3",
                                 "01.2.3.4",
                                 "1.2.3.4 ",
                                 "-1.2.3.4",
                                 "+1.2.3.4",
                                 "0x1.2.3.4",
                                 "",
                                 "::",
                                 "::1",
                                 "1::",
                                 "2001:db8::1",
                                 "2001:DB8:0:0:0:0:0:1",
                                 "1:2:3:4:5:6:7:8",
                                 "1:2:3:4:5:6:7",
                                 "1:2:3:4:5:6:7:8:9",
                                 "1:2:3:4:5:6:7::",
                                 "::2:3:4:5:6:7:8",
                                 "1::2::3",
                                 ":::",
                                 ":1",
                                 "1:",
                                 "12345::",
                                 "g::",
                                 "::ffff:192.0.2.1",
                                 "::192.0.2.1",
                                 "64:ff9b::192.0.2.1",
                                 "1:2:3:4:5:6:192.0.2.1",
                                 "1:2:3:4:5:6:7:192.0.2.1",
                                 "192.0.2.1::",
                                 "::192.0.2.1:1",
                                 "::1%lo",
                                 "[::1]",
                                 "::-1"}) {
    std::uint8_t wanted[16] = {};
    const bool v4 = ::inet_pton(AF_INET, text.c_str(), wanted) == 1;
    const bool v6 = !v4 && ::inet_pton(AF_INET6, text.c_str(), wanted) == 1;
    const auto got = parse_ip_address(text);
    ASSERT_EQ(got.has_value(), v4 || v6) << text;
    if (!got) continue;
    EXPECT_EQ(got->is_v6, v6) << text;
    EXPECT_EQ(std::memcmp(got->bytes.data(), wanted, 16), 0) << text;
  }
}

struct Case {
  std::string address, list;
  AddressMatch match;
};
constexpr auto yes = AddressMatch::match;
constexpr auto no = AddressMatch::no_match;
constexpr auto negated = AddressMatch::negated;
constexpr auto malformed = AddressMatch::malformed;

TEST(Addresses, ListsHaveNetworksPatternsAndExceptions) {
  const std::vector<Case> cases = {
      {"192.0.2.7", "192.0.2.7", yes},
      {"192.0.2.7", "192.0.2.8", no},
      {"192.0.2.7", "192.0.2.0/24", yes},
      {"192.0.2.7", "192.0.2.0/29", yes},
      {"192.0.2.8", "192.0.2.0/29", no},
      {"192.0.2.7", "0.0.0.0/0", yes},
      {"192.0.2.7", "192.0.2.7/32", yes},
      {"192.0.2.7", "192.0.*", yes},
      {"192.0.2.7", "10.0.0.0/8,*.7", yes},
      {"192.0.2.7", "*,!192.0.2.0/24", negated},
      {"192.0.2.7", "!192.0.2.7,*", negated},
      {"192.0.2.7", "!10.0.0.0/8", no},
      {"2001:db8::7", "2001:DB8:0::7", yes},
      {"2001:db8::7", "2001:db8::/32", yes},
      {"2001:db9::7", "2001:db8::/32", no},
      {"2001:db8::7", "2001:db8::/127", no},
      {"::ffff:192.0.2.7", "192.0.2.7", no},
      {"192.0.2.7", "::/0", no},
      {"UNKNOWN", "*", no},
      {"", "*", no},
      {"192.0.2.7", "", malformed},
      {"192.0.2.7", "*,", malformed},
      {"192.0.2.7", "*,!", malformed},
      {"192.0.2.7", "192.0.2.7/24", malformed},
      {"192.0.2.7", "192.0.2.0/33", malformed},
      {"192.0.2.7", "192.0.2.0/", malformed},
      {"192.0.2.7", "192.0.2.0/-1", malformed},
      {"192.0.2.7", "192.0.2.0/x", malformed},
      {"192.0.2.7", "192.0.2.0/4294967320", malformed},
      {"::1", "::/129", malformed},
      {"192.0.2.7", "*,::1/1", malformed},  // wherever it stands
  };
  for (const auto& [address, list, match] : cases)
    EXPECT_EQ(match_address_list(address, list), match) << address << " in " << list;
}

TEST(Addresses, APeerIsMatchedByNameOrAddress) {
  const std::vector<Case> cases = {
      {"192.0.2.7", "*.example", yes},
      {"192.0.2.7", "CLIENT.Example", yes},
      {"192.0.2.7", "192.0.2.*", yes},
      {"192.0.2.7", "other", no},
      {"192.0.2.7", "*,!client.example", negated},
      {"192.0.2.7", "*.example,!192.0.2.7", negated},
      {"UNKNOWN", "*", yes},
      {"192.0.2.7", "", malformed},
      {"192.0.2.7", "!other", no},
      {"192.0.2.7", "10.0.0.1/8", malformed},
  };
  for (const auto& [address, list, match] : cases) {
    EXPECT_EQ(match_host_and_address("Client.example", address, list), match) << address << " in " << list;
  }
}

}  // namespace
}  // namespace glassh
