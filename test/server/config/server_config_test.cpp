#include "server/config/server_config.h"

#include <filesystem>
#include <fstream>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include "server/config/keywords.h"
#include "test/support/config_names.h"

namespace glassh {
namespace {

using test::config_error_of;
using test::few_algorithms;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ServerConfig read(std::string_view text) {
  ServerConfigReader reader(few_algorithms());
  reader.text(text, "sshd_config");
  return reader.finish();
}

// Everything that `text` prints under one keyword, joined by "|".
std::string printed(std::string_view text, const std::string& keyword) {
  const auto all = effective_config(read(text));
  std::string values;
  for (std::size_t start = 0; start < all.size();) {
    const auto end = all.find('\n', start);
    const auto line = all.substr(start, end - start);
    if (line.starts_with(keyword + " ")) values += (values.empty() ? "" : "|") + line.substr(keyword.size() + 1);
    start = end + 1;
  }
  return values;
}

struct Case {
  std::string text, keyword, expected;
};

// The expected values are what OpenSSH 9.2's sshd -T prints for the same lines.
TEST(ServerConfig, LinesGiveWhatSshdGives) {
  const std::vector<Case> cases = {
      {"", "port", "22"},
      {"Port 22\nPort 2222", "port", "22|2222"},
      {"PORT=2200 # x", "port", "2200"},
      {"Port 0", "port", "0"},  // Deviation: the system chooses
      {"", "listenaddress", "[::]:22|0.0.0.0:22"},
      {"Port 1\nPort 2", "listenaddress", "[::]:1|0.0.0.0:1|[::]:2|0.0.0.0:2"},
      {"LogLevel QUIET", "loglevel", "SILENT"},
      {"AddressFamily inet", "listenaddress", "0.0.0.0:22"},
      {"AddressFamily INET6\nPort 9", "listenaddress", "[::]:9"},
      {"ListenAddress 127.0.0.1\nListenAddress [::1]:99\nListenAddress ::1\nPort 22\nPort 2222", "listenaddress",
       "127.0.0.1:22|127.0.0.1:2222|[::1]:99|[::1]:22|[::1]:2222"},
      {"AddressFamily any", "addressfamily", "any"},
      {"HostKey /a\nHostKey \"/b c\"", "hostkey", "/a|/b c"},
      {"", "authorizedkeysfile", ".ssh/authorized_keys .ssh/authorized_keys2"},
      {"AuthorizedKeysFile none", "authorizedkeysfile", "none"},
      {"AuthorizedKeysFile /x/%u \"a b\"\nAuthorizedKeysFile /y", "authorizedkeysfile", "/x/%u a b"},
      {"PubkeyAuthentication no", "pubkeyauthentication", "no"},
      {"DSAAuthentication no\nPubkeyAuthentication yes", "pubkeyauthentication", "no"},
      {"Ciphers -aes*", "ciphers", "chacha20-poly1305@openssh.com"},
      {"Ciphers aes128-ctr\nCiphers aes256-ctr", "ciphers", "aes128-ctr"},
      {"MACs ^hmac-sha2-512", "macs", "hmac-sha2-512,hmac-sha2-256-etm@openssh.com"},
      {"KexAlgorithms ecdh-sha2-nistp256", "kexalgorithms", "ecdh-sha2-nistp256"},
      {"HostKeyAlgorithms rsa-*", "hostkeyalgorithms", "rsa-sha2-512,rsa-sha2-256"},
      {"PubkeyAcceptedKeyTypes ssh-ed25519", "pubkeyacceptedalgorithms", "ssh-ed25519"},
      {"RekeyLimit 1G 1d", "rekeylimit", "1073741824 86400"},
      {"RekeyLimit 1M none", "rekeylimit", "1048576 0"},
      {"LoginGraceTime 2m", "logingracetime", "120"},
      {"LoginGraceTime 0", "logingracetime", "0"},
      {"MaxAuthTries 3\nMaxAuthTries 4", "maxauthtries", "3"},
      {"MaxSessions 0", "maxsessions", "0"},
      {"", "compression", "yes"},
      {"Compression delayed", "compression", "yes"},
      {"Compression no", "compression", "no"},
      {"", "maxstartups", "10:30:100"},
      {"MaxStartups 5", "maxstartups", "5:30:5"},
      {"MaxStartups 5:50:60", "maxstartups", "5:50:60"},
      {"AcceptEnv LANG LC_*\nAcceptEnv X", "acceptenv", "LANG|LC_*|X"},
      {"", "loglevel", "INFO"},
      {"LogLevel DEBUG1", "loglevel", "DEBUG"},
      {"LogLevel verbose", "loglevel", "VERBOSE"},
      {"SyslogFacility local3", "syslogfacility", "LOCAL3"},
      {"PidFile none", "pidfile", "none"},
      {"PidFile /x", "pidfile", "/x"},
      {"StrictModes no", "strictmodes", "no"},
      {"Subsystem sftp internal-sftp\nSubsystem foo  bar  baz", "subsystem", "sftp internal-sftp|foo bar baz"},
      {"Subsystem sftp a\nSubsystem sftp b", "subsystem", "sftp a"},
      {"Subsystem x y \"a b\"", "subsystem", "x y \"a b\""},
      {"ClientAliveInterval 1m\nClientAliveCountMax 0", "clientaliveinterval", "60"},
      {"ClientAliveInterval 1m\nClientAliveCountMax 0", "clientalivecountmax", "0"},
  };
  for (const auto& [text, keyword, expected] : cases) EXPECT_EQ(printed(text, keyword), expected) << text;
}

TEST(ServerConfig, MistakesAreNamedWithFileAndLine) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"# x\n\nFoo 1", "sshd_config:3: unknown keyword 'Foo'"},
      {"Port", "sshd_config:1: Port: a value is missing"},
      {"Port \"\"", "sshd_config:1: Port: a value is missing"},
      {"Port 22 33", "sshd_config:1: Port: '33' is too much: expected 1 value"},
      {"RekeyLimit 1M 1h x", "sshd_config:1: RekeyLimit: 'x' is too much: expected 2 values at most"},
      {"Port x", "sshd_config:1: Port: bad port 'x': expected 0 to 65535"},
      {"Port 70000", "sshd_config:1: Port: bad port '70000': expected 0 to 65535"},
      {"Port \"22", "sshd_config:1: a quote \" is never closed"},
      {"ListenAddress [::1",
       "sshd_config:1: ListenAddress: bad address '[::1': expected host, host:port or [IPv6]:port"},
      {"AddressFamily x", "sshd_config:1: AddressFamily: bad value 'x': expected any, inet or inet6"},
      {"StrictModes maybe", "sshd_config:1: StrictModes: bad value 'maybe': expected yes or no"},
      {"Compression maybe", "sshd_config:1: Compression: bad value 'maybe': expected yes, delayed or no"},
      {"MaxSessions x", "sshd_config:1: MaxSessions: bad value 'x': expected a number"},
      {"MaxAuthTries -1", "sshd_config:1: MaxAuthTries: bad value '-1': expected a number"},
      {"MaxAuthTries 99999999999", "sshd_config:1: MaxAuthTries: bad value '99999999999': expected a number"},
      {"LoginGraceTime x", "sshd_config:1: LoginGraceTime: bad time 'x': expected seconds or 1h30m"},
      {"MaxStartups 5:200:300",
       "sshd_config:1: MaxStartups: bad value '5:200:300': expected start:rate:full such as 10:30:100"},
      {"MaxStartups 50:30:10",
       "sshd_config:1: MaxStartups: bad value '50:30:10': expected start:rate:full such as 10:30:100"},
      {"MaxStartups 0", "sshd_config:1: MaxStartups: bad value '0': expected start:rate:full such as 10:30:100"},
      {"MaxStartups 5:5", "sshd_config:1: MaxStartups: bad value '5:5': expected start:rate:full such as 10:30:100"},
      {"LogLevel loud", "sshd_config:1: LogLevel: bad value 'loud': expected QUIET to DEBUG3"},
      {"SyslogFacility KERN",
       "sshd_config:1: SyslogFacility: bad value 'KERN': expected AUTH, DAEMON, USER or LOCAL0 to LOCAL7"},
      {"Subsystem sftp", "sshd_config:1: Subsystem: a value is missing"},
      {"Subsystem " + std::string(65, 'x') + " y",
       "sshd_config:1: Subsystem: name '" + std::string(65, 'x') + "': expected at most 64 bytes"},
      {"RekeyLimit 5", "sshd_config:1: RekeyLimit: size '5' is too small"},
      {"AcceptEnv A=B", "sshd_config:1: AcceptEnv: bad name 'A=B': expected a pattern without '='"},
      {"AuthorizedKeysFile %z", "sshd_config:1: AuthorizedKeysFile: unknown token '%z' in '%z'"},
      {"AuthorizedKeysFile a none", "sshd_config:1: AuthorizedKeysFile: 'none' stands alone"},
      {"Ciphers -*",
       "sshd_config:1: Ciphers: '-*' leaves nothing; supported: "
       "chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes256-ctr,aes128-ctr"},
      {"Include", "sshd_config:1: Include: a value is missing"},
      {"Match", "sshd_config:1: Match: a criterion is missing: expected All, or User, Group, Host, … and a pattern"},
      {"Match User bob\nPort 3", "sshd_config:2: Port may not stand below Match"},
      {"Match User bob\nUseDNS no", "sshd_config:2: UseDNS may not stand below Match"},
      {"Match User bob\nMaxSessions x", "sshd_config:2: MaxSessions: bad value 'x': expected a number"},
      {"Match User bob\nChrootDirectory /jail",
       "sshd_config:2: ChrootDirectory is not supported yet: ignoring it would show the whole file system"},
      // A later value is checked although the first one counts.
      {"MaxSessions 3\nMaxSessions x", "sshd_config:2: MaxSessions: bad value 'x': expected a number"},
      {"PermitRootLogin maybe",
       "sshd_config:1: PermitRootLogin: bad value 'maybe': expected yes, no, prohibit-password or "
       "forced-commands-only"},
      {"AllowUsers ann@10.0.0.1/8",
       "sshd_config:1: AllowUsers: bad pattern 'ann@10.0.0.1/8': behind the @ is nothing, or a network whose mask does "
       "not fit"},
      {"AuthorizedKeysCommand keys.sh",
       "sshd_config:1: AuthorizedKeysCommand: 'keys.sh': expected an absolute path, and "
       "arguments"},
      {"AuthorizedKeysCommand /keys %z", "sshd_config:1: AuthorizedKeysCommand: unknown token '%z' in '/keys %z'"},
      {"ForceCommand", "sshd_config:1: ForceCommand: a value is missing"},
      {"VersionAddendum \x01",
       "sshd_config:1: VersionAddendum: bad text: expected at most 127 printable characters of US-ASCII"},
  };
  for (const auto& [text, error] : cases) {
    EXPECT_EQ(config_error_of([text = text] { read(text); }), error) << text;
  }
}

