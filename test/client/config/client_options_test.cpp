#include "client/config/client_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/config/destination.h"
#include "test/support/config_names.h"

namespace glassh {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ClientOptions parse(const std::vector<std::string>& arguments) { return parse_client_options(arguments); }

std::string error_of(const std::vector<std::string>& arguments) {
  try {
    parse(arguments);
  } catch (const UsageError& error) {
    return *error.what() == '\0' ? "usage" : error.what();
  }
  return "";
}

TEST(ClientOptions, FlagsBecomeSettingsInTheirOrder) {
  const auto options = parse({"-p", "22", "-l", "bob", "-i", "/a \"b\"", "-o", "Port 33", "-c", "aes128-ctr", "-m",
                              "hmac-sha2-512", "-4", "-NnT", "-a", "-e", "none", "foo"});
  EXPECT_THAT(options.settings, ElementsAre("EscapeChar=\"none\"", "ForwardAgent=\"no\"", "RequestTTY=\"no\"",
                                            "StdinNull=\"yes\"", "SessionType=\"none\"", "AddressFamily=\"inet\"",
                                            "MACs=\"hmac-sha2-512\"", "Ciphers=\"aes128-ctr\"", "Port=\"22\"",
                                            "User=\"bob\"", R"(IdentityFile="/a \"b\"")", "Port 33"));
  EXPECT_EQ(options.host, "foo");
  EXPECT_EQ(options.command, "");
}

TEST(ClientOptions, OtherFlagsAreTaken) {
  const auto options =
      parse({"-vv", "-v", "-v", "-E", "/log", "-F", "none", "-G", "--trace", "-", "--keylog", "/k", "foo"});
  EXPECT_EQ(options.verbose, 3);
  EXPECT_THAT(options.settings, ElementsAre("LogLevel=DEBUG3"));
  EXPECT_EQ(options.log_file, "/log");
  EXPECT_EQ(options.config_file, "none");
  EXPECT_TRUE(options.print_config);
  EXPECT_EQ(options.trace, "-");
  EXPECT_EQ(options.keylog, "/k");
  EXPECT_THAT(parse({"-o", "LogLevel=INFO", "foo", "-q"}).settings, ElementsAre("LogLevel=QUIET", "LogLevel=INFO"));
  EXPECT_THAT(parse({"-vq", "foo"}).settings, ElementsAre("LogLevel=QUIET"));
  EXPECT_THAT(parse({"-qv", "foo"}).settings, ElementsAre("LogLevel=DEBUG1"));
  EXPECT_TRUE(parse({"-V"}).show_version);
  EXPECT_TRUE(parse({"--help"}).help);
  EXPECT_EQ(parse({"-Q", "cipher"}).query, "cipher");
  EXPECT_EQ(parse({"-Q", "kex", "-Q", "mac"}).query, "kex");
}

TEST(ClientOptions, FlagsMayFollowTheHostUntilTheCommand) {
  const auto options = parse({"foo", "-p", "22", "ls", "-p", "33"});
  EXPECT_THAT(options.settings, ElementsAre("Port=\"22\""));
  EXPECT_EQ(options.command, "ls -p 33");
  EXPECT_EQ(parse({"foo", "--", "-v", "x"}).command, "-v x");
  EXPECT_EQ(parse({"--", "foo", "-p", "33"}).command, "-p 33");
  EXPECT_EQ(parse({"foo", "echo", "a  b", "", "c"}).command, "echo a  b  c");
  EXPECT_EQ(parse({"-s", "foo", "sftp"}).command, "sftp");
  EXPECT_THAT(parse({"-s", "foo", "sftp"}).settings, ElementsAre("SessionType=\"subsystem\""));
}

TEST(ClientOptions, TheLastOfBigAAndSmallACounts) {
  EXPECT_THAT(parse({"-A", "-a", "foo"}).settings, ElementsAre("ForwardAgent=\"no\""));
  EXPECT_THAT(parse({"-oForwardAgent=no", "-a", "foo", "-A"}).settings,
              ElementsAre("ForwardAgent=\"yes\"", "ForwardAgent=no"));
}

TEST(ClientOptions, TheWayToTheServerIsASetting) {
  EXPECT_THAT(
      parse({"-J", "a,bob@b:22", "-b", "10.0.0.1", "-B", "eth0", "-P", "lab", "foo"}).settings,
      ElementsAre("BindInterface=\"eth0\"", "BindAddress=\"10.0.0.1\"", "ProxyJump=\"a,bob@b:22\"", "Tag=\"lab\""));
}

// As of ssh(1), whose other flags are first values like those of -o.
TEST(ClientOptions, TheLastOfTheseFlagsCountsAndGoesBeforeAnOption) {
  EXPECT_THAT(parse({"-4", "-6", "foo"}).settings, ElementsAre("AddressFamily=\"inet6\""));
  EXPECT_THAT(parse({"-oCiphers=a", "-c", "b", "foo", "-c", "d"}).settings, ElementsAre("Ciphers=\"d\"", "Ciphers=a"));
  EXPECT_THAT(parse({"-oMACs=a", "-m", "b", "foo"}).settings, ElementsAre("MACs=\"b\"", "MACs=a"));
  EXPECT_THAT(parse({"-b", "::1", "-b", "::2", "foo"}).settings, ElementsAre("BindAddress=\"::2\""));
  EXPECT_THAT(parse({"-B", "lo", "-B", "eth0", "foo"}).settings, ElementsAre("BindInterface=\"eth0\""));
  EXPECT_THAT(parse({"-oGatewayPorts=no", "-g", "foo"}).settings,
              ElementsAre("GatewayPorts=\"yes\"", "GatewayPorts=no"));
  EXPECT_THAT(parse({"-p", "1", "-p", "2", "foo"}).settings, ElementsAre("Port=\"1\"", "Port=\"2\""));
}

TEST(ClientOptions, TheLastFlagAboutTheTerminalCounts) {
  EXPECT_THAT(parse({"-t", "foo"}).settings, ElementsAre("RequestTTY=\"yes\""));
  EXPECT_THAT(parse({"-tt", "foo"}).settings, ElementsAre("RequestTTY=\"force\""));
  EXPECT_THAT(parse({"-t", "foo", "-t"}).settings, ElementsAre("RequestTTY=\"force\""));
  EXPECT_THAT(parse({"-tT", "foo"}).settings, ElementsAre("RequestTTY=\"no\""));
  EXPECT_THAT(parse({"-Tt", "foo"}).settings, ElementsAre("RequestTTY=\"yes\""));
  EXPECT_THAT(parse({"-o", "RequestTTY=no", "-t", "foo"}).settings, ElementsAre("RequestTTY=\"yes\"", "RequestTTY=no"));
  EXPECT_THAT(parse({"-Nt", "foo"}).settings, ElementsAre("RequestTTY=\"yes\"", "SessionType=\"none\""));
}

TEST(ClientOptions, SmallFIsTheBackgroundWithoutInput) {
  EXPECT_THAT(parse({"-f", "foo", "ls"}).settings, ElementsAre("StdinNull=\"yes\"", "ForkAfterAuthentication=\"yes\""));
}

TEST(ClientOptions, TheUserMayStandInTheDestination) {
  EXPECT_THAT(parse({"alice@foo", "-l", "bob"}).settings, ElementsAre("User=\"alice\"", "User=\"bob\""));
  EXPECT_THAT(parse({"ssh://alice@foo:44"}).settings, ElementsAre("User=\"alice\"", "Port=44"));
}

TEST(ClientOptions, WrongUseIsNamed) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{}, "usage"},
      {{"-e", "xx", "foo"}, "Bad escape character 'xx'."},
      {{"-e", "^!", "foo"}, "Bad escape character '^!'."},
      {{"-N", "-s", "foo", "sftp"}, "Cannot specify -s with -N/SessionType"},
      {{"-s", "-N", "foo", "sftp"}, "Cannot specify -N with -s/SessionType"},
      {{"-v"}, "usage"},
      {{"@foo"}, "usage"},
      {{"ssh://foo/x"}, "usage"},
      {{"-z"}, "unknown option -- 'z'"},
      {{"-p"}, "option -p needs a value"},
      {{"-p", "0", "foo"}, "Bad port '0'"},
      {{"-p", "x", "foo"}, "Bad port 'x'"},
      {{"foo", "-p", "x"}, "Bad port 'x'"},
      {{"--nope", "foo"}, "unknown option --nope"},
      {{"-Ja", "-Jb", "foo"}, "Only a single -J option is permitted (use commas to separate multiple jump hops)"},
      {{"-oproxyjump b", "-Ja", "foo"},
       "Only a single -J option is permitted (use commas to separate multiple jump hops)"},
      {{"-oProxyCommand=x", "-Ja", "foo"}, "Cannot specify -J with ProxyCommand"},
      {{"-J", "a;b", "foo"}, "Invalid -J argument: invalid hostname \"a;b\""},
      {{"-J", "", "foo"},
       "Invalid -J argument: bad jump host '': expected [user@]host[:port] or ssh://[user@]host[:port]"},
  };
  for (const auto& [arguments, error] : cases) EXPECT_EQ(error_of(arguments), error);
  for (const auto* const flag : {"-M", "-Sx", "-Ocheck", "-w0", "-K", "-y", "-Ix", "-1"}) {
    EXPECT_EQ(error_of({flag, "foo"}), std::string(flag, 2) + " is not supported yet");
  }
}

