#include "client/config/client_config.h"

#include <filesystem>
#include <fstream>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include "client/config/keywords.h"
#include "test/support/config_names.h"

namespace glassh {
namespace {

using test::config_error_of;
using test::few_algorithms;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ClientContext context_for(const std::string& host) {
  const EnvironmentLookup environment = [](std::string_view name) {
    return name == "KEYS" ? std::optional<std::string>("/keys%h") : std::nullopt;
  };
  return {host, "alice", "/home/alice", 1000, "desk.example.org", environment};
}

ClientConfig read(std::string_view text, const std::string& host = "foo") {
  ClientConfigReader reader(context_for(host), few_algorithms());
  reader.text(text, "config");
  return reader.finish();
}

// Everything that `text` prints under one keyword, joined by "|".
std::string printed(std::string_view text, const std::string& keyword, const std::string& host) {
  const auto all = effective_config(read(text, host));
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
  std::string text, keyword, expected, host = "foo";
};

// The expected values are what OpenSSH 9.2's ssh -G prints for the same lines, with our algorithms and limits.
TEST(ClientConfig, LinesGiveWhatSshGives) {
  const std::vector<Case> cases = {
      {"", "host", "FooHost", "FooHost"},
      {"", "hostname", "foohost", "FooHost"},
      {"HostName %h.Example.COM", "hostname", "foohost.example.com", "FooHost"},
      {"HostName a%%b", "hostname", "a%b"},
      {"", "user", "alice"},
      {"User bob\nUser carol", "user", "bob"},
      {"User a\\\"b", "user", "a\"b"},
      {"User 'a b'", "user", "a b"},
      {"", "port", "22"},
      {"Port=2222", "port", "2222"},
      {"AddressFamily inet6", "addressfamily", "inet6"},
      {"BatchMode yes", "batchmode", "yes"},
      {"HashKnownHosts yes", "hashknownhosts", "yes"},
      {"IdentitiesOnly true", "identitiesonly", "yes"},
      {"PubkeyAuthentication no", "pubkeyauthentication", "false"},
      {"PubkeyAuthentication host-bound", "pubkeyauthentication", "host-bound"},
      {"PubkeyAuthentication unbound", "pubkeyauthentication", "unbound"},
      {"", "passwordauthentication", "yes"},
      {"PasswordAuthentication no", "passwordauthentication", "no"},
      {"", "kbdinteractiveauthentication", "yes"},
      {"ChallengeResponseAuthentication no", "kbdinteractiveauthentication", "no"},
      {"KbdInteractiveDevices pam", "kbdinteractivedevices", "pam"},
      {"", "numberofpasswordprompts", "3"},
      {"NumberOfPasswordPrompts 1", "numberofpasswordprompts", "1"},
      {"PreferredAuthentications password,x", "preferredauthentications", "password,x"},
      {"IdentityAgent ~/%h/agent", "identityagent", "/home/alice/foo/agent"},
      {"IdentityAgent $OTHER_AGENT", "identityagent", "$OTHER_AGENT"},
      {"IdentityAgent none", "identityagent", "none"},
      {"", "addkeystoagent", "false"},
      {"AddKeysToAgent yes", "addkeystoagent", "true"},
      {"AddKeysToAgent ask", "addkeystoagent", "ask"},
      {"AddKeysToAgent confirm 1h", "addkeystoagent", "confirm 3600"},
      {"AddKeysToAgent 5m", "addkeystoagent", "300"},
      {"", "requesttty", "auto"},
      {"RequestTTY force", "requesttty", "force"},
      {"RequestTTY no", "requesttty", "false"},
      {"RequestTTY yes", "requesttty", "true"},
      {"SessionType none", "sessiontype", "none"},
      {"", "sessiontype", "default"},
      {"StdinNull yes", "stdinnull", "yes"},
      {"", "stricthostkeychecking", "ask"},
      {"StrictHostKeyChecking yes", "stricthostkeychecking", "true"},
      {"StrictHostKeyChecking off", "stricthostkeychecking", "false"},
      {"StrictHostKeyChecking accept-new", "stricthostkeychecking", "accept-new"},
      {"ConnectionAttempts 3", "connectionattempts", "3"},
      {"ServerAliveCountMax 9", "serveralivecountmax", "9"},
      {"ServerAliveInterval 1m", "serveraliveinterval", "60"},
      {"Ciphers ^aes128-ctr,aes256-ctr", "ciphers",
       "aes128-ctr,aes256-ctr,chacha20-poly1305@openssh.com,aes256-gcm@openssh.com"},
      {"MACs hmac-sha2-512", "macs", "hmac-sha2-512"},
      {"KexAlgorithms -curve*", "kexalgorithms", "ecdh-sha2-nistp256"},
      {"HostKeyAlgorithms rsa-sha2-256", "hostkeyalgorithms", "rsa-sha2-256"},
      {"PubkeyAcceptedKeyTypes ssh-*", "pubkeyacceptedalgorithms", "ssh-ed25519"},
      {"HostKeyAlias Zed", "hostkeyalias", "zed"},
      {"", "checkhostip", "no"},
      {"CheckHostIP yes", "checkhostip", "yes"},
      {"", "updatehostkeys", "true"},
      {"UpdateHostKeys ask", "updatehostkeys", "ask"},
      {"UserKnownHostsFile /x", "updatehostkeys", "false"},
      {"UserKnownHostsFile ~/.ssh/known_hosts", "updatehostkeys", "true"},
      {"UserKnownHostsFile /x\nUpdateHostKeys yes", "updatehostkeys", "true"},
      {"", "requiredrsasize", "1024"},
      {"RequiredRSASize 3000", "requiredrsasize", "3000"},
      {"", "visualhostkey", "no"},
      {"VisualHostKey yes", "visualhostkey", "yes"},
      {"", "fingerprinthash", "SHA256"},
      {"FingerprintHash md5", "fingerprinthash", "MD5"},
      {"", "nohostauthenticationforlocalhost", "no"},
      {"NoHostAuthenticationForLocalhost yes", "nohostauthenticationforlocalhost", "yes"},
      {"RemoteCommand echo %h \"q q\" # x", "remotecommand", "echo foo \"q q\" # x"},
      {"RemoteCommand none", "remotecommand", ""},
      {"", "loglevel", "INFO"},
      {"LogLevel quiet", "loglevel", "SILENT"},
      {"LogLevel DEBUG2", "loglevel", "DEBUG2"},
      {"", "identityfile", "~/.ssh/id_rsa|~/.ssh/id_ecdsa|~/.ssh/id_ed25519"},
      {"IdentityFile %d/.ssh/%r_%h\nIdentityFile ~/x\nIdentityFile ~/x", "identityfile", "%d/.ssh/%r_%h|~/x"},
      {"IdentityFile none", "identityfile", "none"},
      {"", "userknownhostsfile", "/home/alice/.ssh/known_hosts /home/alice/.ssh/known_hosts2"},
      {"UserKnownHostsFile none", "userknownhostsfile", "none"},
      {"", "globalknownhostsfile", "/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2"},
      {"GlobalKnownHostsFile /x", "globalknownhostsfile", "/x"},
      {"SendEnv A B*\nSendEnv C", "sendenv", "A|B*|C"},
      {"SendEnv A LC_ALL LC_TIME\nSendEnv -LC_*", "sendenv", "A"},
      {"SetEnv X=1 Y=\"a b\"\nSetEnv Z=2", "setenv", "X=1|Y=a b"},
      {"SetEnv X=1 Y=2 X=3", "setenv", "X=1|Y=2"},  // each name once: the server would take the last one
      {"", "connecttimeout", "none"},
      {"ConnectTimeout 1m", "connecttimeout", "60"},
      {"ProxyCommand nc %h %p # c", "proxycommand", "nc %h %p # c"},
      {"ProxyCommand none\nProxyCommand x", "proxycommand", ""},
      {"RekeyLimit 1M 1h", "rekeylimit", "1048576 3600"},
  };
  for (const auto& [text, keyword, expected, host] : cases) {
    EXPECT_EQ(printed(text, keyword, host), expected) << text;
  }
}

// As with ssh(1): only who states an order keeps the known types from the front.
TEST(ClientConfig, HostKeyAlgorithmsWithPlusOrMinusStateNoPreference) {
  EXPECT_FALSE(read("").host_key_algorithms_given);
  EXPECT_FALSE(read("HostKeyAlgorithms +ssh-ed25519").host_key_algorithms_given);
  EXPECT_FALSE(read("HostKeyAlgorithms -ssh-ed25519").host_key_algorithms_given);
  EXPECT_TRUE(read("HostKeyAlgorithms ^ssh-ed25519").host_key_algorithms_given);
  EXPECT_TRUE(read("HostKeyAlgorithms ssh-ed25519").host_key_algorithms_given);
}

TEST(ClientConfig, HostBlocksCountForHostsThatMatch) {
  const std::string text =
      "Port 1\nHost foo bar\nUser first\nHost *.example !bad.example\nUser second\nHost !foo\nUser third\nHost *\n"
      "User last\nPort 2\n";
  EXPECT_EQ(read(text, "foo").user, "first");
  EXPECT_EQ(read(text, "bar").user, "first");
  EXPECT_EQ(read(text, "a.example").user, "second");
  EXPECT_EQ(read(text, "bad.example").user, "last");
  EXPECT_EQ(read(text, "other").user, "last");
  EXPECT_EQ(read(text, "other").port, 1);
  // A negated match never makes a match by itself, and as in OpenSSH case counts.
  EXPECT_EQ(read("Host !foo\nUser x", "bar").user, "alice");
  EXPECT_EQ(read("Host FOO\nUser x", "foo").user, "alice");
}

TEST(ClientConfig, MistakesAreNamedWithFileAndLine) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"\nFoo 1", "config:2: unknown keyword 'Foo'"},
      {"Host other\nFoo 1", "config:2: unknown keyword 'Foo'"},
      {"Host other\nPort x", "config:2: Port: bad port 'x': expected 1 to 65535"},
      {"Port", "config:1: Port: a value is missing"},
      {"User \"\"", "config:1: User: a value is missing"},
      {"Port 0", "config:1: Port: bad port '0': expected 1 to 65535"},
      {"Port 22 33", "config:1: Port: '33' is too much: expected 1 value"},
      {"BatchMode maybe", "config:1: BatchMode: bad value 'maybe': expected yes or no"},
      {"User \"abc", "config:1: a quote \" is never closed"},
      {"AddressFamily x", "config:1: AddressFamily: bad value 'x': expected any, inet or inet6"},
      {"StrictHostKeyChecking x",
       "config:1: StrictHostKeyChecking: bad value 'x': expected yes, no, ask or accept-new"},
      {"RequestTTY x", "config:1: RequestTTY: bad value 'x': expected auto, no, yes or force"},
      {"ConnectTimeout x", "config:1: ConnectTimeout: bad time 'x': expected none, seconds or 1h30m"},
      {"ConnectionAttempts 0", "config:1: ConnectionAttempts: bad value '0': expected at least 1"},
      {"RekeyLimit none", "config:1: RekeyLimit: bad size 'none': expected 'default' or bytes such as 512M"},
      {"LogLevel loud", "config:1: LogLevel: bad value 'loud': expected QUIET to DEBUG3"},
      {"Ciphers nope",
       "config:1: Ciphers: unknown algorithm 'nope'; supported: "
       "chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes256-ctr,aes128-ctr"},
      {"HostName %p", "config:1: HostName: unknown token '%p' in '%p'"},
      {"IdentityFile %z", "config:1: IdentityFile: unknown token '%z' in '%z'"},
      {"IdentityFile ${X", "config:1: IdentityFile: '${' is never closed in '${X'"},
      {"IdentityFile ~bob/x",
       "config:1: IdentityFile: '~bob/x': other users' home directories are not looked up; write the path out"},
      {"ProxyCommand nc %u", "config:1: ProxyCommand: unknown token '%u' in 'nc %u'"},
      {"ProxyCommand", "config:1: ProxyCommand: a value is missing"},
      {"SendEnv A=B", "config:1: SendEnv: bad name 'A=B': expected a pattern without '='"},
      {"SetEnv A", "config:1: SetEnv: bad value 'A': expected NAME=VALUE"},
      {"UserKnownHostsFile a none", "config:1: UserKnownHostsFile: 'none' stands alone"},
      {"PreferredAuthentications password,,hostbased",
       "config:1: PreferredAuthentications: bad value 'password,,hostbased': expected names of methods with a comma "
       "between them"},
      {"AddKeysToAgent sometimes",
       "config:1: AddKeysToAgent: bad value 'sometimes': expected yes, no, ask, confirm or a time"},
      {"AddKeysToAgent yes 1h", "config:1: AddKeysToAgent: '1h' is too much: only confirm has a time behind it"},
      {"IdentityAgent $A-B", "config:1: IdentityAgent: bad name of a variable '$A-B': expected letters, digits or _"},
      {"NumberOfPasswordPrompts -1", "config:1: NumberOfPasswordPrompts: bad value '-1': expected a number"},
      {"Host", "config:1: Host: a pattern is missing"},
      {"Host !", "config:1: Host: a pattern is empty"},
      {"Include", "config:1: Include: a value is missing"},
  };
  for (const auto& [text, error] : cases) {
    EXPECT_EQ(config_error_of([text = text] { read(text); }), error) << text;
  }
}