TEST(ServerConfig, WhatWouldOpenSomethingIsRefused) {
  for (const auto* const line :
       {"ChrootDirectory /jail", "RevokedKeys /r", "RefuseConnection yes", "HostKeyAgent /agent"}) {
    const auto error = config_error_of([line] { read(line); });
    EXPECT_THAT(error, HasSubstr("sshd_config:1: ")) << line;
    EXPECT_THAT(error, HasSubstr(" is not supported yet: ")) << line;
  }
  EXPECT_EQ(config_error_of([] { read("Port 1\nchrootdirectory /jail"); }),
            "sshd_config:2: ChrootDirectory is not supported yet: ignoring it would show the whole file system");
}

TEST(ServerConfig, WhatAsksForWhatWeDoAnywayIsAcceptedInSilence) {
  ServerConfigReader reader(few_algorithms());
  reader.text(
      "ForceCommand none\nChrootDirectory none\nAuthenticationMethods any\nPasswordAuthentication no\nUsePAM no\n"
      "X11Forwarding no\nAllowTcpForwarding NO\nDisableForwarding yes\nPermitRootLogin prohibit-password\n"
      "PermitTTY no\nPrintMotd no\nIgnoreRhosts yes\nRequiredRSASize 1024\nPubkeyAuthOptions touch-required\n"
      "KbdInteractiveAuthentication no\nRevokedKeys none\nBanner none\nProtocol 2\n",
      "sshd_config");
  EXPECT_THAT(reader.notes(), IsEmpty());
}