// OpenSSH CVE-2023-51385, CVE-2025-61984, CVE-2025-61985, libssh CVE-2023-6004: names that reach ProxyCommand's shell.
TEST(ClientOptions, NamesThatMeanSomethingToAShellAreRefused) {
  for (const std::string name : {"-oProxyCommand=x", "a;b", "a|b", "a&b", "$(x)", "`x`", "a>b", "a<b", "'a", "\"a",
                                 "a\nb", "a\rb", "a\tb", "a\x01", "a\x7f", "{a", "a}", "(a", "a)"}) {
    EXPECT_FALSE(valid_host_name(name)) << name;
    EXPECT_FALSE(valid_user_name(name)) << name;
    EXPECT_EQ(error_of({"--", name}), "hostname contains invalid characters") << name;
    EXPECT_EQ(error_of({"-l", name, "foo"}), "remote username contains invalid characters") << name;
    EXPECT_EQ(error_of({name + "@foo"}).empty(), false) << name;
  }
  EXPECT_EQ(error_of({"-o", "User=a;b", "foo"}), "remote username contains invalid characters");
  EXPECT_EQ(error_of({"-o", "user \"a;b\"", "foo"}), "remote username contains invalid characters");
  EXPECT_EQ(error_of({"ssh://a%3bb@foo"}), "remote username contains invalid characters");
  // A comma separates jump hosts. A dollar sign ends the name of a Windows machine's account, and stands in no host
  // name.
  EXPECT_EQ(error_of({"a,b"}), "hostname contains invalid characters");
  EXPECT_EQ(error_of({"a$IFS"}), "hostname contains invalid characters");
  EXPECT_EQ(error_of({"ssh://a@f%24oo"}), "hostname contains invalid characters");
  EXPECT_EQ(error_of({"ssh://a%00@foo"}), "usage");
  EXPECT_FALSE(valid_host_name(std::string("a\0b", 3)));
  EXPECT_FALSE(valid_user_name(std::string("a\0b", 3)));
  EXPECT_FALSE(valid_host_name("a b"));
  EXPECT_FALSE(valid_host_name("a\\b"));
  EXPECT_FALSE(valid_user_name("a -b"));
  EXPECT_FALSE(valid_user_name("a\\"));
  EXPECT_FALSE(valid_host_name(""));
  EXPECT_FALSE(valid_user_name(""));
  for (const auto* const host : {"foo", "foo.example.org", "127.0.0.1", "::1", "fe80::1%eth0",
                                 "b\xc3\xbc"
                                 "cher.example"}) {
    EXPECT_TRUE(valid_host_name(host)) << host;
  }
  for (const auto* const user : {"bob", "a b", "DOMAIN\\bob", "bob@example.org", "b-c", "%h", "machine$"}) {
    EXPECT_TRUE(valid_user_name(user)) << user;
  }
}