TEST(ClientConfig, WhatWouldWeakenOrChangeTheConnectionIsRefused) {
  for (const auto* const line :
       {"ProxyUseFdpass yes", "RefuseConnection no", "RevokedHostKeys /r", "KnownHostsCommand /bin/x", "Tunnel yes"}) {
    const auto error = config_error_of([line] { read(line); });
    EXPECT_THAT(error, HasSubstr("config:1: ")) << line;
    EXPECT_THAT(error, HasSubstr(" is not supported yet: ")) << line;
    // Not if it is another host's.
    EXPECT_EQ(config_error_of([line] { read(std::string("Host other\n") + line); }), "") << line;
  }
}

TEST(ClientConfig, TheAgentsSocketIsFound) {
  const auto agent = [](const std::string& text, const std::map<std::string, std::string>& variables) {
    ClientContext context = context_for("foo");
    context.environment = [&variables](std::string_view name) -> std::optional<std::string> {
      const auto found = variables.find(std::string(name));
      return found != variables.end() ? std::optional<std::string>(found->second) : std::nullopt;
    };
    ClientConfigReader reader(context, few_algorithms());
    reader.text(text, "config");
    return reader.finish().identity_agent;
  };
  const std::map<std::string, std::string> variables = {{"SSH_AUTH_SOCK", "/tmp/a"}, {"MINE", "/tmp/b"}, {"NO", ""}};
  EXPECT_EQ(agent("", variables), "/tmp/a");
  EXPECT_EQ(agent("", {}), std::nullopt);
  EXPECT_EQ(agent("IdentityAgent SSH_AUTH_SOCK", variables), "/tmp/a");
  EXPECT_EQ(agent("IdentityAgent none", variables), std::nullopt);
  EXPECT_EQ(agent("IdentityAgent $MINE", variables), "/tmp/b");
  EXPECT_EQ(agent("IdentityAgent $NO", variables), std::nullopt);
  EXPECT_EQ(agent("IdentityAgent $MISSING", variables), std::nullopt);
  EXPECT_EQ(agent("IdentityAgent ${MINE}/%h", variables), "/tmp/b/foo");
  EXPECT_EQ(agent("IdentityAgent ~/agent", variables), "/home/alice/agent");
}

