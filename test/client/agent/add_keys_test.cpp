// glassh-add and glassh-agent in one process: the default files, and what a person at askpass is asked.
#include "client/agent/add_keys.h"

#include <csignal>
#include <filesystem>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "channels/io/private_socket.h"
#include "client/agent/agent_server.h"
#include "test/support/temporary_directory.h"

namespace glassh {
namespace {

class AddKeysTest : public testing::Test {
 protected:
  AddKeysTest() : server_(io_.get_executor(), socket_.release_descriptor(), agent_, nobody_, {}) {
    std::signal(SIGPIPE, SIG_IGN);
    std::filesystem::create_directory(home_.path() + "/.ssh");
    asio::co_spawn(io_, server_.run(), [](const std::exception_ptr&) {});
  }

  PublicKey save(const std::string& name, std::string_view type) {
    const PrivateKey key = PrivateKey::generate(type, rng_);
    save_private_key(home_.path() + "/.ssh/" + name, key, name, rng_, IfExists::refuse);
    return key.public_key();
  }
  int run(std::vector<std::string> arguments) {
    const AddOptions options = parse_add_options(arguments);
    AgentClient client = AgentClient::connect(io_.get_executor(), socket_.path());
    AddKeys keys(options, client, nobody_, home_.path());
    std::optional<int> status;
    std::exception_ptr failure;
    testing::internal::CaptureStderr();
    asio::co_spawn(io_, keys.run(), [&](std::exception_ptr error, int result) {
      failure = error;
      status = result;
    });
    while (!status) io_.run_one();
    said_ = testing::internal::GetCapturedStderr();
    if (failure) std::rethrow_exception(failure);
    return *status;
  }

  TemporaryDirectory home_;
  SeededRng rng_{1};
  asio::io_context io_{1};
  PrivateSocket socket_ = PrivateSocket::in_new_directory("glassh-test-", "agent.1");
  const Asker nobody_{AskpassRules{}, [](const std::string&) {}, "/nonexistent"};
  Agent agent_{{}, rng_};
  AgentServer server_;
  std::string said_;
};

TEST_F(AddKeysTest, WithoutFilesTheDefaultOnesThatExistAreMeant) {
  EXPECT_EQ(run({}), 1);
  EXPECT_EQ(said_, "");
  save("id_ed25519", "ssh-ed25519");
  save("id_ecdsa", "ecdsa-sha2-nistp256");
  save("id_other", "ssh-ed25519");
  EXPECT_EQ(run({}), 0);
  const std::string ssh = home_.path() + "/.ssh/";
  EXPECT_EQ(said_,
            "Identity added: " + ssh + "id_ecdsa (id_ecdsa)\nIdentity added: " + ssh + "id_ed25519 (id_ed25519)\n");
  EXPECT_EQ(agent_.key_count(), 2u);
  EXPECT_EQ(run({"-q", "-d"}), 0);
  EXPECT_EQ(said_, "");
  EXPECT_EQ(agent_.key_count(), 0u);
}

TEST_F(AddKeysTest, AKeyThatAsksForConsentSignsNothingWhereNobodyCanBeAsked) {
  const PublicKey key = save("id_ed25519", "ssh-ed25519");
  const std::string path = home_.path() + "/.ssh/id_ed25519";
  save_public_key(path + ".pub", key, "", rng_, IfExists::refuse);
  EXPECT_EQ(run({"-q", path}), 0);
  EXPECT_EQ(run({"-T", path + ".pub"}), 0);
  EXPECT_EQ(run({"-q", "-c", path}), 0);
  EXPECT_EQ(run({"-T", path + ".pub"}), 1);
  EXPECT_EQ(said_, "Agent signature failed for " + path + ".pub: agent refused operation\n");
}

TEST_F(AddKeysTest, ADestinationThatIsNotKnownIsSaidBeforeAnythingIsAdded) {
  save("id_ed25519", "ssh-ed25519");
  try {
    run({"-h", "elsewhere.example", "-H", home_.path() + "/none"});
    FAIL() << "it was added";
  } catch (const AddUsageError& error) {
    EXPECT_EQ(error.status(), 255);
    EXPECT_STREQ(error.what(), "No host keys found for destination \"elsewhere.example\"");
  }
  EXPECT_EQ(agent_.key_count(), 0u);
}

}  // namespace
}  // namespace glassh
