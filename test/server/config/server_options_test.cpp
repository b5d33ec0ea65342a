#include "server/config/server_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glassh {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ServerOptions parse(const std::vector<std::string>& arguments) { return parse_server_options(arguments); }

std::string error_of(const std::vector<std::string>& arguments) {
  try {
    parse(arguments);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(ServerOptions, EachFlagIsTaken) {
  const auto options =
      parse({"-De",     "-f",          "/cfg",        "-p2222", "-p", "0",  "-h",  "/key 1", "-o",
             "Port=3",  "-oUsePAM no", "-E",          "/log",   "-t", "-T", "-q",  "-i",     "-V",
             "--trace", "-",           "--keylog=/k", "-6",     "-g", "1m", "-u0", "-C",     "user=bob"});
  EXPECT_TRUE(options.foreground && options.log_to_stderr && options.test && options.print_config && options.quiet &&
              options.inetd && options.show_version);
  EXPECT_FALSE(options.help);
  EXPECT_EQ(options.config_file, "/cfg");
  EXPECT_THAT(options.ports, ElementsAre(2222, 0));
  EXPECT_THAT(options.host_keys, ElementsAre("/key 1"));
  EXPECT_THAT(options.settings, ElementsAre("Port=3", "UsePAM no", "AddressFamily=inet6", "LoginGraceTime=\"1m\""));
  EXPECT_EQ(options.log_file, "/log");
  EXPECT_EQ(options.trace, "-");
  EXPECT_EQ(options.keylog, "/k");
  EXPECT_EQ(options.debug, 0);
}

TEST(ServerOptions, NothingGivesTheDefaults) {
  const auto options = parse({});
  EXPECT_FALSE(options.foreground || options.log_to_stderr || options.test || options.inetd || options.quiet);
  EXPECT_FALSE(options.config_file || options.log_file || options.trace || options.keylog);
}

TEST(ServerOptions, DebuggingMayBeRaisedToThree) {
  EXPECT_EQ(parse({"-d"}).debug, 1);
  EXPECT_TRUE(parse({"-d"}).log_to_stderr);
  EXPECT_EQ(parse({"-dd", "-ddd"}).debug, 3);
}

TEST(ServerOptions, WrongUseIsNamed) {
  EXPECT_EQ(error_of({"-z"}), "unknown option -- 'z'");
  EXPECT_EQ(error_of({"-p"}), "option -p needs a value");
  EXPECT_EQ(error_of({"-p", "x"}), "-p: bad port 'x': expected 0 to 65535");
  EXPECT_EQ(error_of({"-p", "65536"}), "-p: bad port '65536': expected 0 to 65535");
  EXPECT_EQ(error_of({"-D", "extra"}), "extra argument extra.");
  EXPECT_EQ(error_of({"--", "-D"}), "extra argument -D.");
  EXPECT_EQ(error_of({"--verbose"}), "unknown option --verbose");
  EXPECT_EQ(error_of({"-c", "cert"}), "-c: host certificates are not supported yet");
  EXPECT_THAT(std::string(server_usage()), HasSubstr("--trace FILE|-"));
}

}  // namespace
}  // namespace glassh
