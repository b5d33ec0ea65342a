// Past vulnerability 67: an error inside the check of a host key was taken for success. Here each step of the check
// fails once, at every place where it asks for memory, and by every file and answer that can fail it: never is a key
// accepted.
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "client/host_key_check.h"
#include "test/support/temporary_directory.h"

namespace {

// How many more allocations of this thread succeed; negative: all.
thread_local long allocations_left = -1;
thread_local bool allocation_failed = false;

void* allocate(std::size_t size) {
  if (allocations_left == 0) {
    allocation_failed = true;
    allocations_left = -1;  // once: what follows the failure can do its worst
    throw std::bad_alloc();
  }
  if (allocations_left > 0) --allocations_left;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
// Each form that is not replaced would be a sanitizer's own, whose memory must not meet the delete below.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }

namespace glassh {
namespace {

namespace asio = boost::asio;
using Strict = StrictHostKeyChecking;

class HostKeyFaults : public testing::Test {
 protected:
  HostKeyFaults() {
    log_.use_file(home_.path("log"));
    config_.host_name = "example.com";
    config_.user_known_hosts_files = {home_.path("known_hosts")};
    config_.host_key_algorithms = {"ssh-ed25519"};
    config_.visual_host_key = true;
  }

  // Whether the key was accepted. An exception is an end of the connection, which is fine.
  bool accepts(const AskUser& ask) {
    bool accepted = false;
    try {
      HostKeyCheck check(config_, "192.0.2.1", log_, rng_, ask);
      asio::io_context io;
      asio::co_spawn(io, check.accepts(Credential(key_)),
                     [&](const std::exception_ptr& error, bool result) { accepted = !error && result; });
      io.run();
    } catch (const std::exception&) {
      accepted = false;
    }
    return accepted;
  }

  SeededRng rng_{11};
  const PublicKey key_ = PrivateKey::generate("ssh-ed25519", rng_).public_key();
  const PublicKey other_ = PrivateKey::generate("ssh-ed25519", rng_).public_key();
  TemporaryDirectory home_;
  ClientLog log_;
  ClientConfig config_;
};

AskUser answering(const std::string& answer) {
  return [answer](std::string) -> asio::awaitable<std::optional<std::string>> { co_return answer; };
}

TEST_F(HostKeyFaults, PastVulnerability67NoFailureOfAnyStepIsAYes) {
  const std::string right = key_.line() + "\n";
  const std::string wrong = other_.line() + "\n";
  struct Case {
    std::string what;
    std::string known;
    Strict strict;
    AskUser ask;
  };
  const Case cases[] = {
      {"unknown, and the user says no", "", Strict::ask, answering("no")},
      {"unknown, and nobody to ask", "", Strict::ask, {}},
      {"unknown, and checked strictly", "", Strict::yes, {}},
      {"changed", "example.com " + wrong, Strict::ask, answering("yes")},
      {"changed, and new ones are accepted", "example.com " + wrong, Strict::accept_new, {}},
      {"changed, under a hashed name", hashed_host_name("example.com", rng_) + " " + wrong, Strict::accept_new, {}},
      {"revoked", "example.com " + right + "@revoked * " + right, Strict::no, {}},
      {"another for the address", "example.com " + right + "192.0.2.1 " + wrong, Strict::yes, {}},
      {"revoked for the address", "example.com " + right + "@revoked 192.0.2.1 " + right, Strict::no, {}},
  };
  config_.check_host_ip = true;
  for (const Case& c : cases) {
    home_.write("known_hosts", c.known);
    config_.strict_host_key_checking = c.strict;
    long step = 0;
    do {
      allocation_failed = false;
      allocations_left = step++;
      const bool accepted = accepts(c.ask);
      allocations_left = -1;
      ASSERT_FALSE(accepted) << c.what << ": accepted when allocation " << step << " failed";
    } while (allocation_failed);
    EXPECT_GT(step, 15) << c.what << ": the check has more steps than that";
    EXPECT_EQ(home_.read("known_hosts"), c.known) << "and nothing was remembered";
  }
}

TEST_F(HostKeyFaults, PastVulnerability67AQuestionThatFailsIsNotAnsweredYes) {
  const AskUser failing[] = {
      [](std::string) -> asio::awaitable<std::optional<std::string>> { co_return std::nullopt; },
      [](std::string) -> asio::awaitable<std::optional<std::string>> {
        throw std::runtime_error("the terminal is gone");
        co_return "yes";
      },
      [](std::string) -> asio::awaitable<std::optional<std::string>> { throw std::runtime_error("at once"); },
  };
  for (const AskUser& ask : failing) EXPECT_FALSE(accepts(ask));
}

TEST_F(HostKeyFaults, PastVulnerability67FilesThatCannotBeReadDoNotMakeAKeyNew) {
  config_.strict_host_key_checking = Strict::accept_new;
  ASSERT_EQ(mkfifo(home_.path("fifo").c_str(), 0600), 0);
  std::filesystem::create_directory(home_.path("directory"));
  std::filesystem::create_symlink("loop", home_.path("loop"));
  home_.write("file", "");
  for (const char* const bad : {"fifo", "directory", "loop", "file/below"}) {
    config_.global_known_hosts_files = {home_.path(bad)};
    EXPECT_FALSE(accepts({})) << bad;
  }
  config_.global_known_hosts_files = {home_.path("no-such-file")};
  EXPECT_TRUE(accepts({})) << "it is the file that made the difference";
}

// The check does what it can; a key that could not be remembered is still the one that was agreed to.
TEST_F(HostKeyFaults, AKeyThatCannotBeRememberedIsAskedForAgain) {
  config_.user_known_hosts_files = {home_.path("no/such/directory/known_hosts")};
  EXPECT_TRUE(accepts(answering("yes")));
  EXPECT_NE(home_.read("log").find("Failed to add the host to the list of known hosts"), std::string::npos);
}

}  // namespace
}  // namespace glassh
