#include "auth/known_hosts.h"

#include <algorithm>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/key_lines.h"
#include "config/small_file.h"
#include "test/support/temporary_directory.h"
#include "test/support/test_keys.h"

namespace glassh {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

PublicKey public_key(const std::string& name) { return parse_public_key_line(test_key_text(name + ".pub")).key; }

const PublicKey ed25519 = public_key("ed25519");
const PublicKey another_ed25519 = public_key("ed25519_passphrase");
const PublicKey ecdsa = public_key("ecdsa");
const std::string key = ed25519.line();
const std::string another_key = another_ed25519.line();
// A type that we do not have; nothing of it but the name is looked at.
const std::string unknown_type = "ssh-dss AAAAB3NzaC1kc3M=";

std::vector<KnownHostsFile> file(const std::string& text) { return {{"file", text}}; }

std::string status_of(const KnownHostLookup& found) {
  switch (found.status) {
    case KnownHostStatus::match:
      return "match";
    case KnownHostStatus::changed:
      return "changed";
    case KnownHostStatus::revoked:
      return "revoked";
    case KnownHostStatus::unknown:
      return "unknown";
  }
  return "?";
}

// [4251-4.1-5] keeps and breaks: what is remembered is compared on every later connection.
TEST(KnownHosts, KeyIsFoundForItsHostOnly) {
  struct Case {
    std::string names;
    std::string host;
    std::uint16_t port;
    std::string status;
  };
  const Case cases[] = {
      {"example.com", "example.com", 22, "match"},
      {"example.com", "EXAMPLE.com", 22, "match"},
      {"EXAMPLE.com", "example.com", 22, "match"},
      {"example.com", "example.org", 22, "unknown"},
      {"example.com", "www.example.com", 22, "unknown"},
      {"example.com", "example.com.", 22, "unknown"},
      {"a,b,c", "b", 22, "match"},
      {"a,b,c", "a,b", 22, "unknown"},
      {"*.example.com", "www.example.com", 22, "match"},
      {"*.example.com", "example.com", 22, "unknown"},
      {"*.example.com,!www.example.com", "www.example.com", 22, "unknown"},
      {"!www.example.com,*.example.com", "ftp.example.com", 22, "match"},
      {"!www.example.com", "ftp.example.com", 22, "unknown"},
      {"www?.example.com", "www1.example.com", 22, "match"},
      {"10.0.0.*", "10.0.0.7", 22, "match"},
      {"fe80::1%eth0", "fe80::1%eth0", 22, "match"},
      {"[example.com]:2222", "example.com", 2222, "match"},
      {"[example.com]:2222", "example.com", 2223, "unknown"},
      {"[example.com]:2222", "example.com", 22, "unknown"},
      {"[example.com]:22", "example.com", 22, "unknown"},
      {"[*.example.com]:2222", "www.example.com", 2222, "match"},
      {"[::1]:2222", "::1", 2222, "match"},
      {"*", "example.com", 2222, "match"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.names + " for " + c.host);
    const KnownHostLookup found = look_up_host_key(file(c.names + " " + key + "\n"), c.host, c.port, ed25519);
    EXPECT_EQ(status_of(found), c.status);
    EXPECT_THAT(found.bad_lines, IsEmpty());
    EXPECT_FALSE(found.without_port);
  }
}

TEST(KnownHosts, SeveralLinesDecideTogether) {
  struct Case {
    std::string text;
    std::string status;
    std::size_t line;  // that decided
    std::vector<std::string> foreign_types;
  };
  const Case cases[] = {
      {"", "unknown", 0, {}},
      {"h " + key, "match", 1, {}},
      {"# c\n\nh " + key + " comment\n", "match", 3, {}},
      {" \th\t" + key + "\r\n", "match", 1, {}},
      {"h " + another_key, "changed", 1, {}},
      {"h " + another_key + "\nh " + key, "match", 2, {}},
      {"g " + another_key + "\nh " + key, "match", 2, {}},
      {"h " + ecdsa.line(), "changed", 1, {}},
      {"h " + unknown_type, "unknown", 0, {"ssh-dss"}},
      {"h " + unknown_type + "\nh " + ecdsa.line(), "changed", 2, {"ssh-dss"}},
      {"h " + unknown_type + "\nh " + key, "match", 2, {"ssh-dss"}},
      {"h " + ecdsa.line() + "\nh " + another_key, "changed", 2, {}},
      {"h " + another_key + "\nh " + ecdsa.line(), "changed", 1, {}},
      {"h " + ecdsa.line() + "\nh " + key, "match", 2, {}},
      {"@revoked h " + key, "revoked", 1, {}},
      {"h " + key + "\n@revoked h " + key, "revoked", 2, {}},
      {"@revoked * " + key + "\nh " + key, "revoked", 1, {}},
      {"@revoked g " + key + "\nh " + key, "match", 2, {}},
      {"@revoked h " + another_key + "\nh " + key, "match", 2, {}},
      {"@revoked h " + another_key, "unknown", 0, {}},
      {"@cert-authority h " + key, "unknown", 0, {}},
      {"@cert-authority h " + another_key, "unknown", 0, {}},
      {"@cert-authority * " + another_key + "\nh " + key, "match", 2, {}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const KnownHostLookup found = look_up_host_key(file(c.text), "h", 22, ed25519);
    EXPECT_EQ(status_of(found), c.status);
    EXPECT_EQ(found.entry ? found.entry->line : 0, c.line);
    EXPECT_EQ(found.entry ? found.entry->file : "file", "file");
    std::vector<std::string> types;
    for (const KnownHostEntry& entry : found.foreign_keys) types.push_back(entry.type);
    EXPECT_EQ(types, c.foreign_types);
    EXPECT_THAT(found.bad_lines, IsEmpty());
  }
}

TEST(KnownHosts, ChangedNamesTheKeyThatWasExpected) {
  const KnownHostLookup found = look_up_host_key(file("h " + another_key), "h", 22, ed25519);
  ASSERT_TRUE(found.entry && found.entry->key);
  EXPECT_TRUE(*found.entry->key == another_ed25519);
}

TEST(KnownHosts, AllFilesCountAndARevocationInAnyOfThem) {
  const std::vector<KnownHostsFile> files = {{"user", "h " + another_key + "\n"},
                                             {"global", "x " + key + "\nh " + key}};
  const KnownHostLookup found = look_up_host_key(files, "h", 22, ed25519);
  EXPECT_EQ(status_of(found), "match");
  EXPECT_EQ(found.entry->file, "global");
  EXPECT_EQ(found.entry->line, 2u);
  const std::vector<KnownHostsFile> revoking = {{"user", "h " + key}, {"global", "@revoked * " + key}};
  EXPECT_EQ(status_of(look_up_host_key(revoking, "h", 22, ed25519)), "revoked");
}

TEST(KnownHosts, SameKeyOnAnotherPortIsNoStranger) {
  const auto bare = look_up_host_key(file("h " + key), "h", 2222, ed25519);
  EXPECT_EQ(status_of(bare), "match");
  EXPECT_TRUE(bare.without_port);
  EXPECT_EQ(status_of(look_up_host_key(file("h " + another_key), "h", 2222, ed25519)), "unknown")
      << "behind the port may be another machine";
  EXPECT_EQ(status_of(look_up_host_key(file("@revoked h " + key), "h", 2222, ed25519)), "revoked");
  EXPECT_EQ(status_of(look_up_host_key(file("h " + key + "\n[h]:2222 " + another_key), "h", 2222, ed25519)), "changed");
}

// Past vulnerability 69, and more: lines that mean nothing are named, and never match.
TEST(KnownHosts, BadLinesAreReportedAndSkipped) {
  const std::string blob = key.substr(key.find(' ') + 1);
  struct Case {
    std::string line;
    std::string reason;
  };
  const Case cases[] = {
      {"h", "a host name only"},
      {"h ssh-ed25519", "no key after the type"},
      {"h ssh-ed25519 !" + blob.substr(1), "base64"},
      {"h ssh-ed25519 " + blob.substr(4), "key"},
      {"h ssh-rsa " + blob, "the line says ssh-rsa, the key in it ssh-ed25519"},
      {"h ssh-dss " + blob, "the line says ssh-dss"},
      {"h ssh-ed25519 " + base64_encode(Bytes(ed25519.blob()).first(40)), "needs 32 bytes"},
      {"h 1024 35 123456789", "protocol version 1"},
      {"@revoke h " + key, "the marker @revoke is not known"},
      {"@cert-authority @cert-authority h " + key, "more than one marker"},
      {"@cert-authority @revoked g " + key, "more than one marker"},
      {"@revoked,@cert-authority h " + key, "the marker"},
      {"@ h " + key, "the marker @ is not known"},
      {"@revoked", "host name only"},
      {"|1|AAAA h " + key, "hashed"},
      {"|1|AAAA|AAAA " + key, "not two strings of 20 bytes"},
      {"|1||| " + key, "not two strings of 20 bytes"},
      {"|2|AAAA|AAAA " + key, "unknown format"},
      {std::string(longest_key_line + 1, 'h') + " " + key, "longer than"},
      {"h \x1b[2J " + blob, "the line says ?[2J"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.line.substr(0, 100));
    const KnownHostLookup found = look_up_host_key(file("\n" + c.line + "\ng " + key), "h", 22, ed25519);
    EXPECT_EQ(status_of(found), "unknown");
    ASSERT_EQ(found.bad_lines.size(), 1u);
    EXPECT_EQ(found.bad_lines[0].file, "file");
    EXPECT_EQ(found.bad_lines[0].line, 2u);
    EXPECT_THAT(found.bad_lines[0].reason, HasSubstr(c.reason));
    EXPECT_EQ(status_of(look_up_host_key(file(c.line + "\nh " + key), "h", 22, ed25519)), "match") << "the rest counts";
  }
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "x\n";
  EXPECT_EQ(look_up_host_key(file(many), "h", 22, ed25519).bad_lines.size(), 100u);
}

// Past vulnerability 69: neither a second marker nor a wrong type on the line lets a revoked key pass as a known one.
TEST(KnownHosts, ARevokedKeyIsRevokedHoweverBrokenItsLineIs) {
  const std::string blob = key.substr(key.find(' ') + 1);
  struct Case {
    std::string line;
    std::string status;
    std::string reason;  // empty: nothing is wrong with the line
  };
  const Case cases[] = {
      {"@revoked h " + key, "revoked", ""},
      {"@revoked\t h\t" + key, "revoked", ""},
      {"@revoked g,h " + key + " and a comment", "revoked", ""},
      {"@revoked @cert-authority h " + key, "revoked", "more than one marker"},
      {"@cert-authority @revoked h " + key, "revoked", "more than one marker"},
      {"@cert-authority \t @revoked * " + key, "revoked", "more than one marker"},
      {"@revoked @revoked h " + key, "revoked", "more than one marker"},
      {"@marked @revoked h " + key, "revoked", "the marker @marked is not known"},
      {"@revoked @marked h " + key, "revoked", "the marker @marked is not known"},
      {"@revoked h ssh-rsa " + blob, "revoked", "the line says ssh-rsa, the key in it ssh-ed25519"},
      {"@revoked h no-such-type " + blob, "revoked", "the line says no-such-type"},
      {"@revoked h 1 " + blob, "revoked", "protocol version 1"},
      {"@revoked *,!h " + key, "match", ""},
      {"@revoked @cert-authority g " + key, "match", "more than one marker"},
      {"@revoked h " + another_key, "match", ""},
      {"@revoked h ssh-ed25519", "match", "no key after the type"},
      {"@revoked |1|x|y " + key, "match", "not two strings of 20 bytes"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.line);
    for (const bool first : {true, false}) {
      const std::string known = "h " + key + "\n";
      const auto found = look_up_host_key(file(first ? c.line + "\n" + known : known + c.line), "h", 22, ed25519);
      EXPECT_EQ(status_of(found), c.status);
      ASSERT_EQ(found.bad_lines.size(), c.reason.empty() ? 0u : 1u);
      EXPECT_THAT(c.reason.empty() ? std::string() : found.bad_lines[0].reason, HasSubstr(c.reason));
      const std::vector<KnownHostsFile> files = {{"first", known}, {"second", c.line}};
      EXPECT_EQ(status_of(look_up_host_key(files, "h", 22, ed25519)), c.status) << "in another file";
    }
  }
}

TEST(KnownHosts, AuthoritiesAreNotedAndCountForNothing) {
  const auto found =
      look_up_host_key(file("@cert-authority *.example " + key + "\n@cert-authority h,*.example not-even a-key\n" +
                            "@cert-authority g " + another_key),
                       "h.example", 22, ed25519);
  EXPECT_EQ(status_of(found), "unknown");
  ASSERT_EQ(found.authorities.size(), 2u);
  EXPECT_EQ(found.authorities[1].line, 2u);
  EXPECT_THAT(found.bad_lines, IsEmpty());
}

TEST(KnownHosts, NamesOfAKeyAreThoseOfAllItsLines) {
  const std::string hashed = "|1|TNLa2ftfjI2KMgFaGZs767b08/U=|co4b6WS3qCXIWapKw+awx7f9LzU=";
  const std::vector<KnownHostsFile> files = {
      {"one",
       "# c\na,b " + key + "\nc " + another_key + "\n@revoked d " + key + "\n@cert-authority e " + key + "\nbroken\n"},
      {"two", hashed + " " + key + "\nf ssh-rsa " + key.substr(key.find(' ') + 1) + "\n[g]:2222 " + key}};
  std::vector<std::string> names;
  for (const KnownHostNames& each : names_of_key(files, ed25519)) {
    names.push_back(each.file + ":" + std::to_string(each.line) + ": " + each.names);
  }
  EXPECT_THAT(names, ElementsAre("one:2: a,b", "two:1: ", "two:3: [g]:2222"));
  EXPECT_THAT(names_of_key(files, ecdsa), IsEmpty());
}

// Past vulnerability 96, from a file this time.
TEST(KnownHosts, PatternsTakeNoExponentialTime) {
  std::string names;
  for (int i = 0; i < 300; ++i) names += "*a";
  const auto found = look_up_host_key(file(names + "b " + key), std::string(1000, 'a'), 22, ed25519);
  EXPECT_EQ(status_of(found), "unknown");
}

TEST(KnownHosts, KnownTypesAreListedOnceInTheirOrder) {
  const std::string text = "h " + ecdsa.line() + "\nh " + unknown_type + "\nh " + ecdsa.line() + "\ng " + key +
                           "\n@revoked h " + key + "\n@cert-authority h " + key + "\n[h]:2222 " + key + "\n";
  EXPECT_THAT(known_key_types(file(text), "h", 22), ElementsAre("ecdsa-sha2-nistp256", "ssh-dss"));
  EXPECT_THAT(known_key_types(file(text), "H", 2222), ElementsAre("ssh-ed25519"));
  EXPECT_THAT(known_key_types(file(text), "h", 2223), ElementsAre("ecdsa-sha2-nistp256", "ssh-dss"));
  EXPECT_THAT(known_key_types(file(text), "x", 22), IsEmpty());
}

// What `ssh-keygen -H` made of "example.com" and "[example.com]:2222" (OpenSSH 9.2).
TEST(KnownHosts, ReadsNamesThatOpensshHashed) {
  const std::string bare = "|1|TNLa2ftfjI2KMgFaGZs767b08/U=|co4b6WS3qCXIWapKw+awx7f9LzU=";
  const std::string with_port = "|1|okYzg2ibc/6mbgLQuKxN6E1jBq4=|Zb8VWxJMYETJstEWfZUbglwWEOc=";
  EXPECT_EQ(status_of(look_up_host_key(file(bare + " " + key), "Example.COM", 22, ed25519)), "match");
  EXPECT_EQ(status_of(look_up_host_key(file(bare + " " + key), "example.org", 22, ed25519)), "unknown");
  EXPECT_EQ(status_of(look_up_host_key(file(with_port + " " + key), "example.com", 2222, ed25519)), "match");
  EXPECT_EQ(status_of(look_up_host_key(file(with_port + " " + key), "example.com", 22, ed25519)), "unknown");
  EXPECT_EQ(status_of(look_up_host_key(file("@revoked " + bare + " " + key), "example.com", 22, ed25519)), "revoked");
}

TEST(KnownHosts, WritesLinesThatItFindsAgain) {
  SeededRng rng(11);
  struct Case {
    std::string host;
    std::uint16_t port;
    std::string plain;
  };
  const Case cases[] = {
      {"Example.com", 22, "example.com " + key},
      {"example.com", 2222, "[example.com]:2222 " + key},
      {"10.1.2.3", 22, "10.1.2.3 " + key},
      {"::1", 22, "::1 " + key},
      {"fe80::1%eth0", 2222, "[fe80::1%eth0]:2222 " + key},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(known_hosts_line(c.host, c.port, ed25519, nullptr), c.plain);
    const std::string hashed = known_hosts_line(c.host, c.port, ed25519, &rng);
    EXPECT_NE(hashed, known_hosts_line(c.host, c.port, ed25519, &rng)) << "each line has its own salt";
    EXPECT_THAT(hashed, Not(HasSubstr(c.host)));
    for (const std::string& line : {c.plain, hashed}) {
      EXPECT_EQ(status_of(look_up_host_key(file(line), c.host, c.port, ed25519)), "match") << line;
      EXPECT_EQ(status_of(look_up_host_key(file(line), "x" + c.host, c.port, ed25519)), "unknown") << line;
    }
  }
}

// Whoever can choose the host name must not write patterns, other hosts or other lines.
TEST(KnownHosts, HostsThatMeanSomethingInTheFileAreNotWritten) {
  TemporaryDirectory directory;
  for (const std::string& host :
       {std::string(), std::string("*"), std::string("a*"), std::string("a?"), std::string("a,b"), std::string("!a"),
        std::string("|1|a|b"), std::string("#a"), std::string("@revoked"), std::string("a b"), std::string("a\tb"),
        std::string("a\nb"), std::string("a\0b", 3), std::string("[a]:1")}) {
    EXPECT_THROW(known_hosts_line(host, 22, ed25519, nullptr), std::invalid_argument) << host;
    EXPECT_THROW(add_known_host(directory.path("known_hosts"), host, 22, ed25519, nullptr), std::invalid_argument);
  }
  EXPECT_FALSE(std::filesystem::exists(directory.path("known_hosts")));
}

TEST(KnownHosts, AddsToTheEndAndMakesWhatIsMissing) {
  TemporaryDirectory home;
  const std::string path = home.path(".ssh/known_hosts");
  EXPECT_EQ(read_known_hosts(path).text, "");
  const mode_t old_umask = umask(0);
  add_known_host(path, "a", 22, ed25519, nullptr);
  umask(old_umask);
  EXPECT_EQ(home.mode(".ssh"), 0700u);
  EXPECT_EQ(home.mode(".ssh/known_hosts"), 0600u);
  add_known_host(path, "b", 2222, ecdsa, nullptr);
  EXPECT_EQ(read_known_hosts(path).text, "a " + key + "\n[b]:2222 " + ecdsa.line() + "\n");

  // Somebody's editor left the last line without an end.
  home.write(".ssh/known_hosts", "x " + another_key, 0644);
  add_known_host(path, "a", 22, ed25519, nullptr);
  EXPECT_EQ(home.read(".ssh/known_hosts"), "x " + another_key + "\na " + key + "\n");
  EXPECT_EQ(home.mode(".ssh/known_hosts"), 0644u) << "an existing file keeps its mode";
  const std::vector<KnownHostsFile> files = {read_known_hosts(path)};
  EXPECT_EQ(status_of(look_up_host_key(files, "x", 22, another_ed25519)), "match");
  EXPECT_EQ(status_of(look_up_host_key(files, "a", 22, ed25519)), "match");
}

TEST(KnownHosts, SeveralNamesOfAHostStandInOneLineOrHaveAHashEach) {
  TemporaryDirectory home;
  SeededRng rng(11);
  const HostAndPort names[] = {{"Host", 2222}, {"10.0.0.1", 22}};
  add_known_host(home.path("plain"), names, ed25519, nullptr);
  EXPECT_EQ(home.read("plain"), "[host]:2222,10.0.0.1 " + key + "\n");
  add_known_host(home.path("hashed"), names, ed25519, &rng);
  const std::string hashed = home.read("hashed");
  EXPECT_EQ(std::count(hashed.begin(), hashed.end(), '\n'), 2);
  EXPECT_EQ(status_of(look_up_host_key(file(hashed), "host", 2222, ed25519)), "match");
  EXPECT_EQ(status_of(look_up_host_key(file(hashed), "10.0.0.1", 22, ed25519)), "match");
}

TEST(KnownHosts, ParallelAddsDoNotMix) {
  constexpr int writers = 8;
  constexpr int each = 25;
  TemporaryDirectory home;
  home.write("known_hosts", "first " + another_key);  // and no end of the line
  std::vector<std::thread> threads;
  for (int writer = 0; writer < writers; ++writer) {
    threads.emplace_back([&home, writer] {
      for (int i = 0; i < each; ++i) {
        add_known_host(home.path("known_hosts"), "w" + std::to_string(writer * each + i), 22, ed25519, nullptr);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::vector<KnownHostsFile> files = {read_known_hosts(home.path("known_hosts"))};
  EXPECT_EQ(status_of(look_up_host_key(files, "first", 22, another_ed25519)), "match");
  for (int i = 0; i < writers * each; ++i) {
    const auto found = look_up_host_key(files, "w" + std::to_string(i), 22, ed25519);
    EXPECT_EQ(status_of(found), "match") << i;
    EXPECT_THAT(found.bad_lines, IsEmpty());
  }
}

TEST(KnownHosts, FilesThatCannotBeReadAreErrors) {
  TemporaryDirectory home;
  ASSERT_EQ(mkfifo(home.path("fifo").c_str(), 0600), 0);
  EXPECT_THROW(read_known_hosts(home.path("fifo")), FileError);
  EXPECT_THROW(read_known_hosts(home.path()), FileError);
  EXPECT_THROW(add_known_host(home.path("fifo"), "a", 22, ed25519, nullptr), FileError);
  EXPECT_THROW(add_known_host(home.path("no/such/known_hosts"), "a", 22, ed25519, nullptr), FileError);
  EXPECT_EQ(read_known_hosts(home.path("none")).text, "");
}

}  // namespace
}  // namespace glassh
