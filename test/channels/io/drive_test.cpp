// Drive's loop over a socketpair: delivering, waiting handlers, deadlines, and every way a connection ends.
#include "channels/io/drive.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "test/channels/io/plain_end.h"
#include "test/support/patience.h"

namespace glassh {
namespace {

using test::PlainPair;
using test::read_all;
using namespace std::chrono_literals;

constexpr std::size_t more_than_may_be_kept = std::size_t{400} * 1024 * 1024;

TEST(Drive, PeerThatVanishesIsReportedOnce) {
  PlainPair pair;
  pair.open_channel();
  pair.right.drive.hub()->finish();  // the socket is closed without a word
  ASSERT_TRUE(pair.run_until([&] { return pair.left.finished; }));
  ASSERT_EQ(pair.left.disconnected.size(), 1u);
  EXPECT_EQ(pair.left.disconnected[0].reason, DisconnectReason::connection_lost);
  EXPECT_FALSE(pair.left.failure);
}

TEST(Drive, PeerThatVanishesWhileWeWriteIsReportedOnce) {
  PlainPair pair;
  const std::uint32_t id = pair.open_channel();
  pair.right.on_request = [&](const ChannelRequested&) { pair.right.drive.hub()->finish(); };
  pair.left.core.channels().at(id).send_request("go", false, {});
  for (int i = 0; i < 1000; ++i) pair.left.core.channels().send_global("x", false, test::zeros_of(30'000));
  pair.left.drive.wake();
  ASSERT_TRUE(pair.run_until([&] { return pair.left.finished; }));
  ASSERT_EQ(pair.left.disconnected.size(), 1u);
  EXPECT_EQ(pair.left.disconnected[0].reason, DisconnectReason::connection_lost);
}

TEST(Drive, WakeHereWritesBeforeItReturns) {
  PlainPair pair;
  const std::uint32_t id = pair.open_channel();
  pair.run_dry();
  pair.left.core.channels().at(id).send_eof();
  pair.left.drive.hub()->wake_here();
  EXPECT_EQ(pair.left.core.backlog(), 0u);
  EXPECT_TRUE(pair.run_until([&] { return pair.right.eofs.contains(id); }));
}

TEST(Drive, WakeHereInATurnMakesAnotherTurn) {
  PlainPair pair;
  const std::uint32_t id = pair.open_channel();
  pair.run_dry();
  pair.right.on_eof = [&] {
    pair.right.core.channels().at(id).send_eof();
    pair.right.drive.hub()->wake_here();
  };
  pair.left.core.channels().at(id).send_eof();
  pair.left.drive.hub()->wake_here();
  EXPECT_TRUE(pair.run_until([&] { return pair.left.eofs.contains(id); }));
}

// The turn in the caller's stack may be the connection's last one; the coroutine says so.
TEST(Drive, WakeHereMayEndTheConnection) {
  PlainPair pair;
  pair.open_channel();
  pair.run_dry();
  pair.left.core.disconnect(DisconnectReason::by_application, "bye");
  pair.left.drive.hub()->wake_here();
  pair.left.drive.hub()->wake_here();
  ASSERT_TRUE(pair.run_until([&] { return pair.left.finished && pair.right.finished; }));
  EXPECT_FALSE(pair.left.failure);
  EXPECT_TRUE(pair.left.drive.hub()->over());
  pair.left.drive.hub()->wake_here();
}

TEST(Drive, LastWordsOfThePeerAreReadEvenWhenWeCannotWrite) {
  PlainPair pair;
  pair.open_channel();
  pair.right.core.disconnect(DisconnectReason::by_application, "bye");
  pair.right.drive.wake();
  ASSERT_TRUE(pair.run_until([&] { return pair.right.finished; }));
  pair.left.core.channels().send_global("x", false);
  pair.left.drive.wake();
  ASSERT_TRUE(pair.run_until([&] { return pair.left.finished; }));
  ASSERT_EQ(pair.left.disconnected.size(), 1u);
  EXPECT_EQ(pair.left.disconnected[0].reason, DisconnectReason::by_application);
  EXPECT_TRUE(pair.left.disconnected[0].by_peer);
}

TEST(Drive, ConnectionThatKeepsTooMuchIsNotReadFrom) {
  PlainPair pair;
  const std::uint32_t id = pair.open_channel();
  Allowance& allowance = pair.right.drive.hub()->allowance();
  allowance.keep(more_than_may_be_kept);
  pair.left.core.channels().at(id).send_eof();
  pair.left.drive.wake();
  pair.run_dry();
  EXPECT_TRUE(pair.right.eofs.empty());
  allowance.let_go(more_than_may_be_kept);  // and it looks again by itself
  EXPECT_TRUE(pair.run_until([&] { return !pair.right.eofs.empty(); }));
  EXPECT_TRUE(pair.right.disconnected.empty());
}

TEST(Drive, ConnectionThatKeepsTooMuchForTooLongEnds) {
  leftover_limits().patience = 1ms;
  PlainPair pair;
  pair.open_channel();
  pair.right.drive.hub()->allowance().keep(more_than_may_be_kept);
  pair.right.drive.wake();
  ASSERT_TRUE(pair.run_until([&] { return pair.left.finished && pair.right.finished; }));
  pair.right.drive.hub()->allowance().let_go(more_than_may_be_kept);
  leftover_limits() = LeftoverLimits();
  ASSERT_EQ(pair.right.disconnected.size(), 1u);
  EXPECT_EQ(pair.right.disconnected[0].description, "too much of what was sent is not read here");
  ASSERT_EQ(pair.left.disconnected.size(), 1u);
  EXPECT_TRUE(pair.left.disconnected[0].by_peer);
}

TEST(Drive, BrokenProtocolIsExplainedBeforeTheSocketCloses) {
  PlainPair pair;
  pair.open_channel();
  pair.left.core.writer().send(msg::ChannelEof{77});
  // More than the receiver will ever read: its close must not destroy its own explanation.
  for (int i = 0; i < 20; ++i) pair.left.core.channels().send_global("x", false, test::zeros_of(30'000));
  pair.left.drive.wake();
  ASSERT_TRUE(pair.run_until([&] { return pair.left.finished && pair.right.finished; }));
  ASSERT_EQ(pair.right.disconnected.size(), 1u);
  EXPECT_EQ(pair.right.disconnected[0].reason, DisconnectReason::protocol_error);
  ASSERT_EQ(pair.left.disconnected.size(), 1u);
  EXPECT_TRUE(pair.left.disconnected[0].by_peer);
  EXPECT_EQ(pair.left.disconnected[0].reason, DisconnectReason::by_application) << "DISCONNECT, not a hang-up";
}

TEST(Drive, ProtocolErrorOfAHandlerEndsTheConnectionLikeAnyOther) {
  PlainPair pair;
  const std::uint32_t id = pair.open_channel();
  pair.right.on_request = [](const ChannelRequested&) { throw ProtocolError("that was too much"); };
  pair.left.core.channels().at(id).send_request("x", false, {});
  pair.left.drive.wake();
  ASSERT_TRUE(pair.run_until([&] { return pair.left.finished && pair.right.finished; }));
  EXPECT_FALSE(pair.right.failure);
  ASSERT_EQ(pair.right.disconnected.size(), 1u);
  EXPECT_EQ(pair.right.disconnected[0].description, "that was too much");
  ASSERT_EQ(pair.left.disconnected.size(), 1u);
  EXPECT_TRUE(pair.left.disconnected[0].by_peer);
}

TEST(Drive, OtherExceptionsOfHandlersAndPumpsComeOutOfRun) {
  for (const bool pump : {false, true}) {
    PlainPair pair;
    const std::uint32_t id = pair.open_channel();
    const auto fail = [] { throw std::runtime_error("a bug"); };
    pair.right.on_request = [&](const ChannelRequested& event) {
      if (!pump) fail();
      pair.right.pipe_in(event.channel, {.ended = fail}).close();
    };
    pair.left.core.channels().at(id).send_request("x", false, {});
    pair.left.drive.wake();
    ASSERT_TRUE(pair.run_until([&] { return pair.left.finished && pair.right.finished; })) << pump;
    ASSERT_TRUE(pair.right.failure);
    EXPECT_THROW(std::rethrow_exception(pair.right.failure), std::runtime_error);
    EXPECT_EQ(pair.left.disconnected.size(), 1u);
  }
}

TEST(Drive, WhileAHandlerWaitsNothingIsDeliveredButWhatIsQueuedIsWritten) {
  PlainPair pair;
  const std::uint32_t id = pair.open_channel();
  Signal gate(pair.io.get_executor());
  pair.right.on_question = [&]() -> asio::awaitable<void> { return gate.wait(); };
  int requests = 0;
  pair.right.on_request = [&](const ChannelRequested&) { ++requests; };
  pair.left.core.ask();
  pair.left.core.channels().at(id).send_request("x", false, {});
  pair.left.drive.wake();
  ASSERT_TRUE(pair.run_until([&] { return pair.right.questions == 1; }));
  pair.right.core.channels().at(id).send_eof();
  pair.right.drive.wake();
  ASSERT_TRUE(pair.run_until([&] { return pair.left.eofs.contains(id); })) << "written meanwhile";
  pair.run_dry();
  EXPECT_EQ(requests, 0);
  gate.raise();
  ASSERT_TRUE(pair.run_until([&] { return requests == 1; }));
  EXPECT_EQ(pair.right.answers, 1);
}

// While a handler waits the drive reads nothing, so it has to look for the end of the input by itself.
TEST(Drive, APeerThatLeavesWhileAHandlerWaitsIsNoticed) {
  PlainPair pair;
  pair.open_channel();
  Signal gate(pair.io.get_executor());
  pair.right.on_question = [&]() -> asio::awaitable<void> { return gate.wait(); };
  pair.right.drive.hub()->on_peer_left = [&] { gate.raise(); };
  pair.left.core.ask();
  pair.left.drive.wake();
  ASSERT_TRUE(pair.run_until([&] { return pair.right.handler_waits; }));
  pair.left.drive.hub()->finish();
  ASSERT_TRUE(pair.run_until([&] { return pair.right.finished; }));
  EXPECT_FALSE(pair.right.handler_waits);
  ASSERT_EQ(pair.right.disconnected.size(), 1u);
  EXPECT_EQ(pair.right.disconnected[0].reason, DisconnectReason::connection_lost);
}

TEST(Drive, AnswerMayBeGivenLaterByAnybody) {
  PlainPair pair;
  const std::uint32_t id = pair.open_channel();
  int requests = 0;
  pair.right.on_request = [&](const ChannelRequested&) { ++requests; };
  for (int i = 0; i < 50; ++i) {
    pair.left.core.ask();
    pair.left.core.channels().at(id).send_request("x", false, {});
  }
  pair.left.drive.wake();
  ASSERT_TRUE(pair.run_until([&] { return requests == 50; }));
  EXPECT_EQ(pair.right.answers, 50);
}

TEST(Drive, DeadlineReachesTheCore) {
  PlainPair pair;
  pair.open_channel();
  pair.left.core.set_deadline(std::chrono::steady_clock::now() + 20ms);
  pair.left.drive.wake();
  ASSERT_TRUE(pair.run_until([&] { return pair.left.finished; }));
  ASSERT_EQ(pair.left.disconnected.size(), 1u);
  EXPECT_EQ(pair.left.disconnected[0].description, "time is up");
}

TEST(Drive, DeadlineCancelsAHandlerThatWaits) {
  PlainPair pair;
  pair.open_channel();
  bool cancelled = false;
  pair.right.on_question = [&]() -> asio::awaitable<void> { return test::wait_for_ever(cancelled); };
  pair.left.core.ask();
  pair.left.drive.wake();
  ASSERT_TRUE(pair.run_until([&] { return pair.right.questions == 1; }));
  EXPECT_FALSE(pair.right.finished);
  pair.right.core.set_deadline(std::chrono::steady_clock::now() + 20ms);
  pair.right.drive.wake();
  ASSERT_TRUE(pair.run_until([&] { return pair.right.finished; }));
  EXPECT_TRUE(cancelled);
  EXPECT_FALSE(pair.right.failure) << "being cancelled is no failure";
  ASSERT_EQ(pair.right.disconnected.size(), 1u);
  EXPECT_EQ(pair.right.disconnected[0].description, "time is up");
}

TEST(Drive, AProtocolErrorElsewhereLetsAHandlerThatWaitsKeepItsEvent) {
  PlainPair pair;
  pair.open_channel();
  bool cancelled = false;
  pair.right.on_question = [&]() -> asio::awaitable<void> { return test::wait_for_ever(cancelled); };
  pair.left.core.ask();
  pair.left.drive.wake();
  ASSERT_TRUE(pair.run_until([&] { return pair.right.questions == 1; }));
  pair.right.drive.hub()->fail(std::make_exception_ptr(ProtocolError("too much, in a pump")));
  ASSERT_TRUE(pair.run_until([&] { return pair.right.finished && pair.left.finished; }));
  EXPECT_TRUE(cancelled);
  EXPECT_FALSE(pair.right.failure);
  ASSERT_EQ(pair.right.disconnected.size(), 1u);
  EXPECT_EQ(pair.right.disconnected[0].description, "too much, in a pump");
  EXPECT_EQ(pair.left.disconnected.size(), 1u);
}

TEST(Drive, PeerThatDoesNotReadIsNotReadFrom) {
  PlainPair pair;
  const std::uint32_t id = pair.open_channel();
  // The right end answers each request with a lot, and the left one is stuck in a handler.
  Signal gate(pair.io.get_executor());
  pair.left.on_question = [&]() -> asio::awaitable<void> { return gate.wait(); };
  int requests = 0;
  pair.right.on_request = [&](const ChannelRequested&) {
    ++requests;
    for (int i = 0; i < 10; ++i) pair.right.core.channels().send_global("x", false, test::zeros_of(30'000));
  };
  pair.right.core.ask();
  pair.right.drive.wake();
  ASSERT_TRUE(pair.run_until([&] { return pair.left.questions == 1; }));
  for (int i = 0; i < 4000; ++i) {
    pair.left.core.channels().at(id).send_request("x", false, test::zeros_of(1000));
    pair.left.drive.wake();
    if (i % 50 == 0) pair.run_dry();
  }
  pair.run_dry();
  EXPECT_GT(requests, 10);
  // 300 kB for each request, and a block may hold sixty of them; but not 4000.
  EXPECT_LT(pair.right.core.backlog(), 32u * 1024 * 1024);
  gate.raise();
  ASSERT_TRUE(pair.run_until([&] { return requests == 4000; }));
}

struct CountingHandler {
  int globals = 0;
  bool ended = false;
  void on(const GlobalRequested&) { ++globals; }
  void on(const Disconnected&) { ended = true; }
  void on(const auto&) {}
};

TEST(Drive, TwoPipesServeInsteadOfASocket) {
  std::signal(SIGPIPE, SIG_IGN);
  asio::io_context io;
  Pipe there = make_pipe();
  Pipe back = make_pipe();
  test::PlainCore core({});
  Drive<test::PlainCore> drive(io.get_executor(), core, std::move(there.read_end), std::move(back.write_end));
  CountingHandler handler;
  bool finished = false;
  asio::co_spawn(io, drive.run(handler), [&](const std::exception_ptr& error) { finished = error == nullptr; });
  test::PlainCore other({});
  other.channels().send_global("hello", false);
  for (const Bytes bytes : other.ready()) EXPECT_GT(::write(there.write_end.get(), bytes.data(), bytes.size()), 0);
  core.channels().send_global("hi", false);
  for (io.run_for(20ms); io.poll() > 0;) io.restart();
  EXPECT_EQ(handler.globals, 1);
  EXPECT_NE(read_all(back.read_end.get()).find("hi"), std::string::npos);
  there.write_end.close();
  io.restart();
  io.run_for(test::patience);
  EXPECT_TRUE(handler.ended);
  EXPECT_TRUE(finished);
}

// ---- handlers that take turns

// Has itself relieved at the third request, at once or after waiting.
struct FirstHandler {
  void on(const GlobalRequested&) {
    if (++globals < 3) return;
    if (at_the_third) at_the_third();
    drive.relieve();
  }
  void on(const Disconnected&) { ended = true; }
  void on(const auto&) {}

  Drive<test::PlainCore>& drive;
  std::function<void()> at_the_third = {};
  int globals = 0;
  bool ended = false;
};

struct FirstWaitingHandler {
  asio::awaitable<void> on(const GlobalRequested&) {
    ++globals;
    if (globals < 3) co_return;
    drive.relieve();
    co_await gate.wait();
    if (fails) throw std::runtime_error("failed");
  }
  void on(const Disconnected&) { ended = true; }
  void on(const auto&) {}

  Drive<test::PlainCore>& drive;
  Signal& gate;
  bool fails = false;
  int globals = 0;
  bool ended = false;
};

// One end, served by two handlers, and the peer's socket.
struct TurnsTest : testing::Test {
  TurnsTest() { std::signal(SIGPIPE, SIG_IGN); }

  template <class First>
  asio::awaitable<void> serve(First& first) {
    co_await drive.run(first);
    relieved = drive.relieved();
    if (relieved) co_await drive.run(second);
    finished = true;
  }
  template <class First>
  void start(First& first) {
    asio::co_spawn(io, serve(first), [this](const std::exception_ptr& error) { failed = error != nullptr; });
  }
  // In one piece, so that one read(2) has them all.
  void send_requests(int count) {
    std::vector<std::uint8_t> bytes;
    test::PlainCore peer({});
    for (int i = 0; i < count; ++i) peer.channels().send_global("x", false);
    for (const Bytes each : peer.ready()) bytes.insert(bytes.end(), each.begin(), each.end());
    EXPECT_EQ(::write(sockets.second.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  void settle() {
    io.restart();
    for (io.run_for(20ms); io.poll() > 0;) io.restart();
  }

  asio::io_context io;
  SocketPair sockets = make_socket_pair();
  test::PlainCore core{{}};
  Drive<test::PlainCore> drive{io.get_executor(), core, std::move(sockets.first)};
  CountingHandler second;
  bool relieved = false, finished = false, failed = false;
};

TEST_F(TurnsTest, TheNextHandlerGetsTheEventBehindTheLastOne) {
  FirstHandler first{drive};
  start(first);
  send_requests(10);
  settle();
  EXPECT_EQ(first.globals, 3);
  EXPECT_EQ(second.globals, 7);
  send_requests(5);
  settle();
  EXPECT_EQ(second.globals, 12);
  sockets.second.close();
  settle();
  EXPECT_TRUE(second.ended && finished);
  EXPECT_FALSE(first.ended || failed);
}

TEST_F(TurnsTest, AHandlerThatWaitsIsRelievedWhenItHasReturned) {
  Signal gate(io.get_executor());
  FirstWaitingHandler first{drive, gate};
  start(first);
  send_requests(10);
  settle();
  EXPECT_FALSE(relieved);
  EXPECT_EQ(second.globals, 0);
  gate.raise();
  settle();
  EXPECT_EQ(first.globals, 3);
  EXPECT_EQ(second.globals, 7);
  EXPECT_FALSE(finished);
}

TEST_F(TurnsTest, NothingIsWrittenBetweenTwoHandlers) {
  FirstHandler first{drive};
  first.at_the_third = [this] { core.channels().send_global("hi", false); };
  asio::co_spawn(io, drive.run(first), asio::detached);
  send_requests(3);
  settle();
  EXPECT_TRUE(drive.relieved());
  EXPECT_EQ(read_all(sockets.second.get()), "");
  asio::co_spawn(io, drive.run(second), asio::detached);
  settle();
  EXPECT_NE(read_all(sockets.second.get()).find("hi"), std::string::npos);
}

TEST_F(TurnsTest, AConnectionThatEndsHasNoNextHandler) {
  FirstHandler first{drive};
  first.at_the_third = [this] { core.disconnect(DisconnectReason::by_application, "bye"); };
  start(first);
  send_requests(10);
  settle();
  sockets.second.close();
  settle();
  EXPECT_TRUE(finished);
  EXPECT_FALSE(relieved);
  EXPECT_EQ(second.globals, 0);
}

TEST_F(TurnsTest, AnEndWhileTheHandlerWaitsForItsReliefCancelsIt) {
  Signal gate(io.get_executor());
  FirstWaitingHandler first{drive, gate};
  start(first);
  send_requests(3);
  settle();
  core.disconnect(DisconnectReason::by_application, "bye");  // as the owner does when the server shuts down
  drive.wake();
  settle();
  sockets.second.close();
  settle();
  EXPECT_TRUE(finished);
  EXPECT_FALSE(relieved);
}

TEST_F(TurnsTest, AHandlerThatFailsAfterItsReliefEndsTheConnection) {
  Signal gate(io.get_executor());
  FirstWaitingHandler first{drive, gate, true};
  start(first);
  send_requests(10);
  settle();
  gate.raise();
  settle();
  sockets.second.close();
  settle();
  EXPECT_TRUE(failed);
  EXPECT_FALSE(relieved);
  EXPECT_EQ(second.globals, 0);
}

}  // namespace
}  // namespace glassh
