#include "auth/authorized_keys.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/key_lines.h"
#include "test/support/temporary_directory.h"
#include "test/support/test_keys.h"

namespace glassh {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

PublicKey public_key(const std::string& name) { return parse_public_key_line(test_key_text(name + ".pub")).key; }

const std::string ours = public_key("ed25519").line();
const std::string ours_base64 = ours.substr(ours.find(' ') + 1);
const std::string other = public_key("ecdsa").line();
const std::string rsa = public_key("rsa2048").line();

const LoginOrigin origin{"client.example", "192.0.2.1", 1'700'000'000};

AuthorizedKeySearch search_in(std::string_view text) {
  return find_authorized_key(text, Credential(public_key("ed25519")), origin);
}

// [4252-7-2] keeps
TEST(AuthorizedKeys, FindsTheKeyAndSaysWhere) {
  struct Case {
    std::string text;
    std::size_t line;
    std::string comment;
  };
  const Case cases[] = {
      {ours, 1, ""},
      {ours + "\n", 1, ""},
      {ours + " me@home \r\n", 1, "me@home"},
      {"\t" + ours + "  several words\n", 1, "several words"},
      {"# " + ours + "\n\n" + other + " x\n" + ours + " y\n" + ours + " z\n", 4, "y"},
      {"nonsense\n" + rsa + "\nssh-rsa AAAA\n" + ours, 4, ""},
      {"bogus " + ours + "\n" + ours + " free", 2, "free"},
      {"restrict,pty " + ours + " me\n" + ours, 1, "me"},
      {"from=\"10.0.0.0/8\" " + ours + " away\nfrom=\"192.0.2.*\" " + ours + " here", 2, "here"},
      {"expiry-time=\"20200101\" " + ours + "\n" + ours + " later", 2, "later"},
      {R"(command="say \"ssh-rsa\" now",no-pty )" + ours + "\t x", 1, "x"},
      {std::string(1 << 20, 'x') + "\n" + ours, 2, ""},  // past vulnerability 85: it is one line
      {ours + " \x1b]0;title\x07", 1, "?]0;title?"},
  };
  for (const Case& c : cases) {
    const AuthorizedKeySearch search = search_in(c.text);
    SCOPED_TRACE(c.text.substr(0, 200));
    ASSERT_TRUE(search.match);
    EXPECT_EQ(search.match->line, c.line);
    EXPECT_EQ(search.match->comment, c.comment);
  }
}

// [4252-7-2] breaks. Each text has the key, or most of it, and none lets it in.
TEST(AuthorizedKeys, RefusesALineWithItsReason) {
  struct Case {
    std::string line;
    bool has_the_key;
    std::string reason;
  };
  std::string flipped = ours_base64;
  flipped[40] = flipped[40] == 'A' ? 'B' : 'A';
  const Case cases[] = {
      {"cert-authority " + ours, true, "bad options: cert-authority: certificates are not accepted yet"},
      {"bogus " + ours, true, "bad options: unknown option bogus"},
      {"from=\"10.*\" " + ours, true, "the key may be used from \"10.*\" only, not from 192.0.2.1"},
      {"from=\"\" " + ours, true, "bad options: from=\"\": an item is empty"},  // past vulnerability 15
      {"expiry-time=\"20200101Z\" " + ours, true, "the key expired at 2020-01-01T00:00:00Z"},
      {"bogus " + other, false, "unknown option bogus"},
      {"restrict ssh-ed25519 AAAA", false, "type needs 4 bytes"},
      {"restrict ssh-dss AAAAB3NzaC1kc3MAAAAA", false, "keys of type ssh-dss are not supported"},
      {"restrict,x " + ours, true, "unknown option x"},
      {"restrict pty " + ours, false, "begins with neither"},
      // Past vulnerability 85: without its type, a key is none.
      {"restrict " + ours_base64, false, "begins with neither a key type nor options"},
      {"command=\"unclosed " + ours, false, "begins with neither a key type nor options"},
      {ours_base64, false, "begins with neither"},
      {"ssh-ed25519", false, "no key follows"},
      {"ssh-ed25519 " + ours_base64.substr(1), false, "not valid base64"},
      {"ssh-ed25519 " + ours_base64 + "AAAA=", false, "not valid base64"},
      {"ssh-ed25519 =" + ours_base64.substr(1), false, "not valid base64"},
      {"ssh-ed25519 AAAA", false, "type needs 4 bytes"},
      {"ssh-rsa " + ours_base64, false, "the line says ssh-rsa, the key in it ssh-ed25519"},
      {"ssh-dss AAAAB3NzaC1kc3MAAAAA", false, "keys of type ssh-dss are not supported"},
      {"SSH-ED25519 " + ours_base64, false, "begins with neither"},
      {"1024 35 1234567", false, "begins with neither"},
      {"\x1b[2J", false, "?[2J"},
      {std::string(longest_key_line, 'x') + "x " + ours, false, "longer than"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.line.substr(0, 200));
    const AuthorizedKeySearch search = search_in("\n" + c.line + "\n");
    EXPECT_FALSE(search.match);
    ASSERT_EQ(search.refused.size(), 1u);
    EXPECT_EQ(search.lines_refused, 1u);
    EXPECT_EQ(search.refused[0].line, 2u);
    EXPECT_EQ(search.refused[0].has_the_key, c.has_the_key);
    EXPECT_THAT(search.refused[0].reason, HasSubstr(c.reason));
    EXPECT_LT(search.refused[0].reason.size(), 250u);
  }
  // No error, but other keys: nearly ours, and ours with something behind.
  for (const std::string& line : {"ssh-ed25519 " + flipped, "ssh-ed25519 " + ours_base64 + "AAAA", other, rsa}) {
    const AuthorizedKeySearch search = search_in(line);
    EXPECT_FALSE(search.match) << line;
    EXPECT_TRUE(search.refused.empty()) << line;
  }
}

TEST(AuthorizedKeys, KeepsAHundredReasonsAndThoseOfTheKey) {
  std::string text;
  for (int i = 0; i < 10000; ++i) text += "x\n";
  const AuthorizedKeySearch search = search_in(text + "bogus " + ours + "\n");
  EXPECT_EQ(search.refused.size(), 101u);
  EXPECT_EQ(search.lines_refused, 10001u);
  EXPECT_TRUE(search.refused.back().has_the_key);
  EXPECT_EQ(search.refused.back().line, 10001u);
}

// ---------------------------------------------------------------------------------------------------------------------

class StrictModes : public testing::Test {
 protected:
  StrictModes() {
    std::filesystem::create_directory(home_.path(".ssh"));
    home_.set_mode(".ssh", 0700);
    file_ = home_.write(".ssh/authorized_keys", ours + "\n");
  }

  // Both ways to ask must agree.
  std::string problem(std::string path = {}) {
    if (path.empty()) path = file_;
    const std::string refusal = read_authorized_keys(path, home_.path(), geteuid(), true).refusal;
    EXPECT_EQ(check_strict_modes(path, home_.path(), geteuid()).value_or(""), refusal);
    return refusal;
  }

  TemporaryDirectory home_;
  std::string file_;
};

TEST_F(StrictModes, GoodModesAreRead) {
  EXPECT_EQ(problem(), "");
  home_.set_mode("", 0755);
  home_.set_mode(".ssh", 0755);
  home_.set_mode(".ssh/authorized_keys", 0644);
  EXPECT_EQ(problem(), "");
  const AuthorizedKeysFile file = read_authorized_keys(file_, home_.path(), geteuid(), true);
  EXPECT_EQ(file.text, ours + "\n");
  EXPECT_FALSE(file.missing);
}

TEST_F(StrictModes, FileAndDirectoriesMustNotBeWritableByOthers) {
  for (const std::string name : {".ssh/authorized_keys", ".ssh", ""}) {
    const mode_t good = home_.mode(name);
    for (const mode_t bad : {good | 020, good | 002, good | 022, good | 0777}) {
      SCOPED_TRACE(fmt::format("{} {:04o}", name, bad));
      home_.set_mode(name, bad);
      const std::string path = name.empty() ? home_.path() : home_.path(name);
      EXPECT_THAT(problem(),
                  StartsWith(fmt::format("{} has mode {:04o}, may have at most {:04o}", path, bad, bad & ~022u)));
      EXPECT_EQ(read_authorized_keys(file_, home_.path(), geteuid(), true).text, "");
      EXPECT_EQ(read_authorized_keys(file_, home_.path(), geteuid(), false).text, ours + "\n") << "StrictModes no";
    }
    home_.set_mode(name, good);
  }
}

TEST_F(StrictModes, FileAndDirectoriesMustBelongToTheUserOrRoot) {
  if (geteuid() != 0) {  // only root can give a file away, but it is somebody else's for another user
    EXPECT_THAT(check_strict_modes(file_, home_.path(), geteuid() + 1).value_or(""),
                StartsWith(fmt::format("{} belongs to user {}", file_, geteuid())));
    return;
  }
  const std::uint32_t user = 12345;
  const std::uint32_t stranger = 12346;
  for (const std::string& name : {home_.path(), home_.path(".ssh"), file_}) {
    ASSERT_EQ(chown(name.c_str(), user, 0), 0);
    EXPECT_EQ(check_strict_modes(file_, home_.path(), user), std::nullopt) << "root's and the user's";
    ASSERT_EQ(chown(name.c_str(), stranger, 0), 0);
    EXPECT_THAT(check_strict_modes(file_, home_.path(), user).value_or(""),
                StartsWith(name + " belongs to user 12346, must belong to user 12345 or root"));
    ASSERT_EQ(chown(name.c_str(), 0, 0), 0);
  }
}

// What counts is where the link leads.
TEST_F(StrictModes, LinksAreResolvedFirst) {
  std::filesystem::create_directory(home_.path("open"));
  home_.set_mode("open", 0777);
  home_.write("open/keys", ours);
  std::filesystem::create_symlink(home_.path("open/keys"), home_.path("link"));
  EXPECT_THAT(problem(home_.path("link")), StartsWith(home_.path("open") + " has mode 0777"));
  home_.set_mode("open", 0755);
  EXPECT_EQ(problem(home_.path("link")), "");
}

// outer/ may be written by all. That is no matter to what lies below outer/home, where the checks end.
TEST_F(StrictModes, OutsideTheHomeEachDirectoryUpToTheRootCounts) {
  const std::string home = home_.path("outer/home");
  for (const std::string name : {"outer", "outer/home", "outer/etc"}) {
    std::filesystem::create_directory(home_.path(name));
    home_.set_mode(name, 0755);
  }
  const std::string inside = home_.write("outer/home/keys", ours);
  const std::string outside = home_.write("outer/etc/keys", ours);
  home_.set_mode("outer", 0777);
  EXPECT_EQ(check_strict_modes(inside, home, geteuid()), std::nullopt);
  EXPECT_THAT(check_strict_modes(outside, home, geteuid()).value_or(""), StartsWith(home_.path("outer") + " has mode"));
}

TEST_F(StrictModes, MissingFileIsToldFromARefusedOne) {
  const AuthorizedKeysFile missing = read_authorized_keys(home_.path("none"), home_.path(), geteuid(), true);
  EXPECT_TRUE(missing.missing);
  EXPECT_THAT(missing.refusal, StartsWith(home_.path("none") + ": No such file"));
  home_.set_mode(".ssh", 0777);
  EXPECT_FALSE(read_authorized_keys(file_, home_.path(), geteuid(), true).missing);
}

// Past vulnerability 89: a FIFO must not block, nor a device be read without end.
TEST_F(StrictModes, OnlyRegularFilesOfOrdinarySizeAreRead) {
  ASSERT_EQ(mkfifo(home_.path("fifo").c_str(), 0600), 0);
  home_.write("large", std::string((1 << 20) + 1, '\n'));
  for (const std::string& path : {home_.path("fifo"), home_.path(".ssh"), std::string("/dev/zero")}) {
    const AuthorizedKeysFile file = read_authorized_keys(path, home_.path(), geteuid(), false);
    EXPECT_THAT(file.refusal, HasSubstr("not a regular file"));
    EXPECT_FALSE(file.missing);
  }
  EXPECT_THAT(read_authorized_keys(home_.path("large"), home_.path(), geteuid(), false).refusal, HasSubstr("1048576"));
}

}  // namespace
}  // namespace glassh
