#include "client/host_key_check.h"

#include <deque>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "crypto/keys/randomart.h"
#include "test/support/temporary_directory.h"

namespace glassh {
namespace {

namespace asio = boost::asio;
using Action = HostKeyAction;
using Strict = StrictHostKeyChecking;
using Status = KnownHostStatus;
using testing::HasSubstr;

const std::string foreign_key = "no-such-type AAAADG5vLXN1Y2gtdHlwZQ==";

TEST(JudgeHostKey, FollowsTheTable) {
  struct Case {
    Status status;
    Strict strict;
    Action with_user, without_user;
  };
  const Case cases[] = {
      {Status::match, Strict::yes, Action::accept, Action::accept},
      {Status::match, Strict::ask, Action::accept, Action::accept},
      {Status::match, Strict::accept_new, Action::accept, Action::accept},
      {Status::match, Strict::no, Action::accept, Action::accept},
      {Status::unknown, Strict::yes, Action::refuse, Action::refuse},  // [4251-4.1-7] keeps
      {Status::unknown, Strict::ask, Action::ask, Action::refuse},     // [4251-4.1-4] keeps
      {Status::unknown, Strict::accept_new, Action::remember, Action::remember},
      {Status::unknown, Strict::no, Action::remember, Action::remember},
      {Status::changed, Strict::yes, Action::refuse, Action::refuse},
      {Status::changed, Strict::ask, Action::refuse, Action::refuse},
      {Status::changed, Strict::accept_new, Action::refuse, Action::refuse},
      {Status::changed, Strict::no, Action::accept_with_alarm, Action::accept_with_alarm},
      {Status::revoked, Strict::yes, Action::refuse, Action::refuse},
      {Status::revoked, Strict::ask, Action::refuse, Action::refuse},
      {Status::revoked, Strict::accept_new, Action::refuse, Action::refuse},
      {Status::revoked, Strict::no, Action::refuse, Action::refuse},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(judge_host_key(c.status, c.strict, true, true), c.with_user);
    EXPECT_EQ(judge_host_key(c.status, c.strict, false, true), c.without_user);
    // What could not be read may know the host: "new" is not certain, and nothing else changes.
    const bool new_only = c.status == Status::unknown && c.strict == Strict::accept_new;
    EXPECT_EQ(judge_host_key(c.status, c.strict, true, false), new_only ? Action::refuse : c.with_user);
    EXPECT_EQ(judge_host_key(c.status, c.strict, false, false), new_only ? Action::refuse : c.without_user);
  }
  EXPECT_EQ(ClientConfig().strict_host_key_checking, Strict::ask);  // [4251-4.1-4] out of the box
}

class HostKeyCheckTest : public testing::Test {
 protected:
  HostKeyCheckTest() {
    log_.use_file(home_.path("log"));
    config_.host_name = "example.com";
    config_.port = 2222;
    config_.user_known_hosts_files = {known_hosts()};
    config_.host_key_algorithms = {"ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256"};
  }

  std::string known_hosts() const { return home_.path("known_hosts"); }
  std::string remembered() const { return std::filesystem::exists(known_hosts()) ? home_.read("known_hosts") : ""; }
  std::string logged() const { return home_.read("log"); }
  bool logged(std::string_view text) const { return logged().find(text) != std::string::npos; }
  void know(const std::string& line) { std::ofstream(known_hosts(), std::ios::app) << line << "\n"; }

  HostKeyCheck check(AskUser ask = {}) { return HostKeyCheck(config_, address_, log_, rng_, std::move(ask)); }
  // Runs the whole check; the user gives `answers`, and nothing (end of file) after them.
  bool accepts(const PublicKey& key, std::deque<std::string> answers) {
    return run(key, [&](std::string question) -> asio::awaitable<std::optional<std::string>> {
      questions_.push_back(std::move(question));
      if (answers.empty()) co_return std::nullopt;
      std::string answer = answers.front();
      answers.pop_front();
      co_return answer;
    });
  }
  bool accepts_unattended(const PublicKey& key) { return run(key, {}); }

  SeededRng rng_{11};
  const PublicKey key_ = PrivateKey::generate("ssh-ed25519", rng_).public_key();
  const PublicKey other_ = PrivateKey::generate("ssh-ed25519", rng_).public_key();
  const PublicKey ecdsa_ = PrivateKey::generate("ecdsa-sha2-nistp256", rng_).public_key();
  TemporaryDirectory home_;
  ClientLog log_;
  ClientConfig config_;
  std::optional<std::string> address_ = "192.0.2.1";
  std::vector<std::string> questions_;
  bool unsafe_ = false;

