#include "client/agent/agent_server.h"

#include <sys/resource.h>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "channels/io/private_socket.h"
#include "client/agent/agent_client.h"
#include "crypto/rng.h"
#include "test/support/patience.h"

namespace glassh {
namespace {

// While this lives, no descriptor can be opened.
class NoMoreDescriptors {
 public:
  NoMoreDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit none{0, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoMoreDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoMoreDescriptors(const NoMoreDescriptors&) = delete;
  NoMoreDescriptors& operator=(const NoMoreDescriptors&) = delete;

 private:
  rlimit before_{};
};

struct Signed {
  bool without_descriptors = true;
  bool later = false;
};

// Once while the user cannot be asked, and again when that is over.
asio::awaitable<Signed> sign_twice(asio::any_io_executor executor, std::string path, const PrivateKey& key) {
  AgentClient client = AgentClient::connect(executor, path);
  AgentKeyLimits limits;
  limits.confirm = true;
  const bool added = co_await client.add(key, "test", limits);
  EXPECT_TRUE(added);
  const std::vector<std::uint8_t> data(20, 1);
  Signed result;
  {
    const NoMoreDescriptors none;
    const auto signature = co_await client.sign(Credential(key.public_key()), "ssh-ed25519", data);
    result.without_descriptors = signature.has_value();
  }
  AgentClient other = AgentClient::connect(executor, path);
  const auto signature = co_await other.sign(Credential(key.public_key()), "ssh-ed25519", data);
  result.later = signature.has_value();
  co_return result;
}

TEST(AgentServer, AQuestionThatCannotBeAskedIsNoAndHoldsUpNoOther) {
  asio::io_context io(1);
  SeededRng rng(1);
  const PrivateKey key = PrivateKey::generate("ssh-ed25519", rng, 0);
  Agent agent({}, rng);
  const Asker asker({.allowed = true, .preferred = true, .program = "/bin/true"}, [](const std::string&) {});
  PrivateSocket socket = PrivateSocket::in_new_directory("glassh-", "agent");
  AgentServer server(io.get_executor(), socket.release_descriptor(), agent, asker, {});
  asio::co_spawn(io, server.run(), asio::detached);

  std::optional<Signed> result;
  asio::co_spawn(io, sign_twice(io.get_executor(), socket.path(), key), [&](std::exception_ptr failure, Signed value) {
    io.stop();
    if (failure) std::rethrow_exception(failure);
    result = value;
  });
  io.run_for(test::patience);
  ASSERT_TRUE(result) << "the second question was never asked";
  EXPECT_FALSE(result->without_descriptors);
  EXPECT_TRUE(result->later);
}

}  // namespace
}  // namespace glassh
