#include "client/terminal/escape_command.h"

#include <gtest/gtest.h>

namespace glassh {
namespace {

using Action = EscapeCommand::Action;
using Kind = Forward::Kind;

TEST(EscapeCommand, AddsForwards) {
  for (const std::string line : {"-L 8080:localhost:80", "-L8080:localhost:80", "  L8080:localhost:80  "}) {
    const EscapeCommand command = parse_escape_command(line, false);
    EXPECT_EQ(command.action, Action::add) << line;
    EXPECT_EQ(command.forward.kind, Kind::local);
    EXPECT_EQ(command.forward.listen.port, 8080);
    ASSERT_TRUE(command.forward.connect);
    EXPECT_EQ(command.forward.connect->host, "localhost");
    EXPECT_EQ(command.forward.connect->port, 80);
  }
  EXPECT_EQ(parse_escape_command("-R 0:localhost:80", false).forward.kind, Kind::remote);
  EXPECT_FALSE(parse_escape_command("-R 1080", false).forward.connect);  // SOCKS at the server
  EXPECT_EQ(parse_escape_command("-D 127.0.0.1:1080", false).forward.kind, Kind::dynamic);
  EXPECT_EQ(parse_escape_command("-D 127.0.0.1:1080", false).forward.listen.host, "127.0.0.1");
}

TEST(EscapeCommand, CancelsForwards) {
  for (const auto& [line, kind] :
       {std::pair{"-KL 8080", Kind::local}, std::pair{"-KR8080", Kind::remote}, std::pair{"KD 8080", Kind::dynamic}}) {
    const EscapeCommand command = parse_escape_command(line, false);
    EXPECT_EQ(command.action, Action::cancel) << line;
    EXPECT_EQ(command.forward.kind, kind) << line;
    EXPECT_EQ(command.forward.listen.port, 8080) << line;
  }
  EXPECT_EQ(parse_escape_command("-KL [::1]:8080", false).forward.listen.host, "::1");
}

TEST(EscapeCommand, AsksForHelp) {
  for (const std::string line : {"?", "-?", "h", "-h", "-H", "help"}) {
    EXPECT_EQ(parse_escape_command(line, false).action, Action::help) << line;
  }
  EXPECT_EQ(escape_command_help(false).find("!command"), std::string::npos);
  EXPECT_NE(escape_command_help(true).find("!command"), std::string::npos);
}

TEST(EscapeCommand, RunsCommandsOnlyIfTheyArePermitted) {
  const EscapeCommand command = parse_escape_command("!echo -L 1", true);
  EXPECT_EQ(command.action, Action::run);
  EXPECT_EQ(command.text, "echo -L 1");
  EXPECT_EQ(parse_escape_command("!echo -L 1", false).action, Action::refuse);
}

TEST(EscapeCommand, NothingIsNothing) {
  for (const std::string line : {"", "  ", "-", " - "}) {
    EXPECT_EQ(parse_escape_command(line, true).action, Action::nothing) << line;
  }
}

TEST(EscapeCommand, WhatIsWrongIsNamed) {
  const std::pair<std::string, std::string> cases[] = {
      {"x", "Invalid command."},
      {"-K", "Invalid command."},
      {"-KX 1", "Invalid command."},
      {"ls", "Invalid command."},
      {"-L", "Bad local forwarding specification."},
      {"-L 8080", "Bad local forwarding specification."},
      {"-L 99999:a:1", "Bad local forwarding specification."},
      {"-D", "Bad local forwarding specification."},
      {"-R a:b:c:d:e", "Bad remote forwarding specification."},
      {"-KL", "Bad forwarding close specification."},
      {"-KR 1:localhost:2", "Bad forwarding close specification."},
  };
  for (const auto& [line, text] : cases) {
    const EscapeCommand command = parse_escape_command(line, false);
    EXPECT_EQ(command.action, Action::refuse) << line;
    EXPECT_EQ(command.text, text) << line;
  }
}

}  // namespace
}  // namespace glassh
