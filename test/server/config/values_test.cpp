// Any value of any keyword is taken, or refused with a place, and what was taken can be asked and printed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/config/keywords.h"
#include "server/config/server_config.h"
#include "server/login/session_permissions.h"
#include "test/support/config_names.h"

namespace glassh {
namespace {

using test::few_algorithms;

const std::vector<std::string> odd_values = {"",
                                             "0",
                                             "1",
                                             "9",
                                             "-1",
                                             "00",
                                             "4294967296",
                                             "99999999999999999999",
                                             ":",
                                             "::",
                                             "1:1:1",
                                             "9:99:9",
                                             "10:101:5",
                                             "0:0:0",
                                             "10:30",
                                             "10:30:60:1",
                                             "none",
                                             "yes",
                                             "no",
                                             "any",
                                             "*",
                                             "!",
                                             "-",
                                             "+",
                                             "^",
                                             ",",
                                             ",,",
                                             "a,",
                                             "\"\"",
                                             "\"",
                                             "'",
                                             "\\",
                                             "%",
                                             "%%",
                                             "%z",
                                             "%h",
                                             "~",
                                             "/",
                                             "a b c d e f",
                                             "x=y",
                                             "=",
                                             "[",
                                             "[::1]",
                                             "[::1]:99999",
                                             "1.2.3.4/",
                                             "1.2.3.4/33",
                                             "a@",
                                             "@b",
                                             "1h30",
                                             "1x",
                                             "512K",
                                             "16E",
                                             "07777",
                                             "9999",
                                             "none none",
                                             "\xff\xfe",
                                             "name",
                                             "name cmd",
                                             "name \"",
                                             "publickey,",
                                             "x:y:z",
                                             "session=1",
                                             "*=1h",
                                             std::string(5000, 'a'),
                                             std::string(300, '*')};

MatchSubject ann() {
  return {.user = "ann",
          .host = "client.example",
          .address = "192.0.2.1",
          .local_address = "2001:db8::1",
          .local_port = 22,
          .groups = [](const std::string&) { return std::vector<std::string>{"staff"}; }};
}

// The text of the error; "" if the lines were taken, and could be asked and printed.
std::string outcome(const std::string& text) {
  try {
    ServerConfigReader reader(few_algorithms());
    reader.text(text, "f");
    const ServerConfig config = reader.finish();
    effective_config(config);
    config.endpoints();
    config.subsystem("name");
    config.accepts_env("LC_ALL");
    const ServerConfig anns = config_for(config, ann());
    effective_config(anns);
    session_permissions(anns, {});
    return "";
  } catch (const ConfigError& error) {
    return *error.what() == '\0' ? "an error without a text" : error.what();
  }
}

std::vector<std::string> keywords() {
  std::vector<std::string> names;
  for (const ServerKeyword* row : server_keywords()) {
    if (row->unsupported) names.emplace_back(row->name);
  }
  for (const auto* const name : {"Port",
                                 "ListenAddress",
                                 "AddressFamily",
                                 "HostKey",
                                 "AuthorizedKeysFile",
                                 "PubkeyAuthentication",
                                 "PermitEmptyPasswords",
                                 "PasswordFile",
                                 "AuthenticationMethods",
                                 "Ciphers",
                                 "MACs",
                                 "KexAlgorithms",
                                 "HostKeyAlgorithms",
                                 "PubkeyAcceptedAlgorithms",
                                 "RekeyLimit",
                                 "LoginGraceTime",
                                 "MaxAuthTries",
                                 "MaxSessions",
                                 "MaxStartups",
                                 "PerSourceMaxStartups",
                                 "PerSourceNetBlockSize",
                                 "PerSourcePenalties",
                                 "PerSourcePenaltyExemptList",
                                 "AcceptEnv",
                                 "LogLevel",
                                 "SyslogFacility",
                                 "PidFile",
                                 "ModuliFile",
                                 "StrictModes",
                                 "Subsystem",
                                 "ClientAliveInterval",
                                 "ClientAliveCountMax",
                                 "PermitRootLogin",
                                 "AllowUsers",
                                 "DenyUsers",
                                 "AllowGroups",
                                 "AuthorizedKeysCommand",
                                 "AuthorizedKeysCommandUser",
                                 "Banner",
                                 "VersionAddendum",
                                 "ForceCommand",
                                 "PermitTTY",
                                 "PermitUserEnvironment",
                                 "ExposeAuthInfo",
                                 "DisableForwarding",
                                 "SetEnv",
                                 "PermitOpen",
                                 "PermitListen",
                                 "GatewayPorts",
                                 "AllowTcpForwarding",
                                 "AllowStreamLocalForwarding",
                                 "StreamLocalBindMask",
                                 "X11DisplayOffset",
                                 "XAuthLocation",
                                 "IPQoS",
                                 "ChannelTimeout",
                                 "UnusedConnectionTimeout",
                                 "Match User",
                                 "Match LocalPort",
                                 "Match Address"}) {
    names.emplace_back(name);
  }
  return names;
}

// Past vulnerability 98: `sshd -t` crashed for MaxStartups below 10, and for Subsystem lines. Each value comes alone,
// twice, and below a Match.
TEST(ServerConfigValues, NoValueOfAnyKeywordIsWorseThanAnError) {
  for (const std::string& keyword : keywords()) {
    for (const std::string& value : odd_values) {
      const std::string line = keyword + " " + value + "\n";
      for (const std::string& text : {line, line + line, "Match User a*,!b\n" + line + line}) {
        const std::string error = outcome(text);
        EXPECT_TRUE(error.empty() || error.starts_with("f:")) << text << "\n" << error;
      }
    }
  }
}

// Past vulnerability 98
TEST(ServerConfigValues, SmallLimitsOfStartupsAreTaken) {
  for (const std::string value : {"1", "2", "9", "9:30:9", "1:100:1", "1:30:60"}) {
    EXPECT_EQ(outcome("MaxStartups " + value), "") << value;
  }
  EXPECT_EQ(outcome("MaxStartups 0"), "f:1: MaxStartups: bad value '0': expected start:rate:full such as 10:30:100");
  EXPECT_EQ(outcome("MaxStartups 10:30:9"),
            "f:1: MaxStartups: bad value '10:30:9': expected start:rate:full such as 10:30:100");
}

// Past vulnerability 98
TEST(ServerConfigValues, ASubsystemNeedsANameAndACommand) {
  EXPECT_EQ(outcome("Subsystem"), "f:1: Subsystem: a value is missing");
  EXPECT_EQ(outcome("Subsystem sftp"), "f:1: Subsystem: a value is missing");
  EXPECT_EQ(outcome("Subsystem sftp \"\""), "f:1: Subsystem: a value is missing");
  EXPECT_EQ(outcome("Match User ann\nSubsystem sftp\n"), "f:2: Subsystem: a value is missing");
  EXPECT_EQ(outcome("Subsystem sftp a b\nSubsystem sftp c\nMatch User ann\nSubsystem sftp d\nSubsystem other e\n"), "");
}

}  // namespace
}  // namespace glassh