TEST(ClientConfig, MethodsThatAreOffOrWouldAskAreNotTried) {
  const auto methods = [](const std::string& text) { return join_names(read(text).authentication_methods()); };
  EXPECT_EQ(methods(""), "gssapi-with-mic,hostbased,publickey,keyboard-interactive,password");
  EXPECT_EQ(methods("PreferredAuthentications password,publickey"), "password,publickey");
  EXPECT_EQ(methods("PasswordAuthentication no\nPubkeyAuthentication no\nKbdInteractiveAuthentication no"),
            "gssapi-with-mic,hostbased");
  EXPECT_EQ(methods("BatchMode yes"), "gssapi-with-mic,hostbased,publickey");
  EXPECT_EQ(methods("BatchMode yes\nPreferredAuthentications password,keyboard-interactive"), "");
}

TEST(ClientConfig, WhatIsMissedOnlyIsAcceptedWithANote) {
  ClientConfigReader reader(context_for("foo"), few_algorithms());
  reader.text(
      "LogVerbose foo.c:*\nControlMaster auto\nProxyJump none\nRevokedHostKeys none\nPreferredAuthentications "
      "publickey,password\nHost other\nLogVerbose none\n",
      "config");
  ASSERT_EQ(reader.notes().size(), 2U);
  EXPECT_EQ(reader.notes()[0].text, "config:1: LogVerbose is ignored: LogLevel and --trace are what there is");
  EXPECT_EQ(reader.notes()[0].level, LogLevel::info);
  EXPECT_EQ(reader.notes()[1].text, "config:2: ControlMaster is ignored: connections are not shared yet, each is new");
  EXPECT_EQ(reader.notes()[1].level, LogLevel::verbose);
}

