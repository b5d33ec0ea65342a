#include "client/config/match.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include "client/config/client_config.h"
#include "test/support/config_names.h"

namespace glassh {
namespace {

using test::config_error_of;
using test::few_algorithms;
using testing::ElementsAre;

// A home directory, and a record of the commands that Match ran: the command "true" succeeds, another one does not.
class ClientMatchFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "glassh-match-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    home_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(home_); }

  void write(const std::string& name, std::string_view content) {
    const auto path = home_ / ".ssh" / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << content;
    std::filesystem::permissions(path, static_cast<std::filesystem::perms>(0600));
  }
  ClientConfig load(const std::string& text, std::vector<std::string> arguments = {"foo"}) {
    write("config", text);
    const ClientOptions options = parse_client_options(arguments);
    ClientContext context{options.host, "alice", home_, ::getuid(), "desk.example.org", {}};
    context.environment = [](std::string_view) { return std::nullopt; };
    context.run = [this](const std::string& command) {
      commands_.push_back(command);
      return command == "true";
    };
    return load_client_config(options, context, few_algorithms(), home_ / "none").config;
  }
  // Is the block below this Match in force?
  bool met(const std::string& criteria, const std::vector<std::string>& arguments = {"foo"}) {
    return load("Match " + criteria + "\nPort 99\n", arguments).port == 99;
  }