 private:
  bool run(const PublicKey& key, AskUser ask) {
    HostKeyCheck checked = check(std::move(ask));
    asio::io_context io;
    bool accepted = false;
    asio::co_spawn(io, checked.accepts(Credential(key)), [&](std::exception_ptr error, bool result) {
      EXPECT_FALSE(error);
      accepted = result;
    });
    io.run();
    unsafe_ = checked.unsafe();
    return accepted;
  }
};

TEST_F(HostKeyCheckTest, AFirstContactIsAsked) {  // [4251-4.1-4] keeps, [4251-4.1-6]
  struct Case {
    std::deque<std::string> answers;
    bool accepted;
    std::size_t questions;
  };
  const std::string fingerprint = key_.fingerprint();
  const Case cases[] = {
      {{"yes"}, true, 1}, {{" YES \r"}, true, 1}, {{fingerprint}, true, 1}, {{"maybe", "y", "yes"}, true, 3},
      {{"no"}, false, 1}, {{""}, false, 1},       {{}, false, 1},           {{other_.fingerprint(), "no"}, false, 2},
  };
  for (const Case& c : cases) {
    questions_.clear();
    std::filesystem::remove(known_hosts());
    EXPECT_EQ(accepts(key_, c.answers), c.accepted);
    EXPECT_EQ(questions_.size(), c.questions);
    EXPECT_EQ(remembered(), c.accepted ? "[example.com]:2222 " + key_.line() + "\n" : "");
  }
  EXPECT_EQ(questions_[0],
            "The authenticity of host '[example.com]:2222 ([192.0.2.1]:2222)' can't be established.\n"
            "ED25519 key fingerprint is " +
                fingerprint +
                ".\n"
                "This key is not known by any other names.\n"
                "Are you sure you want to continue connecting (yes/no/[fingerprint])? ");
  EXPECT_EQ(questions_[1], "Please type 'yes', 'no' or the fingerprint: ");
}

TEST_F(HostKeyCheckTest, AKeyIsRememberedAndComparedLater) {  // [4251-4.1-5] keeps
  config_.strict_host_key_checking = Strict::accept_new;
  EXPECT_TRUE(accepts_unattended(key_));
  EXPECT_TRUE(logged("Warning: Permanently added '[example.com]:2222' (ED25519) to the list of known hosts."));
  config_.strict_host_key_checking = Strict::yes;
  EXPECT_TRUE(accepts_unattended(key_));
  EXPECT_FALSE(accepts_unattended(other_));
}

TEST_F(HostKeyCheckTest, AChangedKeyIsRefusedLoudly) {  // [4251-9.3.4-1] [4251-9.3.4-2] keeps, [4251-4.1-5] breaks
  know("# a comment");
  know("[example.com]:2222 " + other_.line());
  EXPECT_FALSE(accepts(key_, {"yes"}));
  EXPECT_TRUE(questions_.empty());
  EXPECT_TRUE(logged("WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!"));
  EXPECT_TRUE(logged(key_.fingerprint()));
  EXPECT_TRUE(logged("Offending ED25519 key in " + known_hosts() + ":2\n"));
  EXPECT_TRUE(logged("Host key for [example.com]:2222 has changed and you have requested strict checking.\n"));
  EXPECT_TRUE(logged("Host key verification failed.\n"));
}

TEST_F(HostKeyCheckTest, AChangedKeyWithoutCheckingIsAlarmingButNotRemembered) {
  const std::string line = "[example.com]:2222 " + other_.line();
  know(line);
  config_.strict_host_key_checking = Strict::no;
  EXPECT_TRUE(accepts_unattended(key_));
  EXPECT_TRUE(logged("WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!"));
  EXPECT_EQ(remembered(), line + "\n");
  EXPECT_TRUE(unsafe_) << "no password may go there";
  EXPECT_TRUE(
      logged("\nPassword authentication is disabled to avoid man-in-the-middle attacks.\n"
             "Keyboard-interactive authentication is disabled to avoid man-in-the-middle attacks.\n"));
  EXPECT_TRUE(accepts_unattended(other_));
  EXPECT_FALSE(unsafe_);
}

TEST_F(HostKeyCheckTest, ARevokedKeyIsNeverAccepted) {
  know("[example.com]:2222 " + key_.line());
  know("@revoked * " + key_.line());
  config_.strict_host_key_checking = Strict::no;
  EXPECT_FALSE(accepts_unattended(key_));
  EXPECT_TRUE(logged("WARNING: REVOKED HOST KEY DETECTED!"));
}

TEST_F(HostKeyCheckTest, WithoutSomebodyToAskAnUnknownKeyIsRefused) {
  EXPECT_FALSE(accepts_unattended(key_));
  EXPECT_TRUE(logged("No ED25519 host key is known for [example.com]:2222 and there is nobody to ask.\n"));
  EXPECT_FALSE(std::filesystem::exists(known_hosts()));
}

TEST_F(HostKeyCheckTest, AnUnknownKeyInsteadOfAKnownOneOfAnotherTypeIsAChange) {
  know("[example.com]:2222 " + ecdsa_.line());
  EXPECT_FALSE(accepts(key_, {"yes"}));
  EXPECT_TRUE(questions_.empty());
  EXPECT_TRUE(logged("Offending ECDSA key in " + known_hosts() + ":1\n"));
}

// It may be the host's only other key, and then somebody else's answer would be the first that we can check.
TEST_F(HostKeyCheckTest, AKnownKeyThatCannotBeCheckedIsMentionedAndMakesTheHostNotNew) {
  know("[example.com]:2222 " + foreign_key);
  EXPECT_FALSE(accepts(key_, {"no"}));
  ASSERT_EQ(questions_.size(), 1u);
  EXPECT_THAT(questions_[0], HasSubstr("can't be established, but keys of other types are known for it:\n    " +
                                       known_hosts() + ":1: no-such-type, which glassh cannot check\n"));
  config_.strict_host_key_checking = Strict::accept_new;
  EXPECT_FALSE(accepts_unattended(key_));
  EXPECT_TRUE(logged(known_hosts() + ":1: a key of type no-such-type is known for [example.com]:2222"));
  EXPECT_EQ(remembered(), "[example.com]:2222 " + foreign_key + "\n");
}

TEST_F(HostKeyCheckTest, OtherNamesOfTheKeyAreShownAtFirstContact) {
  know("a,b.example " + key_.line());
  know(hashed_host_name("hashed.example", rng_) + " " + key_.line());
  know("elsewhere " + other_.line());
  EXPECT_FALSE(accepts(key_, {"no"}));
  EXPECT_THAT(questions_.at(0),
              HasSubstr("\nThis host key is known by the following other names/addresses:\n    " + known_hosts() +
                        ":1: a,b.example\n    " + known_hosts() + ":2: [hashed name]\nAre you sure"));
  for (int i = 0; i < 10; ++i) know("host" + std::to_string(i) + " " + key_.line());
  EXPECT_FALSE(accepts(key_, {"no"}));
  EXPECT_THAT(questions_.at(1), HasSubstr(":9: host5\n    (4 additional names omitted)\nAre you sure"));
}

TEST_F(HostKeyCheckTest, AFileThatCannotBeReadMakesNoHostNew) {
  std::filesystem::create_directory(home_.path("a-directory"));
  config_.global_known_hosts_files = {home_.path("a-directory")};
  config_.strict_host_key_checking = Strict::accept_new;
  EXPECT_FALSE(accepts_unattended(key_));
  EXPECT_TRUE(logged("a-directory"));
  EXPECT_EQ(remembered(), "");
  config_.strict_host_key_checking = Strict::ask;
  EXPECT_FALSE(accepts(key_, {"no"}));
  EXPECT_THAT(questions_.at(0), HasSubstr("\nNot every known hosts file could be read, so this host may be known"));
  know("[example.com]:2222 " + key_.line());
  EXPECT_TRUE(accepts_unattended(key_)) << "what is known is known";
}

TEST_F(HostKeyCheckTest, TheWayToRemoveAKeyIsOneThatAShellUnderstands) {
  config_.user_known_hosts_files = {home_.path("it's mine")};
  home_.write("it's mine", "[example.com]:2222 " + other_.line());
  EXPECT_FALSE(accepts_unattended(key_));
  EXPECT_TRUE(logged("  glassh-keygen -f '" + home_.path("it'\\''s mine") + "' -R '[example.com]:2222'\n")) << logged();
}

TEST_F(HostKeyCheckTest, FingerprintHashDecidesWhatIsShownAndWhatMayBeTyped) {
  config_.fingerprint_hash = HashName::md5;
  EXPECT_TRUE(accepts(key_, {key_.fingerprint(), key_.fingerprint(HashName::md5)}));
  EXPECT_EQ(questions_.size(), 2u);
  EXPECT_THAT(questions_.at(0), HasSubstr("ED25519 key fingerprint is MD5:"));
}

TEST_F(HostKeyCheckTest, VisualHostKeyDrawsTheKeyInTheQuestionAndAtEachContact) {
  config_.visual_host_key = true;
  EXPECT_TRUE(accepts(key_, {"yes"}));
  const std::string picture = randomart(key_, HashName::sha256) + "\n";
  EXPECT_THAT(questions_.at(0),
              HasSubstr("key fingerprint is " + key_.fingerprint() + ".\n" + picture + "This key is"));
  EXPECT_TRUE(accepts_unattended(key_));
  EXPECT_TRUE(logged("Host key fingerprint is " + key_.fingerprint() + "\n" + picture)) << logged();
}

TEST_F(HostKeyCheckTest, NoHostAuthenticationForLocalhostIsForLoopbackAddressesOnly) {
  struct Case {
    std::optional<std::string> address;
    std::optional<std::string> alias;
    bool accepted;
  };
  const Case cases[] = {
      {"127.0.0.1", std::nullopt, true},  {"127.8.9.1", std::nullopt, true}, {"::1", std::nullopt, true},
      {"192.0.2.1", std::nullopt, false}, {"127.0.0.1", "alias", false},     {std::nullopt, std::nullopt, false},
  };
  config_.strict_host_key_checking = Strict::yes;
  for (const Case& c : cases) {
    address_ = c.address;
    config_.host_key_alias = c.alias;
    config_.no_host_authentication_for_localhost = true;
    EXPECT_EQ(accepts_unattended(key_), c.accepted) << c.address.value_or("none");
    config_.no_host_authentication_for_localhost = false;
    EXPECT_FALSE(accepts_unattended(key_));
  }
}

// What ssh(1) of OpenSSH 9.2 does with CheckHostIP=yes: names and keys as it writes and accepts them.
TEST_F(HostKeyCheckTest, CheckHostIpLooksAtTheAddressToo) {
  const std::string name = "[example.com]:2222 ";
  const std::string address = "[192.0.2.1]:2222 ";
  const std::string both = "[example.com]:2222,[192.0.2.1]:2222 ";
  struct Case {
    std::string known;
    Strict strict;
    std::deque<std::string> answers;
    bool accepted;
    std::string added;
  };
  const std::string right = key_.line() + "\n";
  const std::string wrong = other_.line() + "\n";
  const Case cases[] = {
      {"", Strict::accept_new, {}, true, both + right},
      {"", Strict::ask, {"yes"}, true, both + right},
      {name + right, Strict::yes, {}, true, address + right},
      {name + right + address + right, Strict::yes, {}, true, ""},
      {address + right, Strict::accept_new, {}, true, name + right},
      {address + right, Strict::yes, {}, false, ""},
      {name + right + address + wrong, Strict::yes, {}, false, ""},
      {name + right + address + wrong, Strict::accept_new, {}, false, ""},
      {name + right + address + wrong, Strict::no, {}, true, ""},
      {name + right + address + wrong, Strict::ask, {"no"}, false, ""},
      {name + right + address + wrong, Strict::ask, {"perhaps", "yes"}, true, ""},
      {name + right + address + wrong, Strict::ask, {}, false, ""},
      {address + wrong, Strict::ask, {"yes", "no"}, false, ""},
      {address + wrong, Strict::accept_new, {}, false, ""},
      {address + wrong, Strict::no, {}, true, name + right},
      {name + wrong, Strict::ask, {"yes"}, false, ""},
      {name + right + "@revoked " + address + right, Strict::no, {}, false, ""},
  };
  config_.check_host_ip = true;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.known);
    home_.write("known_hosts", c.known);
    config_.strict_host_key_checking = c.strict;
    EXPECT_EQ(accepts(key_, c.answers), c.accepted);
    EXPECT_EQ(remembered(), c.known + c.added);
    EXPECT_FALSE(unsafe_);
  }
}