TEST(ServerConfig, WhatIsMissedOnlyIsAcceptedWithANote) {
  ServerConfigReader reader(few_algorithms());
  reader.text("UsePAM yes\nUseDNS yes\nLogVerbose x\n", "sshd_config");
  ASSERT_EQ(reader.notes().size(), 3U);
  EXPECT_EQ(reader.notes()[0].text, "sshd_config:1: UsePAM is ignored: PAM is not done yet, and needs root");
  EXPECT_EQ(reader.notes()[0].level, LogLevel::info);
  EXPECT_EQ(reader.notes()[1].text, "sshd_config:2: UseDNS is ignored: names of clients are not looked up");
  EXPECT_EQ(reader.notes()[2].level, LogLevel::info);
  EXPECT_EQ(config_error_of([] { read("Banner"); }), "sshd_config:1: Banner: a value is missing");
}

TEST(ServerConfig, ACommandForKeysNeedsAUser) {
  EXPECT_EQ(config_error_of([] { read("AuthorizedKeysCommand /keys"); }),
            "sshd_config:1: AuthorizedKeysCommand: whom it runs as is missing: expected AuthorizedKeysCommandUser");
  EXPECT_EQ(read("AuthorizedKeysCommand /keys %u\nAuthorizedKeysCommandUser ann").authorized_keys_command, "/keys %u");
  EXPECT_EQ(read("AuthorizedKeysCommand none").authorized_keys_command, "");
}