TEST(ClientConfig, TheAgentToForwardIsOursOrAPathOrAVariable) {
  ClientContext context = context_for("foo");
  context.environment = [](std::string_view name) -> std::optional<std::string> {
    if (name == "SSH_AUTH_SOCK") return "/run/mine";
    if (name == "OTHER") return "/run/other";
    return std::nullopt;
  };
  const auto agent = [&context](const std::string& text) {
    ClientConfigReader reader(context, few_algorithms());
    reader.text(text, "config");
    return reader.finish().forward_agent.value_or("none");
  };
  EXPECT_EQ(agent(""), "none");
  EXPECT_EQ(agent("ForwardAgent no"), "none");
  EXPECT_EQ(agent("ForwardAgent yes"), "/run/mine");
  EXPECT_EQ(agent("ForwardAgent TRUE\nForwardAgent no"), "/run/mine");
  EXPECT_EQ(agent("ForwardAgent $OTHER"), "/run/other");
  EXPECT_EQ(agent("ForwardAgent $MISSING"), "none");
  EXPECT_EQ(agent("ForwardAgent ~/agent-%h"), context.home + "/agent-foo");
  EXPECT_EQ(agent("ForwardAgent ${OTHER}/x"), "/run/other/x");
  EXPECT_EQ(config_error_of([] { read("ForwardAgent $1-2"); }),
            "config:1: ForwardAgent: bad name of a variable '$1-2': expected letters, digits or _");
}

