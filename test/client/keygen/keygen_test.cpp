// What conformance/keys/keygen_test.py cannot do, because it would need another home directory: the files in ~/.ssh.
#include "client/keygen/keygen.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "test/support/temporary_directory.h"

namespace glassh {
namespace {

using testing::HasSubstr;

// Runs in a home directory of its own; there is no terminal, and standard input has what `input` says.
class KeygenTest : public testing::Test {
 protected:
  int run(const std::vector<std::string>& arguments, std::string_view input = "") {
    const int kept = dup(STDIN_FILENO);
    EXPECT_NE(std::freopen(home.write("input", input).c_str(), "r", stdin), nullptr);
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    KeygenContext context{home.path(), "me@here",
                          Asker(
                              {}, [](const std::string&) {}, "/nonexistent/tty"),
                          rng};
    int status = 0;
    try {
      status = run_keygen(parse_keygen_options(arguments), context);
    } catch (const KeygenFailure& failure) {
      status = failure.status();
      error = failure.what();
    }
    out = testing::internal::GetCapturedStdout();
    err = testing::internal::GetCapturedStderr();
    dup2(kept, STDIN_FILENO);
    close(kept);
    return status;
  }

  TemporaryDirectory home;
  SystemRng rng;
  std::string out, err, error;
};

TEST_F(KeygenTest, TheUsualPlaceIsMadeIfNeedBe) {
  EXPECT_EQ(run({}, "\n\n\n"), 0) << error;
  EXPECT_EQ(home.mode(".ssh"), 0700u);
  EXPECT_EQ(home.mode(".ssh/id_ed25519"), 0600u);
  EXPECT_EQ(home.mode(".ssh/id_ed25519.pub"), 0644u);
  EXPECT_THAT(err, HasSubstr("Created directory '" + home.path(".ssh") + "'."));
  EXPECT_THAT(out, HasSubstr("Enter file in which to save the key (" + home.path(".ssh/id_ed25519") + "): "));
  EXPECT_EQ(load_private_key(home.path(".ssh/id_ed25519")).comment, "me@here");
}

TEST_F(KeygenTest, EachTypeHasItsFile) {
  EXPECT_EQ(run({"-q", "-N", "", "-t", "ecdsa"}, "\n"), 0) << error;
  EXPECT_EQ(run({"-q", "-N", "", "-t", "rsa", "-b", "2048"}, "\n"), 0) << error;
  EXPECT_EQ(load_private_key(home.path(".ssh/id_ecdsa")).key.public_key().short_type(), "ECDSA");
  EXPECT_EQ(load_private_key(home.path(".ssh/id_rsa")).key.public_key().bits(), 2048u);
  EXPECT_THAT(out, Not(HasSubstr("fingerprint")));
}

TEST_F(KeygenTest, AnotherDirectoryIsNotMade) {
  EXPECT_EQ(run({"-q", "-N", "", "-f", home.path("other/id")}), 1);
  EXPECT_THAT(error, HasSubstr("Saving key \"" + home.path("other/id") + "\" failed"));
  EXPECT_FALSE(std::filesystem::exists(home.path("other")));
}

TEST_F(KeygenTest, WithoutAnAnswerNothingIsReplaced) {
  home.write("id", "precious");
  for (const std::string answer : {"", "n\n", "no\n", "\n", "x\n"}) {
    EXPECT_EQ(run({"-N", "", "-f", home.path("id")}, answer), 1) << answer;
    EXPECT_EQ(home.read("id"), "precious") << answer;
  }
  EXPECT_EQ(run({"-N", "", "-f", home.path("id")}, "yes\n"), 0) << error;
  EXPECT_NO_THROW(load_private_key(home.path("id")));
}

// Who hangs up between the two questions would get a key without a passphrase.
TEST_F(KeygenTest, APassphraseThatIsNotRepeatedMakesNoKey) {
  EXPECT_EQ(run({"-f", home.path("id")}, "secret\n"), 1);
  EXPECT_FALSE(std::filesystem::exists(home.path("id")));
  EXPECT_EQ(run({"-a", "1", "-f", home.path("id")}, "secret\nsecret\n"), 0) << error;
  EXPECT_THROW(load_private_key(home.path("id")), KeyFileError);
  const SecretBytes passphrase(bytes_of("secret"));
  EXPECT_NO_THROW(load_private_key(home.path("id"), &passphrase));
}

// Whoever encrypts a key by its other name must not leave it open under its own.
TEST_F(KeygenTest, ThroughALinkTheKeyItselfChanges) {
  EXPECT_EQ(run({"-q", "-N", "", "-C", "old", "-f", home.path("key")}), 0) << error;
  std::filesystem::create_symlink("key", home.path("link"));
  EXPECT_EQ(run({"-c", "-C", "new", "-f", home.path("link")}), 0) << error;
  EXPECT_EQ(load_private_key(home.path("key")).comment, "new");
  EXPECT_EQ(run({"-p", "-N", "secret", "-f", home.path("link")}), 0) << error;
  EXPECT_THROW(load_private_key(home.path("key")), KeyFileError);
  EXPECT_TRUE(std::filesystem::is_symlink(home.path("link")));
}

TEST_F(KeygenTest, FingerprintsHaveTheCommentInTheKeyIfTheFileIsAlone) {
  EXPECT_EQ(run({"-q", "-N", "", "-C", "mine", "-f", home.path("key")}), 0) << error;
  std::filesystem::remove(home.path("key.pub"));
  EXPECT_EQ(run({"-l", "-f", home.path("key")}), 0) << error;
  EXPECT_THAT(out, HasSubstr(" mine (ED25519)"));
  EXPECT_EQ(run({"-p", "-N", "secret", "-f", home.path("key")}), 0) << error;
  EXPECT_EQ(run({"-l", "-f", home.path("key")}), 0) << error;
  EXPECT_THAT(out, HasSubstr(" no comment (ED25519)"));
}

TEST_F(KeygenTest, KnownHostsAreThoseOfTheHome) {
  EXPECT_EQ(run({"-F", "example.com"}), 255);
  EXPECT_EQ(error, "Cannot stat " + home.path(".ssh/known_hosts") + ": No such file or directory");
  ASSERT_EQ(run({"-q", "-N", "", "-f", home.path("id")}), 0);
  std::filesystem::create_directory(home.path(".ssh"));
  home.write(".ssh/known_hosts", "example.com " + home.read("id.pub"));
  EXPECT_EQ(run({"-F", "example.com"}), 0);
  EXPECT_THAT(out, HasSubstr("# Host example.com found: line 1"));
  EXPECT_EQ(run({"-R", "example.com"}), 0) << error;
  EXPECT_EQ(home.read(".ssh/known_hosts"), "");
}

}  // namespace
}  // namespace glassh