// Past vulnerability 86: a pattern that meant other names does not let in what tells the linker which code to load.
TEST(ServerConfig, AcceptEnvLetsInOnlyWhatItNames) {
  const ServerConfig some = read("AcceptEnv LC_* * GLASSH_?");
  EXPECT_TRUE(some.accepts_env("LC_ALL"));
  EXPECT_TRUE(some.accepts_env("ANYTHING"));
  EXPECT_FALSE(some.accepts_env("LD_PRELOAD"));
  EXPECT_FALSE(some.accepts_env("LD_"));
  EXPECT_FALSE(some.accepts_env(""));
  EXPECT_FALSE(some.accepts_env("LC_ALL=x"));
  EXPECT_FALSE(some.accepts_env(std::string_view("LC_\0", 4)));
  EXPECT_TRUE(read("AcceptEnv LD_*").accepts_env("LD_PRELOAD"));
  EXPECT_TRUE(read("AcceptEnv LD_PRELOAD").accepts_env("LD_PRELOAD"));
}

TEST(ServerConfig, TheTableHasEachKeywordOnce) {
  std::set<int> orders;
  for (const ServerKeyword* row : server_keywords()) {
    EXPECT_EQ(find_server_keyword(row->name), row) << row->name;
    EXPECT_EQ(row->value.read == nullptr, row->unsupported.has_value()) << row->name;
    EXPECT_EQ(row->value.print == nullptr, row->unsupported.has_value()) << row->name;
    if (row->value.print != nullptr) {
      EXPECT_TRUE(orders.insert(row->order).second) << row->name;
    }
  }
}

