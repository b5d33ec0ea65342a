#include "server/login/passwords.h"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <list>
#include <string>
#include <thread>
#include <vector>

#include <crypt.h>

#include "server/login/failure_delay.h"
#include "test/support/patience.h"

namespace glassh {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

// What crypt(3) makes, with a setting that costs little.
std::string hash_of(const std::string& password, const std::string& setting = "$6$rounds=1000$salt$") {
  crypt_data memory{};
  const char* const made = ::crypt_r(password.c_str(), setting.c_str(), &memory);
  if (made == nullptr || *made == '*') throw std::runtime_error("crypt(3) does not know " + setting);
  return made;
}

bool matches(std::string_view hash, std::string_view password, EmptyPassword empty = EmptyPassword::refuse) {
  return password_matches(bytes_of(hash), bytes_of(password), empty);
}

TEST(Passwords, RightOneMatchesUnderEachScheme) {
  for (const std::string setting :
       {"$6$rounds=1000$salt$", "$5$rounds=1000$salt$", "$y$j75$saltsaltsalt$", "$1$salt$"}) {
    const std::string hash = hash_of("s3cret", setting);
    EXPECT_TRUE(matches(hash, "s3cret")) << setting;
    for (const std::string_view wrong : {"", "s3cre", "s3cret ", "S3cret", "s3crets"}) {
      EXPECT_FALSE(matches(hash, wrong)) << setting << " " << wrong;
    }
  }
  EXPECT_TRUE(matches(hash_of("sch\xc3\xb6n"), "sch\xc3\xb6n"));
}

// Past vulnerability 8: what is no hash matches nothing: crypt(3) fails for it with NULL or "*0", and that is no match.
TEST(Passwords, WhatIsNoHashMatchesNothing) {
  const std::string good = hash_of("x");
  for (const std::string& hash :
       {std::string("!"), std::string("!!"), std::string("*"), std::string("*0"), std::string("*1"), "!" + good,
        "*" + good, std::string("x"), std::string("$"), std::string("$6$"), std::string("$6$salt"),
        std::string("$6$salt$"), std::string("$99$salt$hash"), std::string(":"), good.substr(0, good.size() - 1),
        good + "x"}) {
    for (const auto empty : {EmptyPassword::refuse, EmptyPassword::permit}) {
      for (const std::string_view password : {std::string_view(""), std::string_view("x"), std::string_view("*0"),
                                              std::string_view("!"), std::string_view(hash)}) {
        EXPECT_FALSE(matches(hash, password, empty)) << hash << " and " << password;
      }
    }
  }
}

TEST(Passwords, EmptyOneIsGoodOnlyWherePermitted) {
  const std::string hashed = hash_of("");
  EXPECT_FALSE(matches("", ""));
  EXPECT_FALSE(matches(hashed, ""));
  EXPECT_TRUE(matches("", "", EmptyPassword::permit));
  EXPECT_TRUE(matches(hashed, "", EmptyPassword::permit));
  EXPECT_FALSE(matches("", "x", EmptyPassword::permit)) << "an account without a password does not take any";
  EXPECT_FALSE(matches(hash_of("x"), "", EmptyPassword::permit));
}

// crypt(3) stops at a NUL.
TEST(Passwords, WhatFollowsANulCounts) {
  EXPECT_FALSE(matches(hash_of("s3cret"), std::string_view("s3cret\0more", 11)));
  EXPECT_FALSE(matches(hash_of("s3cret"), std::string_view("s3cret\0", 7)));
  EXPECT_FALSE(matches(hash_of(""), std::string_view("\0", 1), EmptyPassword::permit));
  EXPECT_FALSE(matches("", std::string_view("\0", 1), EmptyPassword::permit));
}

// Past vulnerability 20: 1 MB is refused without hashing. That it costs nothing is seen by a setting that would take
// minutes.
TEST(Passwords, LongOnesAreRefusedAtOnce) {
  const std::string expensive = "$6$rounds=999999999$salt$hash";
  for (const std::size_t size : {longest_password + 1, std::size_t{1} << 20}) {
    EXPECT_FALSE(matches(expensive, std::string(size, 'x')));
    EXPECT_FALSE(matches("", std::string(size, 'x')));
  }
}

struct CheckTest : testing::Test {
  Passwords passwords;
  boost::asio::io_context io;