TEST_F(HostKeyCheckTest, CheckHostIpSaysWhatItFound) {
  config_.check_host_ip = true;
  know("[example.com]:2222 " + key_.line());
  know("[192.0.2.1]:2222 " + other_.line());
  EXPECT_FALSE(accepts(key_, {"no"}));
  EXPECT_THAT(questions_.at(0),
              HasSubstr("the ED25519 host key for '[example.com]:2222' differs from the key for the IP "
                        "address '[192.0.2.1]:2222'\nOffending key for IP in " +
                        known_hosts() + ":2\nMatching host key in " + known_hosts() + ":1\n"));
  home_.write("known_hosts", "[example.com]:2222 " + other_.line() + "\n[192.0.2.1]:2222 " + key_.line() + "\n");
  EXPECT_FALSE(accepts_unattended(key_));
  EXPECT_TRUE(logged("WARNING: POSSIBLE DNS SPOOFING DETECTED!")) << logged();
  EXPECT_TRUE(logged("is unchanged"));
  EXPECT_TRUE(logged("Offending key for IP in " + known_hosts() + ":2"));
}

TEST_F(HostKeyCheckTest, CheckHostIpIsIdleWhereTheAddressSaysNothing) {
  config_.check_host_ip = true;
  config_.strict_host_key_checking = Strict::accept_new;
  for (const auto& [host, address] : {std::pair<std::string, std::optional<std::string>>{"example.com", std::nullopt},
                                      {"example.com", "127.0.0.1"},
                                      {"example.com", "::1"},
                                      {"192.0.2.1", "192.0.2.1"}}) {
    std::filesystem::remove(known_hosts());
    config_.host_name = host;
    address_ = address;
    EXPECT_TRUE(accepts_unattended(key_));
    EXPECT_EQ(remembered(), "[" + host + "]:2222 " + key_.line() + "\n");
  }
}