// sshd_config(5) of OpenSSH 9.2 with Debian's own, and what 9.3 to 10 added.
TEST(ServerConfig, NoKeywordOfOpenSshIsUnknown) {
  for (const auto* const keyword : {"AcceptEnv",
                                    "AddressFamily",
                                    "AllowAgentForwarding",
                                    "AllowGroups",
                                    "AllowStreamLocalForwarding",
                                    "AllowTcpForwarding",
                                    "AllowUsers",
                                    "AuthenticationMethods",
                                    "AuthorizedKeysCommand",
                                    "AuthorizedKeysCommandUser",
                                    "AuthorizedKeysFile",
                                    "AuthorizedPrincipalsCommand",
                                    "AuthorizedPrincipalsCommandUser",
                                    "AuthorizedPrincipalsFile",
                                    "Banner",
                                    "CASignatureAlgorithms",
                                    "ChannelTimeout",
                                    "ChrootDirectory",
                                    "Ciphers",
                                    "ClientAliveCountMax",
                                    "ClientAliveInterval",
                                    "Compression",
                                    "DebianBanner",
                                    "DenyGroups",
                                    "DenyUsers",
                                    "DisableForwarding",
                                    "ExposeAuthInfo",
                                    "FingerprintHash",
                                    "ForceCommand",
                                    "GatewayPorts",
                                    "GSSAPIAuthentication",
                                    "GSSAPICleanupCredentials",
                                    "GSSAPIKeyExchange",
                                    "GSSAPIStrictAcceptorCheck",
                                    "GSSAPIStoreCredentialsOnRekey",
                                    "GSSAPIKexAlgorithms",
                                    "HostbasedAcceptedAlgorithms",
                                    "HostbasedAuthentication",
                                    "HostbasedUsesNameFromPacketOnly",
                                    "HostCertificate",
                                    "HostKey",
                                    "HostKeyAgent",
                                    "HostKeyAlgorithms",
                                    "IgnoreRhosts",
                                    "IgnoreUserKnownHosts",
                                    "IPQoS",
                                    "KbdInteractiveAuthentication",
                                    "KerberosAuthentication",
                                    "KerberosGetAFSToken",
                                    "KerberosOrLocalPasswd",
                                    "KerberosTicketCleanup",
                                    "KexAlgorithms",
                                    "ListenAddress",
                                    "LoginGraceTime",
                                    "LogLevel",
                                    "LogVerbose",
                                    "MACs",
                                    "MaxAuthTries",
                                    "MaxSessions",
                                    "MaxStartups",
                                    "ModuliFile",
                                    "PasswordAuthentication",
                                    "PermitEmptyPasswords",
                                    "PermitListen",
                                    "PermitOpen",
                                    "PermitRootLogin",
                                    "PermitTTY",
                                    "PermitTunnel",
                                    "PermitUserEnvironment",
                                    "PermitUserRC",
                                    "PerSourceMaxStartups",
                                    "PerSourceNetBlockSize",
                                    "PidFile",
                                    "Port",
                                    "PrintLastLog",
                                    "PrintMotd",
                                    "PubkeyAcceptedAlgorithms",
                                    "PubkeyAuthOptions",
                                    "PubkeyAuthentication",
                                    "RekeyLimit",
                                    "RequiredRSASize",
                                    "RevokedKeys",
                                    "SecurityKeyProvider",
                                    "SetEnv",
                                    "StreamLocalBindMask",
                                    "StreamLocalBindUnlink",
                                    "StrictModes",
                                    "Subsystem",
                                    "SyslogFacility",
                                    "TCPKeepAlive",
                                    "TrustedUserCAKeys",
                                    "UnusedConnectionTimeout",
                                    "UseDNS",
                                    "UsePAM",
                                    "VersionAddendum",
                                    "X11DisplayOffset",
                                    "X11Forwarding",
                                    "X11UseLocalhost",
                                    "XAuthLocation",
                                    "PerSourcePenalties",
                                    "PerSourcePenaltyExemptList",
                                    "RefuseConnection",
                                    "SshdSessionPath",
                                    "SshdAuthPath"}) {
    EXPECT_NE(find_server_keyword(keyword), nullptr) << keyword;
  }
}

TEST(ServerConfig, TheCommandLineComesFirst) {
  ServerOptions options;
  options.ports = {2222, 2223};
  options.host_keys = {"/cl key"};
  options.settings = {"MaxSessions 2", "HostKey=/o", "Banner=none"};
  options.debug = 2;
  ServerConfigReader reader(few_algorithms());
  reader.options(options);
  reader.text("Port 22\nMaxSessions 9\nHostKey /file\nLogLevel QUIET\nBanner /x\n", "sshd_config");
  const auto config = reader.finish();
  EXPECT_THAT(config.ports, ElementsAre(2222, 2223));
  EXPECT_THAT(config.host_keys, ElementsAre("/cl key", "/o", "/file"));
  EXPECT_EQ(config.max_sessions, 2U);
  EXPECT_EQ(config.log_level, LogLevel::debug2);
  EXPECT_THAT(reader.notes(), IsEmpty());
  EXPECT_EQ(config_error_of([&] { reader.option("Foo=1"); }), "command line: unknown keyword 'Foo'");
  EXPECT_EQ(config_error_of([&] { reader.option("Include=x"); }), "command line: Include belongs into a file");
}