  auto check(std::string_view hash, std::string_view password) {
    return boost::asio::co_spawn(
        io, passwords.check(SecretBytes(bytes_of(hash)), SecretBytes(bytes_of(password)), EmptyPassword::refuse),
        boost::asio::use_future);
  }
};

TEST_F(CheckTest, AnswersOnTheCallersThread) {
  auto right = check(hash_of("s3cret"), "s3cret");
  auto wrong = check(hash_of("s3cret"), "other");
  io.run();
  EXPECT_TRUE(right.get());
  EXPECT_FALSE(wrong.get());
}

boost::asio::awaitable<void> count(int& turns) {
  ++turns;
  co_return;
}

// Logins do not freeze the thread that serves connections: while hashes are computed it goes on with other work.
TEST_F(CheckTest, DoesNotBlockTheThreadThatAsks) {
  std::vector<std::future<bool>> pending;
  for (int i = 0; i < 20; ++i) pending.push_back(check(hash_of("x", "$6$rounds=100000$salt$"), "y"));
  int turns = 0;
  boost::asio::co_spawn(io, count(turns), boost::asio::detached);
  while (turns == 0) io.run_one();
  int unfinished = 0;
  for (auto& each : pending) unfinished += each.wait_for(0s) != std::future_status::ready;
  EXPECT_GT(unfinished, 0) << "the other work had to wait for all of them";
  io.run();
  for (auto& each : pending) EXPECT_FALSE(each.get());
}

TEST(FailureDelay, RoundsUpToSteps) {
  EXPECT_EQ(failure_answer_time(0ns), 10ms);
  EXPECT_EQ(failure_answer_time(1ns), 10ms);
  EXPECT_EQ(failure_answer_time(10ms), 10ms);
  EXPECT_EQ(failure_answer_time(10ms + 1ns), 20ms);
  EXPECT_EQ(failure_answer_time(71ms), 80ms);
}

// `begun`: Asio lets a coroutine that is cancelled before it begins throw past everybody.
asio::awaitable<bool> check(Passwords& passwords, const std::string& hash, int& begun) {
  ++begun;
  SecretBytes stored(bytes_of(hash));
  SecretBytes password(bytes_of("s3cret"));
  const bool matches = co_await passwords.check(std::move(stored), std::move(password), EmptyPassword::refuse);
  co_return matches;
}

// Whoever waits is cancelled at any moment: before its turn, while it is hashed, when the answer is on its way. A
// thread that hashes must not touch what has gone.
TEST(Passwords, ACheckMayBeGivenUpAtAnyMoment) {
  const std::string hash = hash_of("s3cret");
  Passwords passwords;
  asio::io_context io(1);
  std::list<std::vector<asio::cancellation_signal>> all_cancellations;  // Asio looks at them after the end
  int ended = 0, answered = 0;
  for (int round = 0; round < 400; ++round) {
    constexpr int at_once = 3;
    auto& cancellations = all_cancellations.emplace_back(at_once);
    const int before = ended;
    int begun = 0;
    io.restart();
    for (auto& cancellation : cancellations) {
      asio::co_spawn(
          io, check(passwords, hash, begun),
          asio::bind_cancellation_slot(cancellation.slot(), [&](const std::exception_ptr& failure, bool matches) {
            ++ended;
            if (failure == nullptr && matches) ++answered;
          }));
    }
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::microseconds(round * 10);
    while (begun < at_once || std::chrono::steady_clock::now() < give_up) io.poll();
    for (auto& cancellation : cancellations) cancellation.emit(asio::cancellation_type::terminal);
    const auto too_long = std::chrono::steady_clock::now() + test::patience;
    while (ended < before + at_once && std::chrono::steady_clock::now() < too_long) io.run_one_for(10ms);
    ASSERT_EQ(ended, before + at_once) << "a check that was given up never ends";
  }
  EXPECT_GT(answered, 0);
}

}  // namespace
}  // namespace glassh