TEST(ClientConfig, IgnoreUnknownNamesKeywordsToPassOver) {
  EXPECT_EQ(read("IgnoreUnknown Use*,zap\nUseFancy x\nZAP\nPort 3").port, 3);
  EXPECT_EQ(config_error_of([] { read("IgnoreUnknown Use*\nFoo x"); }), "config:2: unknown keyword 'Foo'");
  // It does not cover what is known and refused.
  EXPECT_THAT(config_error_of([] { read("IgnoreUnknown *\nTunnel yes"); }), HasSubstr("Tunnel is not supported"));
}

TEST(ClientConfig, TheTableHasEachKeywordOnce) {
  std::set<int> orders;
  for (const ClientKeyword* row : client_keywords()) {
    EXPECT_EQ(find_client_keyword(row->name), row) << row->name;
    EXPECT_EQ(row->value.read == nullptr, row->unsupported.has_value()) << row->name;
    EXPECT_EQ(row->value.print == nullptr, row->unsupported.has_value()) << row->name;
    if (row->value.print != nullptr) {
      EXPECT_TRUE(orders.insert(row->order).second) << row->name;
    }
  }
}

// ssh_config(5) of OpenSSH 9.2 with Debian's own, and what 9.3 to 10 added.
TEST(ClientConfig, NoKeywordOfOpenSshIsUnknown) {
  for (const auto* const keyword : {"AddKeysToAgent",
                                    "AddressFamily",
                                    "BatchMode",
                                    "BindAddress",
                                    "BindInterface",
                                    "CanonicalDomains",
                                    "CanonicalizeFallbackLocal",
                                    "CanonicalizeHostname",
                                    "CanonicalizeMaxDots",
                                    "CanonicalizePermittedCNAMEs",
                                    "CASignatureAlgorithms",
                                    "CertificateFile",
                                    "CheckHostIP",
                                    "Ciphers",
                                    "ClearAllForwardings",
                                    "Compression",
                                    "ConnectionAttempts",
                                    "ConnectTimeout",
                                    "ControlMaster",
                                    "ControlPath",
                                    "ControlPersist",
                                    "DynamicForward",
                                    "EnableEscapeCommandline",
                                    "EnableSSHKeysign",
                                    "EscapeChar",
                                    "ExitOnForwardFailure",
                                    "FingerprintHash",
                                    "ForkAfterAuthentication",
                                    "ForwardAgent",
                                    "ForwardX11",
                                    "ForwardX11Timeout",
                                    "ForwardX11Trusted",
                                    "GatewayPorts",
                                    "GlobalKnownHostsFile",
                                    "GSSAPIAuthentication",
                                    "GSSAPIClientIdentity",
                                    "GSSAPIDelegateCredentials",
                                    "GSSAPIKeyExchange",
                                    "GSSAPIRenewalForcesRekey",
                                    "GSSAPIServerIdentity",
                                    "GSSAPITrustDns",
                                    "GSSAPIKexAlgorithms",
                                    "HashKnownHosts",
                                    "HostbasedAcceptedAlgorithms",
                                    "HostbasedAuthentication",
                                    "HostKeyAlgorithms",
                                    "HostKeyAlias",
                                    "Hostname",
                                    "IdentitiesOnly",
                                    "IdentityAgent",
                                    "IdentityFile",
                                    "IgnoreUnknown",
                                    "IPQoS",
                                    "KbdInteractiveAuthentication",
                                    "KbdInteractiveDevices",
                                    "KexAlgorithms",
                                    "KnownHostsCommand",
                                    "LocalCommand",
                                    "LocalForward",
                                    "LogLevel",
                                    "LogVerbose",
                                    "MACs",
                                    "NoHostAuthenticationForLocalhost",
                                    "NumberOfPasswordPrompts",
                                    "PasswordAuthentication",
                                    "PermitLocalCommand",
                                    "PermitRemoteOpen",
                                    "PKCS11Provider",
                                    "Port",
                                    "PreferredAuthentications",
                                    "ProxyCommand",
                                    "ProxyJump",
                                    "ProxyUseFdpass",
                                    "PubkeyAcceptedAlgorithms",
                                    "PubkeyAuthentication",
                                    "RekeyLimit",
                                    "RemoteCommand",
                                    "RemoteForward",
                                    "RequestTTY",
                                    "RequiredRSASize",
                                    "RevokedHostKeys",
                                    "SecurityKeyProvider",
                                    "SendEnv",
                                    "ServerAliveCountMax",
                                    "ServerAliveInterval",
                                    "SessionType",
                                    "SetEnv",
                                    "StdinNull",
                                    "StreamLocalBindMask",
                                    "StreamLocalBindUnlink",
                                    "StrictHostKeyChecking",
                                    "SyslogFacility",
                                    "TCPKeepAlive",
                                    "Tunnel",
                                    "TunnelDevice",
                                    "UpdateHostKeys",
                                    "User",
                                    "UserKnownHostsFile",
                                    "VerifyHostKeyDNS",
                                    "VisualHostKey",
                                    "XAuthLocation",
                                    "Tag",
                                    "ObscureKeystrokeTiming",
                                    "ChannelTimeout",
                                    "VersionAddendum",
                                    "WarnWeakCrypto",
                                    "RefuseConnection",
                                    "ProtocolKeepAlives",
                                    "SetupTimeOut"}) {
    EXPECT_NE(find_client_keyword(keyword), nullptr) << keyword;
  }
}

