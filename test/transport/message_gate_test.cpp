#include "transport/message_gate.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include <fmt/format.h>

#include "proto/numbers.h"

namespace glassh {
namespace {

std::string numbers_with(Verdict verdict, const Arrival& arrival) {
  std::string text;
  for (int number = 1; number <= 255; ++number) {
    if (judge(arrival, static_cast<std::uint8_t>(number)) == verdict) text += fmt::format("{} ", number);
  }
  return text;
}

// The whole table, written out by hand a second time. Past vulnerabilities 1 to 6, 26, 27, 28, 30: what is not here
// does not pass.
TEST(MessageGate, OnlyTheseNumbersPass) {  // [4251-7-1] keeps
  struct {
    Role receiver;
    Phase phase;
    std::string numbers;
  } const cases[] = {
      {Role::server, Phase::first_key_exchange, "1 2 3 4 20 21 30 "},
      {Role::client, Phase::first_key_exchange, "1 2 3 4 20 21 31 "},
      {Role::server, Phase::service, "1 2 3 4 5 20 21 30 192 193 "},
      {Role::client, Phase::service, "1 2 3 4 6 20 21 31 192 193 "},
      {Role::server, Phase::authentication, "1 2 3 4 5 20 21 30 50 61 192 193 "},
      {Role::client, Phase::authentication, "1 2 3 4 7 20 21 31 51 52 53 60 192 193 "},
      // [4252-5.1-13] [4252-5.3-1] keep
      {Role::server, Phase::connection,
       "1 2 3 4 20 21 30 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64 65 66 67 68 69 70 71 72 73 74 75 76 77 78 79 "
       "80 81 82 90 91 92 93 94 95 96 97 98 99 100 192 193 "},
      {Role::client, Phase::connection, "1 2 3 4 20 21 31 80 81 82 90 91 92 93 94 95 96 97 98 99 100 192 193 "},
  };
  for (const auto& [receiver, phase, numbers] : cases) {
    EXPECT_EQ(numbers_with(Verdict::allowed, {receiver, phase, false, false}), numbers) << phase_text(phase);
  }
}

TEST(MessageGate, ExtInfoPassesBehindTheFirstNewkeys) {  // [8308-2.4-1] [8308-2.4-3] keep
  for (const Role receiver : {Role::server, Role::client}) {
    EXPECT_EQ(judge({.receiver = receiver, .phase = Phase::service, .behind_first_newkeys = true}, 7),
              Verdict::allowed);
  }
}

TEST(MessageGate, StrictKeyExchangeLetsNothingElsePass) {  // [openssh-strict-kex-1.9-4] [openssh-strict-kex-1.9-5]
  EXPECT_EQ(numbers_with(Verdict::allowed, {Role::server, Phase::first_key_exchange, true, true}), "1 20 21 30 ");
  EXPECT_EQ(numbers_with(Verdict::allowed, {Role::client, Phase::first_key_exchange, true, true}), "1 20 21 31 ");
  EXPECT_EQ(numbers_with(Verdict::unimplemented, {Role::client, Phase::first_key_exchange, true, true}), "");
}

TEST(MessageGate, ARekeyingPeerSendsNoData) {  // [4253-7.1-30] [4253-7.1-31] breaks
  EXPECT_EQ(numbers_with(Verdict::allowed, {Role::server, Phase::connection, true, true}), "1 2 3 4 20 21 30 ");
  EXPECT_EQ(numbers_with(Verdict::allowed, {Role::client, Phase::connection, true, true}), "1 2 3 4 20 21 31 ");
}

// paramiko and asyncssh do so.
TEST(MessageGate, ARekeyingPeerMayAnswerAQuestionOfOurs) {
  for (const Role role : {Role::client, Role::server}) {
    const Arrival arrival{role, Phase::connection, true, true, false, false, false, true};
    for (const int number : {81, 82}) {
      EXPECT_EQ(judge(arrival, static_cast<std::uint8_t>(number)), Verdict::allowed);
    }
    for (const int number : {5, 6, 50, 80, 83, 90, 94, 192}) {
      EXPECT_EQ(judge(arrival, static_cast<std::uint8_t>(number)), Verdict::refused) << number;
    }
  }
}

TEST(MessageGate, AWrongGuessMayBeOfAnyMethod) {  // [4253-7.1-26] keeps
  for (const bool strict : {false, true}) {
    const Arrival arrival{Role::server, Phase::first_key_exchange, strict, true, true};
    for (int number = 30; number < 50; ++number) {
      EXPECT_EQ(judge(arrival, static_cast<std::uint8_t>(number)), Verdict::allowed) << number;
    }
    EXPECT_EQ(judge(arrival, 50), Verdict::refused);
    EXPECT_EQ(judge(arrival, message_number::service_request), Verdict::refused);
  }
}

TEST(MessageGate, GroupExchangeHasThreeMoreMessages) {
  for (const Phase phase : {Phase::first_key_exchange, Phase::connection}) {
    Arrival arrival{Role::server, phase, true, true, false, true};
    for (const std::uint8_t number : {30, 32, 34}) EXPECT_EQ(judge(arrival, number), Verdict::allowed) << int{number};
    for (const std::uint8_t number : {31, 33, 35, 49}) {
      EXPECT_EQ(judge(arrival, number), Verdict::refused) << int{number};
    }
    arrival.receiver = Role::client;
    for (const std::uint8_t number : {31, 33}) EXPECT_EQ(judge(arrival, number), Verdict::allowed) << int{number};
    for (const std::uint8_t number : {30, 32, 34, 35}) {
      EXPECT_EQ(judge(arrival, number), Verdict::refused) << int{number};
    }
  }
}

TEST(MessageGate, NumbersThatNobodyAssignedAreUnimplemented) {  // [4253-11.4-1] keeps
  const Arrival arrival{Role::client, Phase::connection, true, false};
  for (const int number : {8, 9, 19, 22, 29, 54, 59, 62, 79, 83, 89, 101, 127, 128, 191, 194, 255}) {
    EXPECT_EQ(judge(arrival, static_cast<std::uint8_t>(number)), Verdict::unimplemented) << number;
  }
  // [4253-7.1-33] keeps: during a key exchange as well.
  for (const Phase phase : {Phase::first_key_exchange, Phase::connection}) {
    for (const std::uint8_t number : {8, 19, 22, 29}) {
      EXPECT_EQ(judge({Role::server, phase, false, true}, number), Verdict::unimplemented) << int{number};
    }
  }
}

TEST(MessageGate, BeforeTheLoginNothingOfALaterProtocolIsTaken) {  // [4252-6-1] breaks
  for (const Phase phase : {Phase::service, Phase::authentication}) {
    for (int number = 80; number < 256; ++number) {
      if (number == message_number::ping || number == message_number::pong) continue;
      EXPECT_EQ(judge({Role::server, phase, false, false}, static_cast<std::uint8_t>(number)), Verdict::refused);
    }
    EXPECT_EQ(judge({Role::server, phase, false, false}, 79), Verdict::unimplemented);
    EXPECT_EQ(judge({Role::client, phase, false, false}, 83), Verdict::unimplemented);
  }
}

}  // namespace
}  // namespace glassh