  std::filesystem::path home_;
  std::vector<std::string> commands_;
};

// Each answer is that of ssh -G of OpenSSH 9.2, but tagged, which came with 9.4.
TEST_F(ClientMatchFiles, CriteriaAreMetAsWithSsh) {
  const std::vector<std::pair<std::string, bool>> cases = {
      {"all", true},
      {"!all", false},
      {"final all", true},
      {"final !all", false},
      {"canonical", false},
      {"canonical all", false},
      {"!canonical", true},
      {"final", true},
      {"!final", true},  // in the first pass
      {"host foo", true},
      {"host FOO", true},
      {"host=foo", true},
      {"host=\"foo\"", true},
      {"host bar", false},
      {"host bar,f?o", true},
      {"host f*,!foo", false},
      {"!host foo", false},
      {"!host bar", true},
      {"!host=bar", true},
      {"host foo # a comment", true},
      {"host foo user alice", true},
      {"host foo user bob", false},
      {"user alice", true},
      {"user Alice", false},
      {"localuser alice", true},
      {"originalhost Foo", true},
      {"tagged lab", false},
      {"exec true", true},
      {"!exec true", false},
      {"exec false", false},
      {"HOST foo Exec \"true\"", true},
  };
  for (const auto& [criteria, expected] : cases) EXPECT_EQ(met(criteria), expected) << criteria;
}

TEST_F(ClientMatchFiles, TheCommandLineIsLookedAt) {
  EXPECT_TRUE(met("user bob", {"-l", "bob", "foo"}));
  EXPECT_FALSE(met("user alice", {"bob@foo"}));
  EXPECT_TRUE(met("localuser alice", {"bob@foo"}));
  EXPECT_TRUE(met("tagged l?b", {"-P", "lab", "foo"}));
  EXPECT_TRUE(met("host foo", {"FOO"}));
  EXPECT_TRUE(met("originalhost FOO host bar", {"-oHostName=bar", "foo"}));
}

// What HostName has said so far is the host that is meant; lines below do not count yet.
TEST_F(ClientMatchFiles, HostIsWhereHostNameLeads) {
  EXPECT_EQ(load("HostName %h.x\nMatch host foo.x\nPort 5\nMatch originalhost foo\nUser x\n").port, 5);
  EXPECT_EQ(load("Match host foo.x\nPort 5\nMatch all\nHostName %h.x\n").port, 22);
  EXPECT_EQ(load("HostName bar\nMatch host foo\nPort 5\n").port, 22);
}

TEST_F(ClientMatchFiles, InTheFinalPassHostBlocksSeeTheHostThatWasFound) {
  const auto config = load("HostName bar\nHost bar\nPort 5\nMatch final\nUser x\nHostName elsewhere\n");
  EXPECT_EQ(config.port, 5);
  EXPECT_EQ(config.user, "x");
  EXPECT_EQ(config.host_name, "bar");  // it is settled
  EXPECT_EQ(load("Match canonical\nPort 7\nMatch final\nUser x\n").port, 7);
}

// The first value counts, whichever pass it comes from, and nothing is added twice.
TEST_F(ClientMatchFiles, TheFinalPassOnlyAdds) {
  const auto config =
      load("Match final\nPort 5\nSendEnv B\nIdentityFile /b\nMatch all\nPort 6\nSendEnv A\nIdentityFile /a\n");
  EXPECT_EQ(config.port, 6);
  EXPECT_THAT(config.send_env, ElementsAre("A", "B"));
  EXPECT_THAT(config.identity_files, ElementsAre("/a", "/b"));
}

TEST_F(ClientMatchFiles, ABlockEndsWithTheNextOne) {
  EXPECT_EQ(load("Match host bar\nHost foo\nPort 5\n").port, 5);
  EXPECT_EQ(load("Host bar\nMatch host foo\nPort 5\n").port, 5);
  EXPECT_EQ(load("Match host foo\nMatch host bar\nPort 5\n").port, 22);
}

TEST_F(ClientMatchFiles, CommandsRunOnlyWhereTheAnswerCounts) {
  write("more", "Match exec never\nPort 9\n");
  load("Match host bar exec first\nMatch exec second exec third\nHost bar\nInclude more\n");
  EXPECT_THAT(commands_, ElementsAre("second"));
}

TEST_F(ClientMatchFiles, CommandsKnowTheConnectionSoFar) {
  load("User bob\nPort 77\nHostName %h.x\nMatch exec \"test %%%h %n %p %r %u %k %L %l %d %i\"\n", {"Foo"});
  EXPECT_THAT(commands_, ElementsAre("test %foo.x Foo 77 bob alice Foo desk desk.example.org " + home_.string() + " " +
                                     std::to_string(::getuid())));
  commands_.clear();
  // What OpenSSH 9.2 makes of the same names: SHA-1 of "desk.example.orgfoo22alice".
  load("Match exec %C\n");
  EXPECT_THAT(commands_, ElementsAre("9e02f86dc00fe1e5d29dd5ae6ce9a3899d7e7417"));
}

// Past vulnerability 73: what a name could make a shell do never comes as far as exec.
TEST_F(ClientMatchFiles, NoCommandSeesANameThatAShellWouldActOn) {
  for (const std::string name : {"a;b", "$(x)", "`x`", "a|b", "-x", "a\nb"}) {
    EXPECT_THROW(load("Match exec \"echo %h\"\n", {"--", name}), UsageError) << name;
    EXPECT_THROW(load("Match exec \"echo %r\"\n", {"-l", name, "foo"}), UsageError) << name;
  }
  EXPECT_TRUE(commands_.empty());
}

// Past vulnerability 96: a pattern that would take exponential time by trying every way; that would not end here.
TEST_F(ClientMatchFiles, APatternWithManyStarsIsAnswered) {
  std::string stars;
  for (int i = 0; i < 60; ++i) stars += "*a";
  const std::string host(200, 'a');
  EXPECT_FALSE(met("host " + stars + "b", {host}));
  EXPECT_EQ(load("Host " + stars + "b\nPort 5\n", {host}).port, 22);
}

TEST_F(ClientMatchFiles, MistakesAreNamedWithFileAndLine) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "a criterion is missing: expected all, host, user, exec, …"},
      {"foo bar",
       "unknown criterion 'foo': expected all, canonical, final, host, originalhost, user, localuser, tagged or exec"},
      {"host", "host: a pattern is missing"},
      {"host \"\"", "host: a pattern is missing"},
      {"exec", "exec: a command is missing"},
      {"all final", "'All' stands alone, or behind final or canonical"},
      {"host foo all", "'All' stands alone, or behind final or canonical"},
      {"exec \"echo %z\"", "unknown token '%z' in 'echo %z'"},
  };
  const std::string path = home_ / ".ssh/config";
  for (const auto& [criteria, error] : cases) {
    EXPECT_EQ(config_error_of([this, criteria = criteria] { met(criteria); }), path + ":1: Match: " + error);
  }
  EXPECT_EQ(config_error_of([this] { load("", {"-oMatch=all", "foo"}); }), "command line: Match belongs into a file");
}

}  // namespace
}  // namespace glassh
