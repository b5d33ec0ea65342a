// A keeper's record that refuses every request; a test overrides those that it expects.
//
//   struct Signing final : test::FakeRecord { … prove_host_key(Bytes) override { … } };
#pragma once

#include <stdexcept>

#include "server/login/keeper.h"

namespace glassh::test {

struct FakeRecord : KeeperRecord {
  boost::asio::awaitable<std::vector<std::uint8_t>> sign_exchange(const SignatureWanted&) override { unexpected(); }
  boost::asio::awaitable<std::vector<std::uint8_t>> prove_host_key(Bytes) override { unexpected(); }
  boost::asio::awaitable<LoginTerms> name(std::string) override { unexpected(); }
  boost::asio::awaitable<LoginDecision> try_key(const Credential&) override { unexpected(); }
  boost::asio::awaitable<LoginDecision> prove_key(const Credential&) override { unexpected(); }
  boost::asio::awaitable<LoginDecision> try_password(std::string, SecretBytes) override { unexpected(); }
  boost::asio::awaitable<Welcome> complete() override { unexpected(); }
  void left(SourcePenalty) override { unexpected(); }

  [[noreturn]] static void unexpected() { throw std::logic_error("FakeRecord: an unexpected request"); }
};

}  // namespace glassh::test
