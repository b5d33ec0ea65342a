#include "client/tools/copied_keys.h"

#include <filesystem>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/child.h"
#include "client/shell_word.h"
#include "crypto/base64.h"
#include "test/support/temporary_directory.h"
#include "test/support/test_keys.h"

namespace glassh {
namespace {

using testing::HasSubstr;

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string word; in >> word;) out.push_back(word);
  return out;
}

const std::string ed25519 = words(test_key_text("ed25519.pub"))[0] + " " + words(test_key_text("ed25519.pub"))[1];
const std::string ecdsa = words(test_key_text("ecdsa.pub"))[0] + " " + words(test_key_text("ecdsa.pub"))[1];
const std::string foreign = "no-such-type AAAADG5vLXN1Y2gtdHlwZQ==";

std::vector<CopiedKey> keys_of(const std::string& text) {
  TemporaryDirectory home;
  return keys_of_file(home.write("k.pub", text));
}

TEST(CopiedKeys, EveryLineOfAFileIsAKeyWhateverItsType) {
  const auto keys = keys_of("# mine\n" + ed25519 + " me at  home \r\n\n" + foreign + "\n");
  EXPECT_EQ(key_lines(keys), ed25519 + " me at  home\n" + foreign + "\n");
}

TEST(CopiedKeys, WhatIsNoKeyIsNamed) {
  TemporaryDirectory home;
  const std::pair<std::string, std::string> cases[] = {
      {"", ": there is no key in it"},
      {"# " + ed25519, ": there is no key in it"},
      {ed25519 + "\nssh-ed25519\n", ":2: expected a public key"},
      {"command=\"rm\" " + ed25519, ":1: expected a public key"},
      {"-----BEGIN OPENSSH PRIVATE KEY-----\n", ":1: expected a public key"},
      {"ssh-rsa " + words(ed25519)[1], "the line says ssh-rsa, the key in it ssh-ed25519"},
  };
  for (const auto& [text, error] : cases) {
    const std::string path = home.write("k.pub", text);
    try {
      keys_of_file(path);
      ADD_FAILURE() << text;
    } catch (const std::runtime_error& thrown) {
      EXPECT_THAT(thrown.what(), HasSubstr(path));
      EXPECT_THAT(thrown.what(), HasSubstr(error));
    }
  }
}

// An agent's comments may hold anything, and its types come from blobs.
TEST(CopiedKeys, NothingInAKeyBeginsAnotherLine) {
  const auto blob = keys_of(ed25519)[0];
  const std::uint8_t strange[] = {0, 0, 0, 3, 'a', '\n', 'b'};
  const CopiedKey key = copied_key("ssh-ed25519", *base64_decode(blob.encoded), "x\ny\r\x1b[2J\tz");
  EXPECT_EQ(key.line(), ed25519 + " x?y??[2J?z");
  EXPECT_THROW(copied_key("a\nb", strange, ""), std::runtime_error);
  EXPECT_THROW(copied_key("", {}, ""), std::runtime_error);
}

TEST(CopiedKeys, MergingKeepsEveryLineAndAddsNothingTwice) {
  const auto keys = keys_of(ed25519 + " new\n" + ecdsa + "\n");
  struct Case {
    std::string before, after;
    std::size_t added;
  };
  const Case cases[] = {
      {"", ed25519 + " new\n" + ecdsa + "\n", 2},
      {"x y", "x y\n" + ed25519 + " new\n" + ecdsa + "\n", 2},
      {ed25519 + " old\n", ed25519 + " old\n" + ecdsa + "\n", 1},
      {"command=\"x\" " + ed25519, "command=\"x\" " + ed25519 + "\n" + ecdsa + "\n", 1},
      {"# " + ed25519 + "\n" + ecdsa, "# " + ed25519 + "\n" + ecdsa + "\n" + ed25519 + " new\n", 1},
      {ed25519 + "\n" + ecdsa + "\n", ed25519 + "\n" + ecdsa + "\n", 0},
  };
  for (const Case& c : cases) {
    const MergedKeys merged = merge_keys(c.before, keys);
    EXPECT_EQ(merged.text, c.after);
    EXPECT_EQ(merged.added, c.added);
  }
}

