// The keywords about the session. What is printed is what OpenSSH 9.2's ssh -G prints for the same lines.
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "client/config/client_config.h"
#include "test/support/config_names.h"

namespace glassh {
namespace {

using test::config_error_of;
using test::few_algorithms;

ClientConfig read(const std::string& text) {
  ClientContext context;
  context.host = "foo";
  context.local_user = "alice";
  context.home = "/home/alice";
  context.local_host_name = "desk.example.org";
  context.environment = [](std::string_view) { return std::nullopt; };
  ClientConfigReader reader(context, few_algorithms());
  reader.text(text, "config");
  return reader.finish();
}

TEST(SessionConfig, LinesPrintWhatSshPrints) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "escapechar ~"},
      {"EscapeChar none", "escapechar none"},
      {"EscapeChar %", "escapechar %"},
      {"EscapeChar ^]", "escapechar \\^]"},
      {"EscapeChar ^@", "escapechar \\^@"},
      {"EscapeChar \\\\", "escapechar \\\\"},
      {"EscapeChar \" \"", "escapechar \\040"},
      {"EscapeChar \xe9", "escapechar \\M-i"},
      {"EscapeChar %\nEscapeChar ~", "escapechar %"},
      {"", "enableescapecommandline yes"},  // OpenSSH's default is no
      {"EnableEscapeCommandline no", "enableescapecommandline no"},
      {"", "compression no"},
      {"Compression YES\nCompression no", "compression yes"},
      {"Compression no", "compression no"},
      {"", "forkafterauthentication no"},
      {"ForkAfterAuthentication yes", "forkafterauthentication yes"},
      {"", "permitlocalcommand no"},
      {"PermitLocalCommand yes", "permitlocalcommand yes"},
      {"LocalCommand echo \"%h %r\"", "localcommand echo \"%h %r\""},
      {"RemoteCommand echo %h", "remotecommand echo foo"},
  };
  for (const auto& [text, line] : cases) {
    const std::string printed = effective_config(read(text));
    EXPECT_NE(("\n" + printed).find("\n" + line + "\n"), std::string::npos) << text << "\n" << printed;
  }
  EXPECT_EQ(effective_config(read("")).find("localcommand "),
            effective_config(read("")).find("permitlocalcommand ") + 6);
}

TEST(SessionConfig, LocalCommandNoneRunsNothingAndIsTheFirstValue) {
  const ClientConfig config = read("PermitLocalCommand yes\nLocalCommand none\nLocalCommand echo later");
  EXPECT_EQ(config.local_command, std::nullopt);
  EXPECT_EQ(effective_config(config).find("\nlocalcommand "), std::string::npos);
}

TEST(SessionConfig, LocalCommandHasAllTokens) {
  const ClientConfig config = read("User bob\nPort 22022\nLocalCommand echo %% %d %h %k %L %l %n %p %r %u %T");
  EXPECT_EQ(config.local_command, "echo % /home/alice foo foo desk desk.example.org foo 22022 bob alice NONE");
  EXPECT_FALSE(config.permit_local_command);
}

TEST(SessionConfig, EscapeCharactersAreRead) {
  EXPECT_EQ(read("").escape_char, '~');
  EXPECT_EQ(read("EscapeChar none").escape_char, std::nullopt);
  EXPECT_EQ(read("EscapeChar ^]").escape_char, '\x1d');
  EXPECT_EQ(read("EscapeChar ^a").escape_char, '\x01');
}

TEST(SessionConfig, WrongValuesAreNamed) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"EscapeChar ab",
       "config:1: EscapeChar: bad escape character 'ab': expected a character, ^ and a letter, or none"},
      {"EscapeChar ^1",
       "config:1: EscapeChar: bad escape character '^1': expected a character, ^ and a letter, or none"},
      {"ForkAfterAuthentication maybe", "config:1: ForkAfterAuthentication: bad value 'maybe': expected yes or no"},
      {"RequestTTY x", "config:1: RequestTTY: bad value 'x': expected auto, no, yes or force"},
      {"LocalCommand", "config:1: LocalCommand: a value is missing"},
      {"Compression true", "config:1: Compression: bad value 'true': expected yes or no"},
  };
  for (const auto& [text, error] : cases) {
    EXPECT_EQ(config_error_of([text = text] { read(text); }), error) << text;
  }
  EXPECT_NE(config_error_of([] { read("LocalCommand echo %z"); }).find("config:1: LocalCommand: "), std::string::npos);
}

}  // namespace
}  // namespace glassh