TEST(ClientOptions, Destinations) {
  const std::vector<std::pair<std::string, std::optional<Destination>>> cases = {
      {"foo", Destination{"foo", {}, {}}},
      {"a@b@foo", Destination{"foo", "a@b", {}}},
      {"foo:22", Destination{"foo:22", {}, {}}},
      {"::1", Destination{"::1", {}, {}}},
      {"ssh://foo", Destination{"foo", {}, {}}},
      {"SSH://foo/", Destination{"foo", {}, {}}},
      {"ssh://bob@foo:44", Destination{"foo", "bob", 44}},
      {"ssh://bob@[::1]:44", Destination{"::1", "bob", 44}},
      {"ssh://b%41b;x=y@fo%6f", Destination{"foo", "bAb", {}}},
      {"", {}},
      {"@foo", {}},
      {"foo@", {}},
      {"ssh://", {}},
      {"ssh://@foo", {}},
      {"ssh://bob:secret@foo", {}},
      {"ssh://foo:0", {}},
      {"ssh://foo:", {}},
      {"ssh://foo:65536", {}},
      {"ssh://foo/path", {}},
      {"ssh://f%0", {}},
      {"ssh://f%zz", {}},
      {"ssh://f%00", {}},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(parse_destination(text), expected) << text;
}

TEST(ClientOptions, QueriesListWhatThereIs) {
  const auto names = test::few_algorithms();
  EXPECT_THAT(query_algorithms("cipher-auth", names),
              ElementsAre("chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com"));
  EXPECT_THAT(query_algorithms("MACs", names), ElementsAre("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512"));
  EXPECT_THAT(query_algorithms("key", names), ElementsAre("ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"));
  EXPECT_EQ(query_algorithms("cipher", names).size(), 4U);
  EXPECT_EQ(query_algorithms("kex", names).size(), 3U);
  EXPECT_EQ(query_algorithms("key-sig", names).size(), 4U);
  EXPECT_THAT(query_algorithms("key-cert", names), IsEmpty());
  EXPECT_THAT(query_algorithms("protocol-version", names), ElementsAre("2"));
  EXPECT_THAT(query_algorithms("compression", names), ElementsAre("none", "zlib@openssh.com"));
  for (const auto& query : query_algorithms("help", names)) query_algorithms(query, names);
  EXPECT_THROW(query_algorithms("foo", names), UsageError);
}

}  // namespace
}  // namespace glassh
