// The state machine from outside: each message number, with its fields and without, in each state and role.
// Past vulnerabilities 1 to 7, 26, 27, 28 and 30 are each one line of it. Past vulnerability 62, freeing twice on the
// way out of an unusual state: here every way out is gone, and the sanitized build watches.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <tuple>

#include "test/guards/state_rule.h"
#include "test/guards/state_table.h"
#include "test/support/source_directory.h"

namespace glassh {
namespace {

using test::Expected;
using test::expected;
using test::Outcome;
using test::Place;
using test::State;

// All of them, tried once.
const Outcome& outcome_of(const Place& place, std::uint8_t number, bool with_fields) {
  static std::map<std::tuple<Role, State, bool, int, bool>, Outcome> tried;
  const auto key = std::tuple(place.role, place.state, place.strict, int{number}, with_fields);
  const auto found = tried.find(key);
  if (found != tried.end()) return found->second;
  return tried.emplace(key, test::probe(place, number, with_fields)).first->second;
}

template <class Check>
void for_each_probe(Check check) {
  for (const Place& place : test::all_places()) {
    for (int number = 1; number <= 255; ++number) {
      for (const bool with_fields : {true, false}) {
        const auto as_byte = static_cast<std::uint8_t>(number);
        const Outcome& outcome = outcome_of(place, as_byte, with_fields);
        SCOPED_TRACE(fmt::format("{}: message {} {} its fields: {}", test::place_text(place), number,
                                 with_fields ? "with" : "without", outcome.text()));
        check(place, as_byte, expected(place, as_byte, with_fields), outcome);
      }
    }
  }
}

bool only_holds(const std::vector<std::string>& events, std::initializer_list<std::string_view> allowed) {
  return std::all_of(events.begin(), events.end(), [&](const std::string& event) {
    return std::find(allowed.begin(), allowed.end(), event) != allowed.end();
  });
}

// [4253-7.1-30] [4253-7.1-31] [4253-7.1-32] [4252-6-1] [4252-6-4] [8308-2.4-1] [openssh-strict-kex-1.9-4] break
TEST(StateMachine, WhatMayNotComeDoesNothingAndTheSessionEnds) {
  std::size_t count = 0;
  for_each_probe([&](const Place& place, int number, Expected kind, const Outcome& outcome) {
    if (kind != Expected::refused) return;
    ++count;
    EXPECT_FALSE(outcome.carries_on);
    // Before the peer's KEXINIT it is not yet known that it will be strict.
    const bool strictness_unknown = place.state == State::before_kexinit && place.strict;
    if (strictness_unknown && outcome.later) {
      EXPECT_TRUE(test::only_before_strictness(number)) << "ended only later";
      EXPECT_TRUE(only_holds(outcome.events, {"debug"}));
      return;
    }
    EXPECT_TRUE(outcome.events.empty());
    // The server's next message shows that it was out of place.
    if (number == msg::ExtInfo::number && place.role == Role::client && test::is_login(place.state) && outcome.later) {
      EXPECT_TRUE(outcome.answers.empty());
      return;
    }
    // A KEXINIT of nothing is one that we answer with ours before we see what it is.
    const bool begun = number == msg::KexInit::number && outcome.answers == std::vector<int>{msg::KexInit::number};
    EXPECT_TRUE(begun || outcome.answers.empty());
    EXPECT_TRUE(outcome.end || place.state == State::before_version);
    const bool peer_ended_it = number == msg::Disconnect::number || place.state == State::over;
    if (outcome.end && !peer_ended_it) {
      EXPECT_FALSE(outcome.end->by_peer);
    }
  });
  EXPECT_GT(count, 8000U);
}

// [4253-11.4-1] [4253-11.4-2] keep
TEST(StateMachine, WhatNobodyKnowsIsAnsweredAndNoMore) {
  std::size_t count = 0;
  for_each_probe([&](const Place&, int, Expected kind, const Outcome& outcome) {
    if (kind != Expected::unknown) return;
    ++count;
    EXPECT_EQ(outcome.answers, std::vector<int>{msg::Unimplemented::number});
    EXPECT_TRUE(outcome.events.empty());
    EXPECT_TRUE(outcome.carries_on);
  });
  EXPECT_GT(count, 2000U);
}

// [4253-11.2-1] [4253-11.3-1] [4252-5.1-13] [4252-5.3-1] [4252-5.4-1] keep
TEST(StateMachine, WhatMayComeAtAnyTimeChangesNothing) {
  std::size_t count = 0;
  for_each_probe([&](const Place& place, int number, Expected kind, const Outcome& outcome) {
    if (kind != Expected::harmless) return;
    ++count;
    const bool answered =
        number == msg::Ping::number && place.state >= State::no_channel && place.state != State::rekey_sent;
    EXPECT_EQ(outcome.answers, answered ? std::vector<int>{msg::Pong::number} : std::vector<int>{});
    EXPECT_TRUE(only_holds(outcome.events, {"debug", "banner"}));
    EXPECT_TRUE(outcome.carries_on);
  });
  EXPECT_GT(count, 100U);
}

// What was due may lead to something, but only to what is next: nobody is logged in but by the login's own messages,
// and nothing of the user leaves but in answer to them.
TEST(StateMachine, WhatIsDueLeadsToTheNextStateAndNoFurther) {
  std::size_t count = 0;
  for_each_probe([&](const Place& place, int number, Expected kind, const Outcome& outcome) {
    if (kind != Expected::due) return;
    ++count;
    const bool of_login = test::is_login(place.state) && number >= 50 && number < 80;
    const bool of_channels = place.state >= State::no_channel && number >= 80;
    const bool said_something_of_the_user =
        std::any_of(outcome.answers.begin(), outcome.answers.end(), [](int answer) { return answer >= 50; });
    if (of_login) {
      EXPECT_TRUE(only_holds(outcome.events, {"somebody logs in", "password to judge", "keyboard-interactive to judge",
                                              "logged in", "password wanted", "answers wanted"}));
    } else if (number == msg::ServiceAccept::number) {
      EXPECT_EQ(outcome.answers, std::vector<int>{msg::UserauthRequest::number});  // `none`
      EXPECT_TRUE(outcome.events.empty());
    } else if (!of_channels) {
      EXPECT_TRUE(only_holds(outcome.events, {"signature wanted", "host key to judge", "new keys"}));
      EXPECT_FALSE(said_something_of_the_user);
    } else {
      EXPECT_TRUE(only_holds(outcome.events, {"channel wanted", "channel opened", "channel refused", "data", "eof",
                                              "close", "request exec", "request answered", "global request"}));
    }
  });
  EXPECT_GT(count, 100U);
}

TEST(StateMachine, IsWhatItsTableSays) {
  std::ifstream in(source_directory() + "/conformance/state_machine.md");
  const std::string recorded{std::istreambuf_iterator<char>(in), {}};
  std::istringstream was(recorded), is(test::state_table(outcome_of));
  std::string section, was_line, is_line;
  for (int number = 1; std::getline(is, is_line); ++number) {
    ASSERT_TRUE(std::getline(was, was_line)) << "conformance/state_machine.md ends before: " << is_line;
    if (is_line.starts_with("## ")) section = is_line;
    ASSERT_EQ(was_line, is_line) << "conformance/state_machine.md:" << number << ", " << section;
  }
  EXPECT_FALSE(std::getline(was, was_line)) << "conformance/state_machine.md goes on: " << was_line;
}

}  // namespace
}  // namespace glassh
