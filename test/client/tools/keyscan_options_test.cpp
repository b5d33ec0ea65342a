#include "client/tools/keyscan_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glassh {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

KeyscanOptions parse(const std::vector<std::string>& arguments) { return parse_keyscan_options(arguments); }

TEST(KeyscanOptions, FlagsAreThoseOfSshKeyscan) {
  const KeyscanOptions plain = parse({"host"});
  EXPECT_EQ(plain.port, 22);
  EXPECT_EQ(plain.timeout, std::chrono::seconds(5));
  EXPECT_THAT(plain.types, ElementsAre("rsa", "ecdsa", "ed25519"));
  EXPECT_THAT(plain.words, ElementsAre("host"));

  const KeyscanOptions all =
      parse({"-4Hqvv", "-p2222", "-T", "1m", "-t", "ed25519,rsa,ed25519", "-f", "list", "-f-", "a,b", "c"});
  EXPECT_EQ(all.family, AddressFamily::inet);
  EXPECT_TRUE(all.hash_names);
  EXPECT_TRUE(all.quiet);
  EXPECT_EQ(all.verbose, 2);
  EXPECT_EQ(all.port, 2222);
  EXPECT_EQ(all.timeout, std::chrono::seconds(60));
  EXPECT_THAT(all.types, ElementsAre("ed25519", "rsa"));
  EXPECT_THAT(all.files, ElementsAre("list", "-"));
  EXPECT_THAT(all.words, ElementsAre("a,b", "c"));
  EXPECT_EQ(parse({"-6", "host"}).family, AddressFamily::inet6);
}

TEST(KeyscanOptions, WrongOnesAreNamed) {
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{}, ""},
      {{"-H"}, ""},
      {{"-p", "0", "h"}, "Bad port '0'"},
      {{"-p", "65536", "h"}, "Bad port '65536'"},
      {{"-T", "0", "h"}, "Bad timeout '0'"},
      {{"-T", "x", "h"}, "Bad timeout 'x'"},
      {{"-c", "h"}, "-c: certificates are not supported yet; without it the plain keys are printed"},
      {{"-D", "h"}, "-D: SSHFP records are not printed here; glassh-keygen -r prints those of a key"},
  };
  for (const auto& [arguments, text] : cases) {
    try {
      parse(arguments);
      ADD_FAILURE() << text;
    } catch (const UsageError& error) {
      EXPECT_EQ(error.what(), text);
    }
  }
  EXPECT_THROW(parse({"-z", "h"}), UsageError);
  EXPECT_THROW(parse({"-t", "ed25519,foo", "h"}), std::invalid_argument);
}

TEST(KeyscanOptions, TypesHaveTheirAlgorithms) {
  EXPECT_THAT(*algorithms_of_scan_type("ed25519"), ElementsAre("ssh-ed25519"));
  EXPECT_THAT(*algorithms_of_scan_type("rsa"), testing::UnorderedElementsAre("rsa-sha2-512", "rsa-sha2-256"));
  EXPECT_THAT(*algorithms_of_scan_type("ecdsa"), testing::Contains("ecdsa-sha2-nistp256"));
  EXPECT_THAT(*algorithms_of_scan_type("dsa"), IsEmpty());
  EXPECT_EQ(algorithms_of_scan_type("ssh-rsa"), std::nullopt);
}

std::vector<std::string> shown(std::string_view line) {
  std::vector<std::string> texts;
  for (const ScanTarget& target : scan_targets(line)) {
    std::string text;
    for (const std::string& address : target.addresses) text += address + " ";
    texts.push_back(text + "as " + target.names);
  }
  return texts;
}

TEST(KeyscanOptions, LinesNameAddressesAndWhatToPrint) {
  const std::pair<std::string, std::vector<std::string>> cases[] = {
      {"", {}},
      {" \t", {}},
      {"# host", {}},
      {"host", {"host as host"}},
      {"  host\t# comment", {"host as host"}},
      {"10.0.0.1,10.0.0.2 one,two\r", {"10.0.0.1 10.0.0.2 as one,two"}},
      {"10.0.0.1,10.0.0.2", {"10.0.0.1 10.0.0.2 as 10.0.0.1,10.0.0.2"}},
      {"::1 six", {"::1 as six"}},
      {"10.0.0.254/31", {"10.0.0.254 as 10.0.0.254", "10.0.0.255 as 10.0.0.255"}},
      {"10.0.0.255/32", {"10.0.0.255 as 10.0.0.255"}},
      {"2001:db8::fffe/127", {"2001:db8::fffe as 2001:db8::fffe", "2001:db8::ffff as 2001:db8::ffff"}},
  };
  for (const auto& [line, targets] : cases) EXPECT_EQ(shown(line), targets) << line;

  const std::vector<ScanTarget> many = scan_targets("10.1.0.0/16");
  ASSERT_EQ(many.size(), 65536u);
  EXPECT_EQ(many[256].names, "10.1.1.0");
  EXPECT_EQ(many.back().names, "10.1.255.255");
}

TEST(KeyscanOptions, NetworksThatAreNoneAreNamed) {
  const std::pair<std::string, std::string> cases[] = {
      {"10.0.0.1/31", "10.0.0.1/31: the address has bits outside of the prefix"},
      {"10.0.0.0/33", "10.0.0.0/33: expected an address and the length of a prefix"},
      {"10.0.0.0/", "10.0.0.0/: expected an address and the length of a prefix"},
      {"host/24", "host/24: expected an address and the length of a prefix"},
      {"10.0.0.0/8", "10.0.0.0/8: has more than 65536 addresses"},
      {"2001:db8::/64", "2001:db8::/64: has more than 65536 addresses"},
      {"10.0.0.0/31 name", "10.0.0.0/31 name: a network has no name"},
      {",,", ",,: no address"},
  };
  for (const auto& [line, text] : cases) {
    try {
      scan_targets(line);
      ADD_FAILURE() << line;
    } catch (const std::runtime_error& error) {
      EXPECT_EQ(error.what(), text);
    }
  }
}

}  // namespace
}  // namespace glassh
