// ForwardX11 and its like, in the file and on the command line. Expected values are what OpenSSH 9.2 prints.
#include <gtest/gtest.h>

#include "client/config/client_config.h"
#include "test/support/config_names.h"

namespace glassh {
namespace {

using test::config_error_of;
using test::few_algorithms;

ClientConfig read(const std::vector<std::string>& arguments, std::string_view text = "") {
  const EnvironmentLookup environment = [](std::string_view) { return std::optional<std::string>(); };
  ClientConfigReader reader({"foo", "alice", "/home/alice", 1000, "desk", environment}, few_algorithms());
  for (const std::string& setting : parse_client_options(arguments).settings) reader.option(setting);
  reader.text(text, "config");
  return reader.finish();
}

// forwardx11, forwardx11trusted, forwardx11timeout and xauthlocation, as -G prints them.
std::string printed(const std::vector<std::string>& arguments, std::string_view text = "") {
  const std::string all = effective_config(read(arguments, text));
  std::string out;
  for (const std::string_view keyword : {"forwardx11 ", "forwardx11trusted ", "forwardx11timeout ", "xauthlocation "}) {
    const std::size_t at = all.find("\n" + std::string(keyword)) + 1 + keyword.size();
    out += (out.empty() ? "" : " ") + all.substr(at, all.find('\n', at) - at);
  }
  return out;
}

TEST(ClientConfigX11, TheDefaultsAreDebians) { EXPECT_EQ(printed({"foo"}), "no yes 1200 /usr/bin/xauth"); }

TEST(ClientConfigX11, TheLastFlagCountsBeforeAnyLine) {
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{"-X", "foo"}, "yes yes"},
      {{"-x", "-X", "foo"}, "yes yes"},
      {{"-X", "-x", "foo"}, "no yes"},
      {{"-Y", "-X", "foo"}, "yes yes"},
      {{"-Yx", "foo"}, "no yes"},
      {{"-X", "-o", "ForwardX11=no", "foo"}, "yes yes"},
      {{"-o", "ForwardX11=no", "-X", "foo"}, "yes yes"},
      {{"-o", "ForwardX11Trusted=no", "-Y", "foo"}, "yes yes"},
      {{"-o", "ForwardX11Trusted=no", "-X", "foo"}, "yes no"},
      {{"foo", "-X"}, "yes yes"},
  };
  for (const auto& [arguments, expected] : cases) {
    EXPECT_EQ(printed(arguments), expected + " 1200 /usr/bin/xauth") << fmt::format("{}", fmt::join(arguments, " "));
  }
  EXPECT_EQ(printed({"-x", "foo"}, "ForwardX11 yes"), "no yes 1200 /usr/bin/xauth");
}

TEST(ClientConfigX11, LinesAreRead) {
  EXPECT_EQ(printed({"foo"}, "ForwardX11 yes\nForwardX11Trusted no\nForwardX11Timeout 1h\nXAuthLocation /x/xauth"),
            "yes no 3600 /x/xauth");
  EXPECT_EQ(printed({"foo"}, "ForwardX11Timeout none"), "no yes 1200 /usr/bin/xauth");
  EXPECT_EQ(printed({"foo"}, "ForwardX11Timeout 0"), "no yes 0 /usr/bin/xauth");
  EXPECT_EQ(config_error_of([] { read({"foo"}, "ForwardX11 ask"); }),
            "config:1: ForwardX11: bad value 'ask': expected yes or no");
  EXPECT_EQ(config_error_of([] { read({"foo"}, "\nForwardX11Timeout soon"); }),
            "config:2: ForwardX11Timeout: bad time 'soon': expected seconds or 1h30m");
}

}  // namespace
}  // namespace glassh