// The remote side: a shell, and a home that is the test's.
class InstallCommand : public testing::Test {
 protected:
  // The number that it says it added; -1 if it failed.
  int install(const std::string& keys, const std::string& shell = "/bin/sh") {
    const std::string input = home_.write("input", keys);
    const std::string output = home_.path("output");
    const int status =
        run_child({"/usr/bin/env", "HOME=" + home_.path(), shell, "-c", install_command()}, {input, output, output});
    const auto count = installed_count(home_.read("output"));
    return status == 0 && count ? static_cast<int>(*count) : -1;
  }
  std::string installed() const { return home_.read(".ssh/authorized_keys"); }

  TemporaryDirectory home_;
};

TEST_F(InstallCommand, MakesWhatIsMissingWithTheRightModes) {
  EXPECT_EQ(install(ed25519 + " me\n"), 1);
  EXPECT_EQ(installed(), ed25519 + " me\n");
  EXPECT_EQ(home_.mode(".ssh"), 0700u);
  EXPECT_EQ(home_.mode(".ssh/authorized_keys"), 0600u);
}

TEST_F(InstallCommand, KeepsOtherLinesAndAddsNothingTwice) {
  std::filesystem::create_directory(home_.path(".ssh"));
  home_.set_mode(".ssh", 0777);
  const std::string before =
      "# " + ed25519 + "\nfrom=\"10.*\" " + ecdsa + " old\n\n  x  *  y";  // and no end of the line
  home_.write(".ssh/authorized_keys", before, 0666);
  EXPECT_EQ(install(ed25519 + " a  b\n" + ecdsa + " new\n"), 1);
  EXPECT_EQ(installed(), before + "\n" + ed25519 + " a  b\n");
  EXPECT_EQ(home_.mode(".ssh"), 0700u);
  EXPECT_EQ(home_.mode(".ssh/authorized_keys"), 0600u);
  EXPECT_EQ(install(ed25519 + " a  b\n" + ecdsa + " new\n"), 0);
  EXPECT_EQ(installed(), before + "\n" + ed25519 + " a  b\n");
}

TEST_F(InstallCommand, CommentsRunNothing) {
  const std::string nasty = "'; touch ran; ' \"$(touch ran)\" `touch ran` $HOME \\n %s * ! -e \\";
  EXPECT_EQ(install(ed25519 + " " + nasty + "\n" + ecdsa + " " + nasty + "\n"), 2);
  EXPECT_EQ(installed(), ed25519 + " " + nasty + "\n" + ecdsa + " " + nasty + "\n");
  EXPECT_FALSE(std::filesystem::exists(home_.path("ran")));
}

TEST_F(InstallCommand, SaysWhenItCannotWrite) {
  home_.write(".ssh", "a file where the directory should be");
  EXPECT_EQ(install(ed25519 + "\n"), -1);
  EXPECT_EQ(home_.read(".ssh"), "a file where the directory should be");
}

TEST(InstalledCount, IsTheLastOneSaidAndNeverGuessed) {
  EXPECT_EQ(installed_count("Welcome!\nglassh-copy-id: keys added: 3\n"), 3u);
  EXPECT_EQ(installed_count("glassh-copy-id: keys added: 1\nglassh-copy-id: keys added: 2"), 2u);
  EXPECT_EQ(installed_count("glassh-copy-id: keys added: \n"), std::nullopt);
  EXPECT_EQ(installed_count("glassh-copy-id: keys added: -1\n"), std::nullopt);
  EXPECT_EQ(installed_count("Welcome!\n"), std::nullopt);
}

TEST(ShellWord, MeansItselfToAShell) {
  EXPECT_EQ(shell_word("user@host.example:22"), "user@host.example:22");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("a b"), "'a b'");
  EXPECT_EQ(shell_word("~"), "'~'");
  TemporaryDirectory home;
  const std::string nasty = "'\"$HOME `x` \\ * ; & ! ''\n#";
  EXPECT_EQ(run_child({"/bin/sh", "-c", "printf %s " + shell_word(nasty)}, {"/dev/null", home.path("out"), ""}), 0);
  EXPECT_EQ(home.read("out"), nasty);
}

}  // namespace
}  // namespace glassh
