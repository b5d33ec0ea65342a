// Drive's loop over a socketpair: delivering, waiting handlers, deadlines, and every way a connection ends.
#include "channels/io/drive.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test/channels/io/plain_end.h"

namespace glassh {
namespace {

using test::PlainPair;
using test::read_all;
using namespace std::chrono_literals;

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
  io.run_for(50ms);
  EXPECT_EQ(handler.globals, 1);
  EXPECT_NE(read_all(back.read_end.get()).find("hi"), std::string::npos);
  there.write_end.close();
  io.restart();
  io.run_for(5s);
  EXPECT_TRUE(handler.ended);
  EXPECT_TRUE(finished);
}

}  // namespace
}  // namespace glassh