TEST(ClientConfig, TokensStandForTheConnection) {
  const auto config = read(
      "HostName %h.example.org\nUser bob\nPort 2222\nHostKeyAlias Zed\n"
      "IdentityFile ~/%u-%r@%h:%p-%n-%k-%i-%l-%L-%%\nIdentityFile ${KEYS}/%d\nIdentityFile ${NOWHERE}/x\n"
      "UserKnownHostsFile ~/a %d/%k\nProxyCommand nc '%h' %p %r %n %%\n",
      "Foo");
  EXPECT_THAT(config.identity_files,
              ElementsAre("/home/alice/alice-bob@foo.example.org:2222-Foo-zed-1000-desk.example.org-desk-%",
                          "/keys%h//home/alice"));
  EXPECT_TRUE(config.identity_files_given);
  EXPECT_THAT(config.user_known_hosts_files, ElementsAre("/home/alice/a", "/home/alice/zed"));
  EXPECT_EQ(config.proxy_command, "nc 'foo.example.org' 2222 bob Foo %");
}

TEST(ClientConfig, AVariableThatIsNotSetLeavesThePathOutWithANote) {
  ClientConfigReader reader(context_for("foo"), few_algorithms());
  reader.text("IdentityFile ${NOWHERE}/x", "config");
  EXPECT_THAT(reader.finish().identity_files, IsEmpty());
  ASSERT_EQ(reader.notes().size(), 1U);
  EXPECT_EQ(reader.notes()[0].text,
            "IdentityFile: environment variable 'NOWHERE' is not set, in '${NOWHERE}/x'; left out");
}

