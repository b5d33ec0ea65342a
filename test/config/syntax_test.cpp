#include "config/syntax.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/support/config_names.h"

namespace glassh {
namespace {

using test::config_error_of;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> words_of(std::string_view line) {
  const auto split = split_config_line(line);
  return split ? split->words : std::vector<std::string>{"<nothing>"};
}

TEST(ConfigSyntax, LinesSplitAsOpenSshSplitsThem) {
  EXPECT_THAT(words_of("Port 22"), ElementsAre("22"));
  EXPECT_THAT(words_of(" \tPort\t22\r\n"), ElementsAre("22"));
  EXPECT_THAT(words_of("Port=22"), ElementsAre("22"));
  EXPECT_THAT(words_of("Port = 22"), ElementsAre("22"));
  EXPECT_THAT(words_of("Port==22"), ElementsAre("=22"));
  EXPECT_THAT(words_of("AcceptEnv A  B # C"), ElementsAre("A", "B"));
  EXPECT_THAT(words_of("User abc#d"), ElementsAre("abc#d"));
  EXPECT_THAT(words_of("User \"a b\" 'c d'"), ElementsAre("a b", "c d"));
  EXPECT_THAT(words_of("User a\" b\"c"), ElementsAre("a bc"));
  EXPECT_THAT(words_of(R"(User a\"b c\\d e\ f "g\"h" 'i\'j')"), ElementsAre("a\"b", "c\\d", "e f", "g\"h", "i'j"));
  EXPECT_THAT(words_of(R"(User a\b)"), ElementsAre("a\\b"));
  EXPECT_THAT(words_of("User \"#\" \"\""), ElementsAre("#", ""));
  EXPECT_THAT(words_of("Port"), IsEmpty());
  EXPECT_THAT(words_of("Port = # 22"), IsEmpty());
  for (const auto* const nothing : {"", "  ", "#", "  # Port 22", "\r"}) {
    EXPECT_FALSE(split_config_line(nothing)) << nothing;
  }
  EXPECT_EQ(split_config_line("PoRt 22")->keyword, "PoRt");
}

TEST(ConfigSyntax, TheRestOfACommandIsKeptAsItIs) {
  const auto raw = [](std::string_view keyword) { return keyword == "proxycommand"; };
  const auto line = split_config_line("ProxyCommand = nc \"%h\"  %p # 'x ", raw);
  EXPECT_EQ(line->rest, "nc \"%h\"  %p # 'x");
  EXPECT_THAT(line->words, IsEmpty());
}

TEST(ConfigSyntax, BadLinesSayWhatIsWrong) {
  using namespace std::string_view_literals;
  EXPECT_EQ(config_error_of([] { split_config_line("User \"a"); }), "a quote \" is never closed");
  EXPECT_EQ(config_error_of([] { split_config_line("User 'a"); }), "a quote ' is never closed");
  EXPECT_EQ(config_error_of([] { split_config_line("User a\0b"sv); }), "the line contains a NUL byte");
  EXPECT_EQ(config_error_of([] { split_config_line("= 22"); }), "a keyword is missing before '='");
}

TEST(ConfigSyntax, AQuotedWordIsReadBack) {
  for (const std::string text : {"", "plain", "a b", "\"", "'", "\\", "a\\\"b'c\\", "#x", "=", " lead", "trail "}) {
    EXPECT_THAT(words_of("User=" + quote_config_word(text)), ElementsAre(text));
  }
}

TEST(ConfigSyntax, TimesAndSizes) {
  const std::vector<std::pair<std::string, std::optional<std::uint32_t>>> times = {
      {"0", 0},           {"600", 600},
      {"10m", 600},       {"1h30m", 5400},
      {"1H30M", 5400},    {"1d", 86400},
      {"2w", 1209600},    {"1m30", 90},
      {"", {}},           {"m", {}},
      {"-1", {}},         {"1x", {}},
      {"1.5h", {}},       {"2147483647", 2147483647},
      {"2147483648", {}}, {"99999999999999999999", {}},
      {"3551w", {}},      {" 1", {}}};
  for (const auto& [text, expected] : times) EXPECT_EQ(parse_time(text), expected) << text;
  const std::vector<std::pair<std::string, std::optional<std::uint64_t>>> sizes = {
      {"0", 0},
      {"1024", 1024},
      {"1k", 1024},
      {"2M", 2 << 20},
      {"1G", 1 << 30},
      {"", {}},
      {"K", {}},
      {"1T", {}},
      {"-1", {}},
      {"1.5G", {}},
      {"1KK", {}},
      {"+1", {}},
      {"9223372036854775807", 9223372036854775807},
      {"9223372036854775808", {}},
      {"8589934591G", 8589934591ULL << 30},
      {"8589934592G", {}}};
  for (const auto& [text, expected] : sizes) EXPECT_EQ(parse_size(text), expected) << text;
}

TEST(ConfigSyntax, HostsAndPorts) {
  const std::vector<std::pair<std::string, std::optional<HostPort>>> cases = {{"host", HostPort{"host", {}}},
                                                                              {"host:22", HostPort{"host", 22}},
                                                                              {"0.0.0.0:0", HostPort{"0.0.0.0", 0}},
                                                                              {"[::1]:99", HostPort{"::1", 99}},
                                                                              {"[::1]", HostPort{"::1", {}}},
                                                                              {"::1", HostPort{"::1", {}}},
                                                                              {"[host]:1", HostPort{"host", 1}},
                                                                              {"", {}},
                                                                              {":22", {}},
                                                                              {"host:", {}},
                                                                              {"host:x", {}},
                                                                              {"host:65536", {}},
                                                                              {"[::1", {}},
                                                                              {"[::1]x", {}},
                                                                              {"[]:22", {}},
                                                                              {"host:-1", {}}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(parse_host_port(text), expected) << text;
  EXPECT_EQ(format_host_port("::1", 22), "[::1]:22");
  EXPECT_EQ(format_host_port("a.example", 2222), "a.example:2222");
}

TEST(ConfigSyntax, RekeyLimitKeepsTheStandardForWhatIsNotSaid) {
  const RekeyWords standard{std::uint64_t{1} << 30, std::chrono::seconds(3600)};
  const auto of = [&standard](std::vector<std::string> words) {
    const auto limit = parse_rekey_limit(words, standard);
    return std::pair(limit.bytes, static_cast<std::uint64_t>(limit.time.count()));
  };
  const auto default_time = static_cast<std::uint64_t>(standard.time.count());
  EXPECT_EQ(of({"default"}), std::pair(standard.bytes, default_time));
  EXPECT_EQ(of({"0"}), std::pair(standard.bytes, default_time));
  EXPECT_EQ(of({"1M"}), std::pair(std::uint64_t{1} << 20, default_time));
  EXPECT_EQ(of({"1M", "1h"}), std::pair(std::uint64_t{1} << 20, std::uint64_t{3600}));
  EXPECT_EQ(of({"default", "none"}), std::pair(standard.bytes, std::uint64_t{0}));
  EXPECT_EQ(config_error_of([&] { of({"5"}); }), "size '5' is too small");
  EXPECT_EQ(config_error_of([&] { of({"none"}); }), "bad size 'none': expected 'default' or bytes such as 512M");
  EXPECT_EQ(config_error_of([&] { of({"1M", "x"}); }), "bad time 'x': expected 'none' or a time such as 1h");
}

TEST(ConfigSyntax, TokensAndVariablesAreExpandedOnce) {
  const ConfigTokens tokens = {{'h', "host%p${X}"}, {'p', "22"}};
  const EnvironmentLookup environment = [](std::string_view name) {
    return name == "X" ? std::optional<std::string>("%h") : std::nullopt;
  };
  EXPECT_EQ(expand_tokens("%h:%p 100%%", tokens), "host%p${X}:22 100%");
  EXPECT_EQ(expand_tokens("${X}/%p", tokens, environment), "%h/22");
  EXPECT_EQ(expand_tokens("${X} $X", tokens), "${X} $X");
  EXPECT_EQ(config_error_of([&] { expand_tokens("a%q", tokens); }), "unknown token '%q' in 'a%q'");
  EXPECT_EQ(config_error_of([&] { expand_tokens("a%", tokens); }), "a lone % ends 'a%'; write %% for a percent sign");
  EXPECT_EQ(config_error_of([&] { expand_tokens("${Y}", tokens, environment); }),
            "environment variable 'Y' is not set, in '${Y}'");
  EXPECT_EQ(config_error_of([&] { expand_tokens("${X", tokens, environment); }), "'${' is never closed in '${X'");
}

TEST(ConfigSyntax, ATildeIsTheHomeDirectory) {
  EXPECT_EQ(expand_tilde("~", "/home/a"), "/home/a");
  EXPECT_EQ(expand_tilde("~/x", "/home/a"), "/home/a/x");
  EXPECT_EQ(expand_tilde("x/~", "/home/a"), "x/~");
  EXPECT_EQ(config_error_of([] { expand_tilde("~bob/x", "/home/a"); }),
            "'~bob/x': other users' home directories are not looked up; write the path out");
}

TEST(ConfigSyntax, LogLevelsHaveTheirOldNames) {
  EXPECT_EQ(parse_log_level("debug"), LogLevel::debug1);
  EXPECT_EQ(parse_log_level("SILENT"), LogLevel::quiet);
  EXPECT_EQ(parse_log_level("Debug3"), LogLevel::debug3);
  EXPECT_FALSE(parse_log_level("DEBUG4"));
}

}  // namespace
}  // namespace glassh
