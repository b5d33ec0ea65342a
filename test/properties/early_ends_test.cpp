// A connection that breaks off, at any point of a session and in either role: both cores end, answers that come late do
// nothing, and nothing is freed twice or used after. That last part is for AddressSanitizer to see (past vulnerability
// 62).
#include <gtest/gtest.h>

#include "test/support/pair.h"

namespace glassh {
namespace {

using test::Pair;
using test::PairOptions;

enum class End { input_ends, we_disconnect, peer_disconnects, garbage_comes, late_for_login };

void end_server(Pair& pair, End end) {
  switch (end) {
    case End::input_ends:
      return pair.server().end_of_input();
    case End::we_disconnect:
      return pair.server().disconnect(DisconnectReason::by_application, "enough");
    case End::peer_disconnects:
      return pair.client.disconnect(DisconnectReason::by_application, "enough");
    case End::garbage_comes:
      pair.to_server.assign(300, 0x5a);
      return;
    case End::late_for_login:
      return pair.set_now(pair.now + std::chrono::minutes(3));
  }
}

void end_client(Pair& pair, End end) {
  switch (end) {
    case End::input_ends:
      return pair.client.end_of_input();
    case End::we_disconnect:
      return pair.client.disconnect(DisconnectReason::by_application, "enough");
    case End::peer_disconnects:
      return pair.server().disconnect(DisconnectReason::by_application, "enough");
    case End::garbage_comes:
      pair.to_client.assign(300, 0x5a);
      return;
    case End::late_for_login:
      return pair.set_now(pair.now + std::chrono::minutes(3));
  }
}

// A session whose bytes arrive `chunk` at a time, ended after each number of rounds that it has. How many those are.
unsigned end_after_each_round(PairOptions options, End end, bool of_server) {
  options.payload_size = 300;
  for (unsigned rounds = 0;; ++rounds) {
    Pair pair(options);
    unsigned done = 0;
    while (done < rounds && pair.round()) ++done;
    if (done < rounds) return rounds;
    of_server ? end_server(pair, end) : end_client(pair, end);
    EXPECT_NO_THROW(pair.run()) << rounds;
    // What both have said is out; if one of them still waits for the other, that one is gone.
    pair.client.end_of_input();
    pair.server().end_of_input();
    EXPECT_NO_THROW(pair.run()) << rounds;
    EXPECT_TRUE(pair.complete() || (pair.client.closed() && pair.server().closed())) << rounds;
    EXPECT_EQ(pair.client.next_event().has_value(), false);
    EXPECT_EQ(pair.server().next_event().has_value(), false);
  }
}

TEST(EarlyEnds, PastVulnerability62AtAnyByteTheInputMayEnd) {
  for (const bool of_server : {true, false}) {
    PairOptions options;
    options.chunk = 29;  // no multiple of a block, so that each part of a packet has its turn
    EXPECT_GT(end_after_each_round(options, End::input_ends, of_server), 150U);
  }
}

TEST(EarlyEnds, PastVulnerability62InAnyWayAfterAnyMessage) {
  for (const End end :
       {End::input_ends, End::we_disconnect, End::peer_disconnects, End::garbage_comes, End::late_for_login}) {
    for (const bool of_server : {true, false}) {
      PairOptions options;
      options.chunk = 150;
      EXPECT_GT(end_after_each_round(options, end, of_server), 20U) << static_cast<int>(end);
    }
  }
}

// The answers of files, agents and people come when nobody waits for them any more.
TEST(EarlyEnds, PastVulnerability62WhileAnAnswerIsAwaited) {
  for (const End end : {End::input_ends, End::we_disconnect, End::late_for_login}) {
    for (const bool of_server : {true, false}) {
      PairOptions options;
      options.late = 4;
      options.chunk = 3000;
      options.server_rekeys_each_round = true;
      EXPECT_GT(end_after_each_round(options, end, of_server), 20U) << static_cast<int>(end);
    }
  }
}

}  // namespace
}  // namespace glassh