TEST(ClientConfig, OptionsComeFirst) {
  ClientConfigReader reader(context_for("foo"), few_algorithms());
  reader.option("Port=3");
  reader.option("IdentityFile \"/a b\"");
  reader.option("Tunnel no");
  reader.text("Port 4\nIdentityFile /c\nTunnel yes", "config");
  const auto config = reader.finish();
  EXPECT_EQ(config.port, 3);
  EXPECT_THAT(config.identity_files, ElementsAre("/a b", "/c"));
  EXPECT_EQ(config_error_of([&] { reader.option("Foo=1"); }), "command line: unknown keyword 'Foo'");
  EXPECT_EQ(config_error_of([&] { reader.option("Host=x"); }), "command line: Host belongs into a file");
  EXPECT_EQ(config_error_of([&] { reader.option("Include x"); }), "command line: Include belongs into a file");
}

TEST(ClientConfig, SendEnvHasPatterns) {
  const auto config = read("SendEnv LANG LC_*");
  EXPECT_TRUE(config.sends_env("LC_ALL"));
  EXPECT_FALSE(config.sends_env("LANGUAGE"));
}

class ClientConfigFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "glassh-config-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    home_ = name;
    context_ = context_for("foo");
    context_.home = home_;
    context_.uid = ::getuid();
  }
  void TearDown() override { std::filesystem::remove_all(home_); }
  std::string write(const std::string& name, std::string_view content, unsigned mode = 0600) {
    const auto path = home_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << content;
    std::filesystem::permissions(path, static_cast<std::filesystem::perms>(mode));
    return path;
  }
  LoadedClientConfig load(const std::vector<std::string>& arguments) {
    return load_client_config(parse_client_options(arguments), context_, few_algorithms(), home_ / "etc/ssh_config");
  }
  std::filesystem::path home_;
  ClientContext context_;
};

TEST_F(ClientConfigFiles, TheUsersFileComesBeforeTheSystems) {
  write(".ssh/config", "Port 1\n");
  write("etc/ssh_config", "Port 2\nUser system\nConnectionAttempts 7\n", 0666);
  const auto config = load({"-l", "me", "foo"}).config;
  EXPECT_EQ(config.port, 1);
  EXPECT_EQ(config.user, "me");
  EXPECT_EQ(config.connection_attempts, 7U);
  EXPECT_EQ(load({"-F", "none", "foo"}).config.port, 22);
  EXPECT_EQ(load({"-F", write("mine", "User mine\n", 0666), "foo"}).config.port, 22);
  EXPECT_EQ(load({"-F", write("mine", "User mine\n", 0666), "foo"}).config.user, "mine");
  const auto missing = (home_ / "missing").string();
  EXPECT_EQ(config_error_of([&] { load({"-F", missing, "foo"}); }), missing + ": there is no such file");
}

TEST_F(ClientConfigFiles, MissingFilesAreNoMistake) { EXPECT_EQ(load({"foo"}).config.port, 22); }

TEST_F(ClientConfigFiles, AMissingFileOfTheFlagLeavesTheDefaultKeys) {
  const std::string key = write("key", ""), agents = home_ / "agents", none = home_ / "none";
  write("agents.pub", "");
  EXPECT_THAT(load({"-i", key, "-i", none, "-i", agents, "foo"}).config.identity_files, ElementsAre(key, agents));
  const auto loaded = load({"-i", none, "foo"});
  EXPECT_FALSE(loaded.config.identity_files_given);
  ASSERT_EQ(loaded.notes.size(), 1U);
  EXPECT_EQ(loaded.notes[0].text, "Warning: Identity file " + none + " not accessible: No such file or directory.");
}

