#include "server/config/match.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/config/server_config.h"
#include "test/support/config_names.h"
#include "test/support/temporary_directory.h"

namespace glassh {
namespace {

using test::config_error_of;
using test::few_algorithms;
using testing::ElementsAre;
using testing::HasSubstr;

ServerConfig read(std::string_view text, const std::string& name = "sshd_config") {
  ServerConfigReader reader(few_algorithms());
  reader.text(text, name);
  return reader.finish();
}

MatchSubject ann() {
  return {
      .user = "ann",
      .host = "client.example",
      .address = "192.0.2.7",
      .local_address = "2001:db8::1",
      .local_port = 2222,
      .groups = [](const std::string& user) {
        return user == "ann" ? std::vector<std::string>{"users", "staff", "domain users"} : std::vector<std::string>();
      }};
}

std::uint32_t sessions(std::string_view text, const MatchSubject& subject = ann()) {
  return config_for(read(text), subject).max_sessions;
}

// Each verdict is also that of OpenSSH 9.2's sshd -T -C for the same line.
TEST(Match, CriteriaAreMetOrNot) {
  const std::vector<std::pair<std::string, bool>> cases = {
      {"All", true},
      {"all", true},
      {"User ann", true},
      {"user=ann", true},
      {"User \"ann\"", true},
      {"User Ann", false},
      {"User bob,a*", true},
      {"User a*,!ann", false},
      {"User !bob", false},  // a list of exceptions alone excepts from nothing
      {"User *,!bob", true},
      {"Group staff", true},
      {"Group other,s*", true},
      {"Group *,!staff", false},
      {"Group wheel", false},
      {"Group \"domain users\"", true},
      {"Group \"wheel users\"", false},  // one group's name, not two
      {"User \"bob ann\"", false},
      {"Host *.EXAMPLE", true},
      {"Host *.example,!client.*", false},
      {"Host 192.0.2.7", false},
      {"Address 192.0.2.0/24", true},
      {"Address 192.0.2.?", true},
      {"Address 192.0.3.0/24", false},
      {"Address 192.0.2.0/24,!192.0.2.7", false},
      {"Address 192.0.2.0/24,!192.0.2.8/32", true},
      {"Address 2001:db8::/32", false},
      {"LocalAddress 2001:db8::/32", true},
      {"LocalAddress 2001:DB8:0::1", true},
      {"LocalPort 2222", true},
      {"LocalPort 22", false},
      {"User ann Address 192.0.2.*", true},
      {"User ann Address 10.*", false},
      {"User=ann Address=192.0.2.7 LocalPort=2222", true},
  };
  for (const auto& [line, met] : cases) {
    EXPECT_EQ(sessions("MaxSessions 1\nMatch " + line + "\nMaxSessions 2\n"), met ? 2U : 1U) << line;
  }
}

TEST(Match, AMistakeIsNamed) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"Match", "a criterion is missing"},
      {"Match User", "Match: User: a pattern is missing"},
      {"Match User=", "Match: User: a pattern is missing"},
      {"Match Users ann", "Match: unknown criterion 'Users': expected All, User, Group, Host"},
      {"Match RDomain x", "unknown criterion 'RDomain'"},
      {"Match All User ann", "'All' stands alone"},
      {"Match User ann All", "'All' stands alone"},
      {"Match LocalPort 22,23", "LocalPort: bad port '22,23'"},
      {"Match LocalPort 0", "LocalPort: bad port '0'"},
      {"Match Address 192.0.2.1/24", "Address: '192.0.2.1/24' has an empty item or a network whose mask"},
      {"Match Address 192.0.2.0/33", "whose mask does not fit"},
      {"Match Address 192.0.2.0/24,", "has an empty item"},
      {"Match LocalAddress ::1/129", "LocalAddress: '::1/129'"},
  };
  for (const auto& [line, text] : cases) {
    const auto error = config_error_of([line = line] { read("\n" + line); });
    EXPECT_THAT(error, HasSubstr("sshd_config:2: Match: ")) << line;
    EXPECT_THAT(error, HasSubstr(text)) << line;
  }
  ServerConfigReader reader(few_algorithms());
  EXPECT_EQ(config_error_of([&] { reader.option("Match User ann"); }), "command line: Match belongs into a file");
}

TEST(Match, TheFirstBlockThatAppliesWinsOverTheRestAndTheGlobalPart) {
  const std::string text =
      "MaxSessions 1\nBanner /global\nMatch User bob\nMaxSessions 2\nMatch User a*\nMaxSessions 3\nMatch All\n"
      "MaxSessions 4\nMaxAuthTries 2\n";
  EXPECT_EQ(sessions(text), 3U);
  const ServerConfig anns = config_for(read(text), ann());
  EXPECT_EQ(anns.max_auth_tries, 2U);
  EXPECT_EQ(anns.banner, "/global");
  const ServerConfig nobodys = config_for(read(text), {});
  EXPECT_EQ(nobodys.max_sessions, 4U);
  EXPECT_EQ(read(text).max_sessions, 1U) << "nothing is decided while the file is read";
}