TEST_F(HostKeyCheckTest, NamesFollowPortAndAlias) {
  struct Case {
    std::uint16_t port;
    std::optional<std::string> alias;
    std::string name;
  };
  const Case cases[] = {
      {2222, std::nullopt, "[example.com]:2222"},
      {22, std::nullopt, "example.com"},
      {2222, "cluster", "cluster"},
  };
  config_.strict_host_key_checking = Strict::no;
  for (const Case& c : cases) {
    std::filesystem::remove(known_hosts());
    config_.port = c.port;
    config_.host_key_alias = c.alias;
    EXPECT_TRUE(accepts_unattended(key_));
    EXPECT_EQ(remembered(), c.name + " " + key_.line() + "\n");
  }
}

TEST_F(HostKeyCheckTest, HashedNamesAreFoundAgain) {
  config_.hash_known_hosts = true;
  config_.strict_host_key_checking = Strict::accept_new;
  EXPECT_TRUE(accepts_unattended(key_));
  EXPECT_EQ(remembered().rfind("|1|", 0), 0u);
  config_.strict_host_key_checking = Strict::yes;
  EXPECT_TRUE(accepts_unattended(key_));
}

TEST_F(HostKeyCheckTest, KnownTypesAreProposedFirst) {
  EXPECT_EQ(check().algorithms(), config_.host_key_algorithms);
  know("[example.com]:2222 " + ecdsa_.line());
  EXPECT_EQ(check().algorithms(),
            (std::vector<std::string>{"ecdsa-sha2-nistp256", "ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256"}));
  config_.host_key_algorithms_given = true;
  EXPECT_EQ(check().algorithms(), config_.host_key_algorithms);
}

TEST_F(HostKeyCheckTest, GlobalFilesAreReadAndNotWritten) {
  config_.global_known_hosts_files = config_.user_known_hosts_files;
  config_.user_known_hosts_files.clear();
  know("[example.com]:2222 " + key_.line());
  config_.strict_host_key_checking = Strict::accept_new;
  EXPECT_TRUE(accepts_unattended(key_));
  config_.host_name = "new.example";
  EXPECT_TRUE(accepts_unattended(ecdsa_));
  EXPECT_EQ(remembered(), "[example.com]:2222 " + key_.line() + "\n");
}

TEST_F(HostKeyCheckTest, DevNullKnowsNobodyAndComplainsOfNothing) {
  config_.user_known_hosts_files = {"/dev/null"};
  config_.strict_host_key_checking = Strict::accept_new;
  EXPECT_TRUE(accepts_unattended(key_));
  EXPECT_TRUE(accepts_unattended(other_));
  EXPECT_FALSE(logged("/dev/null")) << logged();
}

}  // namespace
}  // namespace glassh