TEST_F(ClientConfigFiles, AFileThatOthersMayWriteIsRefused) {
  const auto path = write(".ssh/config", "Port 1\n", 0660);
  EXPECT_EQ(config_error_of([&] { load({"foo"}); }), path + ": bad permissions 0660: others may write it; chmod go-w");
  write(".ssh/config", "Port 1\n", 0602);
  EXPECT_THAT(config_error_of([&] { load({"foo"}); }), HasSubstr("bad permissions 0602"));
  write(".ssh/config", "Port 1\n", 0644);
  EXPECT_EQ(load({"foo"}).config.port, 1);
  context_.uid = ::getuid() + 1;
  if (::getuid() != 0) {
    EXPECT_THAT(config_error_of([&] { load({"foo"}); }), HasSubstr("bad owner"));
  }
  // What the file includes is held to the same.
  context_.uid = ::getuid();
  write(".ssh/config", "Include more\n", 0600);
  write(".ssh/more", "Port 2\n", 0622);
  EXPECT_THAT(config_error_of([&] { load({"foo"}); }), HasSubstr(".ssh/more: bad permissions 0622"));
}

TEST_F(ClientConfigFiles, IncludeStaysInItsHostBlock) {
  write(".ssh/config",
        "Include conf.d/*\nHost bar\nInclude only-bar ~/tilde\nHost foo\nInclude only-foo\nUser after\n");
  write(".ssh/conf.d/a", "Host foo\nServerAliveInterval 1\nHost bar\nServerAliveInterval 2\n");
  write(".ssh/only-bar", "Port 2\nHost foo\nPort 22222\n");
  write(".ssh/only-foo", "Port 3\nHost bar\nPort 4\n");
  write("tilde", "ConnectionAttempts 9\n");
  const auto foo = load({"foo"}).config;
  EXPECT_EQ(foo.port, 3);
  EXPECT_EQ(foo.server_alive_interval_seconds, 1U);
  EXPECT_EQ(foo.connection_attempts, 1U);
  EXPECT_EQ(foo.user, "after");  // the Host lines of an included file end with it
  context_.host = "bar";
  const auto bar = load({"bar"}).config;
  EXPECT_EQ(bar.port, 2);
  EXPECT_EQ(bar.connection_attempts, 9U);
  EXPECT_EQ(bar.user, "alice");
}

TEST_F(ClientConfigFiles, AnIncludeThatNeverEndsIsAnError) {
  const auto path = write(".ssh/config", "Include config\n");
  EXPECT_EQ(config_error_of([&] { load({"foo"}); }), path + ":1: Include: nested more than 16 deep");
}

TEST_F(ClientConfigFiles, DebiansOwnConfigurationLoads) {
  write("etc/ssh_config",
        "\nInclude ssh_config.d/*.conf\n\nHost *\n#   Port 22\n    SendEnv LANG LC_*\n    HashKnownHosts yes\n"
        "    GSSAPIAuthentication yes\n");
  write("etc/ssh_config.d/a.conf", "Port 77\n");
  const auto loaded = load({"foo"});
  EXPECT_TRUE(loaded.config.hash_known_hosts);
  EXPECT_EQ(loaded.config.port, 77);
  ASSERT_EQ(loaded.notes.size(), 1U);
  EXPECT_EQ(loaded.notes[0].level, LogLevel::verbose);
}

TEST_F(ClientConfigFiles, OnlyOneCommandCanRun) {
  write(".ssh/config", "RemoteCommand uptime\n");
  EXPECT_EQ(load({"foo"}).config.remote_command, "uptime");
  EXPECT_EQ(config_error_of([&] {
              load({"foo", "date"});
            }),
            "RemoteCommand is set, and a command was given: only one can run");
  EXPECT_FALSE(load({"-oRemoteCommand=none", "foo", "date"}).config.remote_command);
}

}  // namespace
}  // namespace glassh
