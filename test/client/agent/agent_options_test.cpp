#include "client/agent/agent_options.h"

#include <gtest/gtest.h>

namespace glassh {
namespace {

AgentOptions parse(std::vector<std::string> arguments, const char* shell = "/bin/sh") {
  return parse_agent_options(arguments, shell);
}
std::string error_of(std::vector<std::string> arguments) {
  try {
    parse(std::move(arguments));
  } catch (const UsageError& error) {
    return *error.what() != '\0' ? error.what() : "usage";
  }
  return "";
}

TEST(AgentOptions, TheShellDecidesUnlessAFlagDoes) {
  EXPECT_EQ(parse({}).style, ShellStyle::bourne);
  EXPECT_EQ(parse({}, "/bin/tcsh").style, ShellStyle::c);
  EXPECT_EQ(parse({}, nullptr).style, ShellStyle::bourne);
  EXPECT_EQ(parse({"-s"}, "/bin/csh").style, ShellStyle::bourne);
  EXPECT_EQ(parse({"-c"}).style, ShellStyle::c);
}

TEST(AgentOptions, FlagsEndWhereTheCommandBegins) {
  const AgentOptions options = parse({"-t", "1h30m", "-a", "/tmp/x", "ls", "-k", "-t"});
  EXPECT_EQ(options.lifetime, std::chrono::seconds(5400));
  EXPECT_EQ(options.bind_address, "/tmp/x");
  EXPECT_EQ(options.command, (std::vector<std::string>{"ls", "-k", "-t"}));
  EXPECT_FALSE(options.kill);
  EXPECT_EQ(parse({"-E", "md5"}).fingerprint_hash, HashName::md5);
}

TEST(AgentOptions, WhatDoesNotGoTogetherIsRefused) {
  EXPECT_EQ(error_of({"-c", "-s"}), "usage");
  EXPECT_EQ(error_of({"-d", "-D"}), "usage");
  EXPECT_EQ(error_of({"-k", "-d"}), "usage");
  EXPECT_EQ(error_of({"-s", "ls"}), "usage");
  EXPECT_EQ(error_of({"-k", "ls"}), "usage");
  EXPECT_EQ(error_of({"-D", "ls"}), "usage");
}

TEST(AgentOptions, ValuesThatMakeNoSenseAreNamed) {
  EXPECT_EQ(error_of({"-t", "soon"}), "Invalid lifetime 'soon': must be a time such as 3600, 90m or 1h30m");
  EXPECT_EQ(error_of({"-E", "sha1"}), "Unknown hash algorithm 'sha1': must be sha256 or md5");
  EXPECT_EQ(error_of({"-O", "x"}), "Unknown -O option 'x'");
  EXPECT_EQ(error_of({"-O", "no-restrict-websafe", "-P", "/usr/lib/*"}), "");
  EXPECT_NE(error_of({"-Z"}), "");
}

TEST(AgentOptions, ShellsGetTheirOwnCommands) {
  EXPECT_EQ(setting_commands(ShellStyle::bourne, "/s", 7, 7),
            "SSH_AUTH_SOCK=/s; export SSH_AUTH_SOCK;\nSSH_AGENT_PID=7; export SSH_AGENT_PID;\necho Agent pid 7;\n");
  EXPECT_EQ(setting_commands(ShellStyle::c, "/s", std::nullopt, 7), "setenv SSH_AUTH_SOCK /s;\necho Agent pid 7;\n");
  EXPECT_EQ(unsetting_commands(ShellStyle::bourne, 7),
            "unset SSH_AUTH_SOCK;\nunset SSH_AGENT_PID;\necho Agent pid 7 killed;\n");
  EXPECT_EQ(unsetting_commands(ShellStyle::c, 7),
            "unsetenv SSH_AUTH_SOCK;\nunsetenv SSH_AGENT_PID;\necho Agent pid 7 killed;\n");
}

}  // namespace
}  // namespace glassh