TEST(ServerConfig, AuthorizedKeysFilesAreRelativeToTheHomeDirectory) {
  const auto config = read("AuthorizedKeysFile .ssh/ak /etc/keys/%u/%U/%h%%");
  EXPECT_THAT(authorized_keys_paths(config, "bob", "/home/bob", 7),
              ElementsAre("/home/bob/.ssh/ak", "/etc/keys/bob/7//home/bob%"));
}

TEST(ServerConfig, AcceptEnvHasPatterns) {
  const auto config = read("AcceptEnv LANG LC_*");
  EXPECT_TRUE(config.accepts_env("LC_ALL"));
  EXPECT_FALSE(config.accepts_env("LANGUAGE"));
  EXPECT_FALSE(config.accepts_env("LC_X=1"));
  EXPECT_FALSE(config.accepts_env(std::string_view("LC_\0X", 5)));
  EXPECT_FALSE(read("AcceptEnv *").accepts_env(""));
  EXPECT_FALSE(read("").accepts_env("LANG"));
}

class ServerConfigFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "glassh-config-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string write(const std::string& name, std::string_view content) {
    const auto path = directory_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << content;
    return path;
  }
  std::filesystem::path directory_;
};

TEST_F(ServerConfigFiles, IncludeReadsWhatItsPatternMatches) {
  write("d/2.conf", "MaxSessions 2\nAcceptEnv TWO\n");
  write("d/1.conf", "MaxSessions 1\nAcceptEnv ONE\nInclude d/deeper\n");  // from the first file's directory
  write("d/deeper", "MaxAuthTries 9\n");
  ServerConfigReader reader(few_algorithms());
  reader.file(write("sshd_config", "Include d/*.conf nowhere/*\nMaxSessions 3\n"));
  const auto config = reader.finish();
  EXPECT_EQ(config.max_sessions, 1U);
  EXPECT_EQ(config.max_auth_tries, 9U);
  EXPECT_THAT(config.accept_env, ElementsAre("ONE", "TWO"));
}

TEST_F(ServerConfigFiles, AMistakeInAnIncludedFileIsNamedThere) {
  const auto inner = write("inner", "\nFoo 1\n");
  const auto outer = write("outer", "Include inner\n");
  ServerConfigReader reader(few_algorithms());
  EXPECT_EQ(config_error_of([&] { reader.file(outer); }), inner + ":2: unknown keyword 'Foo'");
}

TEST_F(ServerConfigFiles, AnIncludeThatNeverEndsIsAnError) {
  const auto path = write("loop", "Include loop\n");
  ServerConfigReader reader(few_algorithms());
  EXPECT_EQ(config_error_of([&] { reader.file(path); }), path + ":1: Include: nested more than 16 deep");
}

TEST_F(ServerConfigFiles, AFileThatCannotBeReadIsAnError) {
  const auto missing = (directory_ / "missing").string();
  ServerConfigReader reader(few_algorithms());
  EXPECT_EQ(config_error_of([&] { reader.file(missing); }), missing + ": there is no such file");
  EXPECT_EQ(config_error_of([&] { reader.file(directory_); }), directory_.string() + ": is a directory");
}

TEST_F(ServerConfigFiles, DebiansOwnConfigurationLoads) {
  ServerConfigReader reader(few_algorithms());
  reader.file(write("sshd_config",
                    "Include /nonexistent/sshd_config.d/*.conf\n#Port 22\nKbdInteractiveAuthentication no\nUsePAM yes\n"
                    "X11Forwarding yes\nPrintMotd no\nAcceptEnv LANG LC_*\n"
                    "Subsystem\tsftp\t/usr/lib/openssh/sftp-server\n#Match User anoncvs\n"));
  const auto config = reader.finish();
  EXPECT_EQ(config.subsystem("sftp")->command, "/usr/lib/openssh/sftp-server");
  EXPECT_EQ(config.subsystem("x"), nullptr);
  EXPECT_EQ(reader.notes().size(), 1U);  // PAM
}

}  // namespace
}  // namespace glassh
