#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/config/client_config.h"
#include "client/config/forward_spec.h"
#include "test/support/config_names.h"

namespace glassh {
namespace {

using test::config_error_of;
using test::few_algorithms;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ClientConfig read(std::string_view text, const std::vector<std::string>& arguments = {}) {
  std::vector<std::string> all = arguments;
  all.emplace_back("foo");
  const ClientOptions options = parse_client_options(all);
  const EnvironmentLookup environment = [](std::string_view name) {
    return name == "RUN" ? std::optional<std::string>("/run/%h") : std::nullopt;
  };
  ClientConfigReader reader({"foo", "alice", "/home/alice", 1000, "desk.example.org", environment}, few_algorithms());
  for (const std::string& setting : options.settings) reader.option(setting);
  reader.forwards(options);
  reader.text(text, "config");
  return reader.finish(options);
}

std::vector<std::string> forwards_of(const ClientConfig& config) {
  std::vector<std::string> lines;
  for (const Forward& each : config.forwards) lines.push_back(config_line_of(each));
  return lines;
}

TEST(ClientForwardingConfig, LinesAddUpAndFlagsComeFirst) {
  const ClientConfig config = read(
      "LocalForward 8080 localhost:80\nRemoteForward 0 a:2\nDynamicForward 1080\nLocalForward 8080 localhost:80\n"
      "Host bar\nLocalForward 1 b:2\n",
      {"-L", "9:c:3", "-R5", "-D", "[::1]:1081"});
  EXPECT_THAT(forwards_of(config),
              ElementsAre("localforward 9 [c]:3", "remoteforward 5 [socks]:0", "dynamicforward [::1]:1081",
                          "localforward 8080 [localhost]:80", "remoteforward 0 [a]:2", "dynamicforward 1080"));
}

TEST(ClientForwardingConfig, PathsHaveTokensAndVariables) {
  EXPECT_THAT(forwards_of(read("LocalForward /tmp/%u-%n ${RUN}/s", {"-R", "/tmp/%%:%h:80"})),
              ElementsAre("remoteforward /tmp/% [%h]:80", "localforward /tmp/alice-foo /run/%h/s"));
  EXPECT_THAT(config_error_of([] { read("", {"-L", "/tmp/${NOPE}:a:5"}); }), HasSubstr("'NOPE' is not set"));
}

TEST(ClientForwardingConfig, ClearAllForwardingsForgetsThemAll) {
  EXPECT_THAT(read("LocalForward 1 a:2\nClearAllForwardings yes", {"-R5"}).forwards, IsEmpty());
}

TEST(ClientForwardingConfig, StandardStreamsAloneUnlessSaidOtherwise) {
  ClientConfig config = read("LocalForward 1 a:2", {"-W", "b:3"});
  EXPECT_EQ(config.stdio_forward, (ForwardEndpoint{"b", 3, ""}));
  EXPECT_EQ(config.session_type, SessionType::none);
  EXPECT_EQ(config.request_tty, RequestTty::no);
  EXPECT_TRUE(config.exit_on_forward_failure);
  EXPECT_THAT(config.forwards, IsEmpty());
  config = read("LocalForward 1 a:2\nClearAllForwardings no\nExitOnForwardFailure no", {"-W", "b:3"});
  EXPECT_FALSE(config.exit_on_forward_failure);
  EXPECT_EQ(config.forwards.size(), 1U);
}

// As ssh -G prints them.
TEST(ClientForwardingConfig, TheEffectiveConfigurationIsPrinted) {
  const std::string text = effective_config(
      read("StreamLocalBindMask 0111\nStreamLocalBindUnlink yes\nPermitRemoteOpen a:1 b:*\nExitOnForwardFailure yes\n",
           {"-g", "-R", "1:a:2", "-L", "3:b:4", "-D5"}));
  for (const char* const line :
       {"\nclearallforwardings no\nexitonforwardfailure yes\n", "\ngatewayports yes\n", "\nstreamlocalbindunlink yes\n",
        "\ndynamicforward 5\nlocalforward 3 [b]:4\nremoteforward 1 [a]:2\n", "\npermitremoteopen a:1 b:*\n",
        "\nstreamlocalbindmask 0111\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  const std::string defaults = effective_config(read(""));
  EXPECT_THAT(defaults, HasSubstr("\npermitremoteopen any\n"));
  EXPECT_THAT(defaults, HasSubstr("\nstreamlocalbindmask 0177\n"));
}

TEST(ClientForwardingConfig, MistakesAreNamed) {
  const std::pair<std::string, std::string> cases[] = {
      {"LocalForward 1", "config:1: LocalForward: a value is missing: where to connect to"},
      {"RemoteForward x a:1",
       "config:1: RemoteForward: bad place to listen 'x': expected [bind_address:]port or the path of a socket"},
      {"LocalForward 1 a:2 3", "config:1: LocalForward: '3' is too much: expected 2 values at most"},
      {"PermitRemoteOpen none a:1", "config:1: PermitRemoteOpen: 'none' stands alone"},
      {"PermitRemoteOpen a", "config:1: PermitRemoteOpen: bad destination 'a': expected host:port, any or none"},
      {"StreamLocalBindMask 9", "config:1: StreamLocalBindMask: bad mask '9': expected octal, 0 to 0777"},
      {"StreamLocalBindMask 01777", "config:1: StreamLocalBindMask: bad mask '01777': expected octal, 0 to 0777"},
      {"GatewayPorts clientspecified", "config:1: GatewayPorts: bad value 'clientspecified': expected yes or no"},
  };
  for (const auto& [line, text] : cases) {
    EXPECT_EQ(config_error_of([&line = line] { read(line); }), text);
  }
}

TEST(ClientForwardingConfig, WrongFlagsAreNamedAsSshNamesThem) {
  const auto error_of = [](const std::vector<std::string>& arguments) {
    try {
      parse_client_options(arguments);
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(error_of({"-L", "1:2", "foo"}), "Bad local forwarding specification '1:2'");
  EXPECT_EQ(error_of({"-R", "x", "foo"}), "Bad remote forwarding specification 'x'");
  EXPECT_EQ(error_of({"-D", "0", "foo"}), "Bad dynamic forwarding specification '0'");
  EXPECT_EQ(error_of({"-W", "a", "foo"}), "Bad stdio forwarding specification 'a'");
  EXPECT_EQ(error_of({"-W", "a:1", "-W", "b:2", "foo"}), "stdio forward already specified");
}

TEST(ClientForwardingConfig, WhereTheServersProgramsMayGo) {
  const std::vector<std::string> words = {"a:1", "[::1]:2", "b:*", "*:3"};
  EXPECT_TRUE(remote_open_permitted({}, "x", 9));
  EXPECT_TRUE(remote_open_permitted({"any"}, "x", 9));
  EXPECT_FALSE(remote_open_permitted({"none"}, "x", 9));
  EXPECT_TRUE(remote_open_permitted(words, "a", 1));
  EXPECT_TRUE(remote_open_permitted(words, "::1", 2));
  EXPECT_TRUE(remote_open_permitted(words, "b", 9));
  EXPECT_TRUE(remote_open_permitted(words, "x", 3));
  EXPECT_FALSE(remote_open_permitted(words, "a", 2));
  EXPECT_FALSE(remote_open_permitted(words, "x", 1));
}

}  // namespace
}  // namespace glassh
