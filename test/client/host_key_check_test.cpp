#include "client/host_key_check.h"

#include <deque>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "test/support/temporary_directory.h"

namespace glassh {
namespace {

namespace asio = boost::asio;
using Action = HostKeyAction;
using Strict = StrictHostKeyChecking;
using Status = KnownHostStatus;

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
    EXPECT_EQ(judge_host_key(c.status, c.strict, true), c.with_user);
    EXPECT_EQ(judge_host_key(c.status, c.strict, false), c.without_user);
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

  HostKeyCheck check(AskUser ask = {}) { return HostKeyCheck(config_, "192.0.2.1", log_, rng_, std::move(ask)); }
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
  std::vector<std::string> questions_;

 private:
  bool run(const PublicKey& key, AskUser ask) {
    HostKeyCheck checked = check(std::move(ask));
    asio::io_context io;
    bool accepted = false;
    asio::co_spawn(io, checked.accepts(key), [&](std::exception_ptr error, bool result) {
      EXPECT_FALSE(error);
      accepted = result;
    });
    io.run();
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

TEST_F(HostKeyCheckTest, AKeyOfAnotherTypeIsMentionedInTheQuestion) {
  know("[example.com]:2222 " + ecdsa_.line());
  EXPECT_FALSE(accepts(key_, {"no"}));
  EXPECT_NE(questions_[0].find("can't be established\nbut keys of different type are already known for this host.\n"),
            std::string::npos)
      << questions_[0];
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
