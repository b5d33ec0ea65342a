#include "client/keygen/keygen_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glassh {
namespace {

using Action = KeygenOptions::Action;
using testing::HasSubstr;

KeygenOptions parsed(const std::vector<std::string>& arguments) { return parse_keygen_options(arguments); }

TEST(KeygenOptions, EachActionHasItsFlag) {
  const std::vector<std::pair<std::vector<std::string>, Action>> cases = {
      {{}, Action::generate},
      {{"-p"}, Action::change_passphrase},
      {{"-c"}, Action::change_comment},
      {{"-y"}, Action::print_public},
      {{"-l"}, Action::fingerprint},
      {{"-e"}, Action::export_public},
      {{"-x"}, Action::export_public},
      {{"-i"}, Action::import_public},
      {{"-X"}, Action::import_public},
      {{"-F", "h"}, Action::find_host},
      {{"-H"}, Action::hash_hosts},
      {{"-R", "h"}, Action::remove_host},
      {{"-A"}, Action::host_keys},
      {{"-r", "h"}, Action::dns_records},
      {{"--password", "u"}, Action::password_line},
      {{"--help"}, Action::help},
      // As ssh-keygen decides between several.
      {{"-l", "-F", "h"}, Action::find_host},
      {{"-H", "-F", "h"}, Action::find_host},
      {{"-F", "h", "-R", "i"}, Action::remove_host},
      {{"-y", "-l"}, Action::fingerprint},
      {{"-N", "", "-p", "-l"}, Action::fingerprint},
  };
  for (const auto& [arguments, action] : cases) {
    EXPECT_EQ(parsed(arguments).action, action) << testing::PrintToString(arguments);
  }
}

TEST(KeygenOptions, TakesItsValues) {
  const KeygenOptions options = parsed({"-t",  "RSA",       "-b4096", "-f",  "file",
                                        "-C",  "a comment", "-N",     "new", "-P",
                                        "old", "-m",        "pkcs8",  "-Z",  "aes128-gcm@openssh.com",
                                        "-a",  "100",       "-E",     "MD5", "-vv",
                                        "-q",  "-o"});
  EXPECT_EQ(options.type, "ssh-rsa");
  EXPECT_EQ(options.bits, 4096u);
  EXPECT_EQ(options.file, "file");
  EXPECT_EQ(options.comment, "a comment");
  EXPECT_EQ(text_of(options.new_passphrase.value().reveal()), "new");
  EXPECT_EQ(text_of(options.passphrase.value().reveal()), "old");
  EXPECT_EQ(options.private_format, PrivateKeyFormat::pkcs8);
  EXPECT_EQ(options.public_format, PublicKeyFormat::pkcs8);
  EXPECT_EQ(options.cipher, "aes128-gcm@openssh.com");
  EXPECT_EQ(options.rounds, 100u);
  EXPECT_EQ(options.hash, HashName::md5);
  EXPECT_EQ(options.verbose, 2);
  EXPECT_TRUE(options.quiet);
  EXPECT_EQ(parsed({}).type, "ssh-ed25519");
  EXPECT_EQ(parsed({"-b", "2048", "-t", "rsa"}).bits, 2048u) << "-b may come first";
  EXPECT_EQ(parsed({"-b", "100", "-t", "ed25519"}).bits, 100u) << "and means nothing here";
}

TEST(KeygenOptions, AWrongValueSaysWhatWouldBeRight) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"-t", "foo"}, "unknown key type foo"},
      {{"-t", "dsa"}, "keys of type dsa are not supported"},
      {{"-b", "x"}, "Bits has bad value x"},
      {{"-b", "-1"}, "Bits has bad value -1"},
      {{"-t", "rsa", "-b", "1024"}, "minimum is 2048"},
      {{"-t", "rsa", "-b", "16385"}, "maximum is 16384"},
      {{"-t", "ecdsa", "-b", "255"}, "valid lengths are"},
      {{"-E", "sha3"}, "Invalid hash algorithm \"sha3\""},
      {{"-m", "X"}, "Unsupported conversion format \"X\""},
      {{"-Z", "none"}, "Invalid OpenSSH-format cipher 'none'"},
      {{"-a", "0"}, "0 (too small)"},
      {{"-a", "1x"}, "1x (invalid)"},
      {{"-a", "10001"}, "10000 rounds are the limit"},
      {{"-C", "two\nlines"}, "control characters"},
  };
  for (const auto& [arguments, text] : cases) {
    SCOPED_TRACE(testing::PrintToString(arguments));
    try {
      parsed(arguments);
      ADD_FAILURE();
    } catch (const KeygenValueError& error) {
      EXPECT_THAT(error.what(), HasSubstr(text));
    }
  }
}

TEST(KeygenOptions, WrongUseIsToldFromAWrongValue) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{{"-W"},
                                                                                         {"-f"},
                                                                                         {"word"},
                                                                                         {"-p", "-c"},
                                                                                         {"-l", "-H"},
                                                                                         {"-l", "-R", "h"},
                                                                                         {"-s", "ca"},
                                                                                         {"-Y", "sign"},
                                                                                         {"-L"},
                                                                                         {"--nonsense"}}) {
    EXPECT_THROW(parsed(arguments), UsageError) << testing::PrintToString(arguments);
  }
}

}  // namespace
}  // namespace glassh