// As with sshd, a Match block goes before the command line.
TEST(Match, ABlockGoesBeforeTheCommandLine) {
  ServerConfigReader reader(few_algorithms());
  reader.option("MaxSessions=7");
  reader.text("MaxSessions 8\nMatch User ann\nMaxSessions 9\n", "sshd_config");
  const ServerConfig config = reader.finish();
  EXPECT_EQ(config.max_sessions, 7U);
  EXPECT_EQ(config_for(config, ann()).max_sessions, 9U);
}

TEST(Match, ListsOfBlocksReplaceTheGlobalOneTogether) {
  const ServerConfig config =
      read("AllowUsers a\nAllowUsers b\nMatch User ann\nAllowUsers c d\nMatch All\nAllowUsers e\nAcceptEnv X\n");
  EXPECT_THAT(config.allow_users, ElementsAre("a", "b"));
  EXPECT_THAT(config_for(config, ann()).allow_users, ElementsAre("c", "d", "e"));
  EXPECT_THAT(config_for(config, {}).allow_users, ElementsAre("e"));
}

TEST(Match, NoneTakesBackWhatTheGlobalPartSays) {
  const ServerConfig config =
      read("ForceCommand date # really\nBanner /x\nMatch User ann\nForceCommand none\nBanner none");
  EXPECT_EQ(config.force_command, "date # really");
  EXPECT_EQ(config_for(config, ann()).force_command, "");
  EXPECT_EQ(config_for(config, ann()).banner, "");
}

TEST(Match, AnIncludedFileStandsUnderTheMatchAboveIt) {
  TemporaryDirectory directory;
  directory.write("one",
                  "MaxSessions 5\nMatch Address 192.0.2.*\nMaxAuthTries 5\nMatch Address 10.*\nMaxAuthTries 4\n");
  const std::string main = "Match User ann\nInclude one\nBanner /below\nMatch User bob\nInclude one\n";
  const ServerConfig config = read(main, directory.path("sshd_config"));
  const ServerConfig anns = config_for(config, ann());
  EXPECT_EQ(anns.max_sessions, 5U);
  EXPECT_EQ(anns.max_auth_tries, 5U);
  EXPECT_EQ(anns.banner, "/below") << "the file's Match ends with the file, ours does not";
  MatchSubject other = ann();
  other.user = "eve";
  EXPECT_EQ(config_for(config, other).max_sessions, 10U);
  EXPECT_EQ(config_for(config, other).max_auth_tries, 6U);
  EXPECT_EQ(config_for(config, other).banner, "");
  other.user = "bob";
  other.address = "10.1.2.3";
  EXPECT_EQ(config_for(config, other).max_auth_tries, 4U);

  directory.write("two", "Match User ann\nMaxSessions 2\n");
  const ServerConfig global = read("Include two\nMaxStartups 3\n", directory.path("sshd_config"));
  EXPECT_EQ(global.max_startups.start, 3U) << "after the file the global part goes on";
  directory.write("three", "Port 3\n");
  EXPECT_THAT(config_error_of([&] { read("Match All\nInclude three", directory.path("sshd_config")); }),
              HasSubstr("three:1: Port may not stand below Match"));
}

TEST(Match, WhatIsNotKnownIsNotMetOrAnErrorInATest) {
  for (const char* line : {"User *", "Group *", "Host *", "Address *", "LocalAddress *", "LocalPort 22"}) {
    const ServerConfig config = read(fmt::format("Match {}\nMaxSessions 2\n", line));
    EXPECT_EQ(config_for(config, {}).max_sessions, 10U) << line;
    MatchSubject test;
    test.must_be_complete = true;
    EXPECT_THAT(config_error_of([&] { config_for(config, test); }), HasSubstr("is missing in the connection of -C"))
        << line;
  }
}

// What is not done is said, as everywhere.
TEST(Match, ALogLevelOfItsOwnIsNotDone) {
  ServerConfigReader reader(few_algorithms());
  reader.text("LogLevel INFO\nMatch User ann\nLogLevel DEBUG\nMaxSessions 2\n", "sshd_config");
  ASSERT_EQ(reader.notes().size(), 1U);
  EXPECT_EQ(reader.notes()[0].text,
            "sshd_config:3: LogLevel: ignored below Match: the log has one level for all connections");
}

TEST(Match, AConnectionSpecIsRead) {
  MatchSubject subject;
  read_connection_spec("user=ann,host=h.example,addr=192.0.2.1", subject);
  read_connection_spec("laddr=::1,lport=22,rdomain=x", subject);
  EXPECT_EQ(subject.user, "ann");
  EXPECT_EQ(subject.host, "h.example");
  EXPECT_EQ(subject.address, "192.0.2.1");
  EXPECT_EQ(subject.local_address, "::1");
  EXPECT_EQ(subject.local_port, 22);
  for (const char* bad : {"user", "foo=x", "lport=x", "lport=0", "lport=65536", "=x", "User=ann"}) {
    EXPECT_NE(config_error_of([&] { read_connection_spec(bad, subject); }), "") << bad;
  }
}

}  // namespace
}  // namespace glassh
