// Source and Sink between real pipes and channels: every byte, in order, with back-pressure, and all the ways to end.
#include "channels/io/pump.h"

#include <fcntl.h>
#include <unistd.h>

#include "test/channels/io/plain_end.h"

namespace glassh {
namespace {

using test::at_end;
using test::numbered_text;
using test::PlainPair;
using test::read_all;
using test::write_some;

TEST(Pump, EveryByteOfAPipeArrivesInAnotherInOrder) {
  for (const std::uint32_t window : {1u, 1000u, 100'000u, 2'000'000u}) {
    PlainPair pair({.initial_window = window, .maximum_packet = 32 * 1024, .backlog = 512 * 1024});
    const std::uint32_t id = pair.open_channel();
    Fd in = pair.left.pipe_in(id);
    const Fd out = pair.right.pipe_out(id);
    const std::string text = numbered_text(window == 1 ? 3000 : 3'000'000);
    std::string arrived;
    std::size_t put = 0;
    ASSERT_TRUE(pair.run_until([&] {
      if (in) put += write_some(in.get(), std::string_view(text).substr(put, 50'000));
      if (put == text.size()) in.close();
      arrived += read_all(out.get());
      return at_end(out.get());
    })) << window;
    EXPECT_TRUE(arrived == text) << arrived.size();
    EXPECT_FALSE(pair.left.sources[id]->running());
    EXPECT_TRUE(pair.right.eofs.contains(id));
  }
}

TEST(Pump, BothDirectionsAtOnce) {
  PlainPair pair({.initial_window = 200'000, .maximum_packet = 20'000, .backlog = 100'000});
  const std::uint32_t id = pair.open_channel();
  struct Way {
    Fd in, out;
    std::string text, arrived;
    std::size_t put = 0;
  };
  Way ways[2] = {{pair.left.pipe_in(id), pair.right.pipe_out(id), numbered_text(2'000'000, 1), {}},
                 {pair.right.pipe_in(id), pair.left.pipe_out(id), numbered_text(3'000'000, 2), {}}};
  ASSERT_TRUE(pair.run_until([&] {
    bool done = true;
    for (Way& way : ways) {
      if (way.in) way.put += write_some(way.in.get(), std::string_view(way.text).substr(way.put));
      if (way.put == way.text.size()) way.in.close();
      way.arrived += read_all(way.out.get());
      done = done && at_end(way.out.get());
    }
    return done;
  }));
  for (const Way& way : ways) EXPECT_TRUE(way.arrived == way.text);
}

TEST(Pump, StoppedReaderStopsTheSenderWithinTheWindows) {
  const ChannelLimits limits{.initial_window = 300'000, .maximum_packet = 32 * 1024, .backlog = 200'000};
  PlainPair pair(limits);
  const std::uint32_t id = pair.open_channel();
  Fd in = pair.left.pipe_in(id);
  const Fd out = pair.right.pipe_out(id);
  const std::string text = numbered_text(5'000'000);
  std::size_t put = 0;
  for (int idle = 0; idle < 5; ++idle) {  // until the sender has been stuck for a while
    const std::size_t before = put;
    put += write_some(in.get(), std::string_view(text).substr(put));
    pair.run_dry();
    if (put > before) idle = 0;
  }
  constexpr std::size_t pipe_size = 64 * 1024;
  EXPECT_GT(put, limits.initial_window);
  // Not more than: both pipes, the window. (The socket and the backlog empty themselves into the sink.)
  EXPECT_LE(put, limits.initial_window + 2 * pipe_size);
  EXPECT_LE(pair.right.sinks[id]->pending(), limits.initial_window);
  EXPECT_GT(pair.right.sinks[id]->pending(), 0u);
  EXPECT_EQ(pair.left.core.backlog(), 0u);

  std::string arrived;
  ASSERT_TRUE(pair.run_until([&] {
    put += write_some(in.get(), std::string_view(text).substr(put));
    arrived += read_all(out.get());
    return arrived.size() == text.size();
  }));
  EXPECT_TRUE(arrived == text);
  EXPECT_EQ(pair.right.sinks[id]->pending(), 0u);
}

// One that does not read must not keep the others from getting theirs; and nobody starves.
TEST(Pump, ManyChannelsShareOneConnection) {
  PlainPair pair({.initial_window = 64 * 1024, .maximum_packet = 8 * 1024, .backlog = 128 * 1024});
  struct Way {
    std::uint32_t id;
    Fd in, out;
    std::string text, arrived;
    std::size_t put = 0;
  };
  std::vector<Way> ways;
  for (std::uint64_t i = 0; i < 100; ++i) {
    const std::uint32_t id = pair.open_channel();
    ways.push_back({id, pair.left.pipe_in(id), pair.right.pipe_out(id), numbered_text(100'000 + 1000 * i, i), {}});
  }
  const auto turn = [&](bool first_too) {
    bool done = true;
    for (Way& way : ways) {
      if (way.in) way.put += write_some(way.in.get(), std::string_view(way.text).substr(way.put));
      if (way.put == way.text.size()) way.in.close();
      if (&way == &ways.front() && !first_too) continue;
      way.arrived += read_all(way.out.get());
      done = done && at_end(way.out.get());
    }
    return done;
  };
  ASSERT_TRUE(pair.run_until([&] { return turn(false); }));
  EXPECT_TRUE(ways[0].arrived.empty());
  ASSERT_TRUE(pair.run_until([&] { return turn(true); }));
  for (const Way& way : ways) EXPECT_TRUE(way.arrived == way.text) << way.id;
}

TEST(Pump, EofFollowsTheLastByte) {
  PlainPair pair;
  const std::uint32_t id = pair.open_channel();
  Fd in = pair.left.pipe_in(id);
  EXPECT_EQ(write_some(in.get(), "last words"), 10u);
  in.close();
  ASSERT_TRUE(pair.run_until([&] { return pair.right.eofs.contains(id); }));
  EXPECT_EQ(pair.right.received[id], "last words");
  EXPECT_TRUE(pair.left.core.channels().at(id).eof_sent());
}

// Standard output and standard error end apart; the owner says when the channel's end is.
TEST(Pump, OwnerDecidesWhatTheEndOfADescriptorMeans) {
  PlainPair pair;
  const std::uint32_t id = pair.open_channel();
  int ended = 0;
  Fd in = pair.left.pipe_in(id, {.extended_type = 1, .ended = [&] { ++ended; }});
  write_some(in.get(), "oops");
  in.close();
  ASSERT_TRUE(pair.run_until([&] { return ended > 0 && pair.right.received[id] == "oops"; }));
  pair.run_dry();
  EXPECT_EQ(ended, 1);
  EXPECT_FALSE(pair.left.core.channels().at(id).eof_sent());
}

TEST(Pump, OwnerHearsWhenADescriptorIsEmptyForNow) {
  PlainPair pair;
  const std::uint32_t id = pair.open_channel();
  std::vector<std::size_t> sent_when_empty;
  const auto emptied = [&] { sent_when_empty.push_back(pair.left.core.channels().at(id).window_to_peer()); };
  const Fd in = pair.left.pipe_in(id, {.ended = {}, .emptied = emptied});
  pair.run_dry();
  EXPECT_TRUE(sent_when_empty.empty()) << "nothing has come yet";
  const std::size_t window = pair.left.core.channels().at(id).window_to_peer();
  for (int i = 0; i < 2; ++i) {
    write_some(in.get(), "12345");
    pair.run_dry();
  }
  EXPECT_EQ(sent_when_empty, (std::vector<std::size_t>{window - 5, window - 10}));
}

TEST(Pump, WriterOfAStoppedSourceGetsABrokenPipe) {
  PlainPair pair;
  const std::uint32_t id = pair.open_channel();
  int ended = 0;
  const Fd in = pair.left.pipe_in(id, {.ended = [&] { ++ended; }});
  pair.run_dry();
  pair.left.sources[id]->stop();
  EXPECT_EQ(::write(in.get(), "x", 1), -1);
  EXPECT_EQ(errno, EPIPE);
  pair.run_dry();
  EXPECT_EQ(ended, 0);
  EXPECT_EQ(pair.left.sources[id].use_count(), 1) << "its coroutine has gone";
}

TEST(Pump, ClosedChannelStopsItsSourceAndNoOther) {
  PlainPair pair;
  const std::uint32_t first = pair.open_channel();
  const std::uint32_t second = pair.open_channel();
  const Fd in = pair.left.pipe_in(first);
  const Fd other = pair.left.pipe_in(second);
  pair.run_dry();
  pair.right.core.channels().at(first).close();
  pair.right.drive.wake();
  ASSERT_TRUE(pair.run_until([&] { return pair.left.closes.contains(first); }));
  pair.run_dry();
  EXPECT_EQ(::write(in.get(), "x", 1), -1);
  EXPECT_EQ(pair.left.sources[first].use_count(), 1);
  EXPECT_TRUE(pair.left.sources[second]->running());

  // Its number is given to a new channel, and nothing of the old one shows up there.
  pair.open_channel();  // the old one is buried by the next message
  ASSERT_EQ(pair.open_channel(), first);
  write_some(other.get(), "y");
  ASSERT_TRUE(pair.run_until([&] { return pair.right.received[second] == "y"; }));
  EXPECT_TRUE(pair.right.received[first].empty());
}

TEST(Pump, SinkWhoseReaderLeftConsumesAndSaysSo) {
  const ChannelLimits limits{.initial_window = 100'000, .maximum_packet = 32 * 1024, .backlog = 200'000};
  PlainPair pair(limits);
  const std::uint32_t id = pair.open_channel();
  Fd in = pair.left.pipe_in(id);
  Fd out = pair.right.pipe_out(id);
  int broken = 0;
  pair.right.sinks[id]->on_broken = [&] { ++broken; };
  // It leaves while more waits for it than its pipe holds.
  std::size_t put = 0;
  const std::string text = numbered_text(1'000'000);
  while (pair.right.sinks[id]->pending() == 0) {
    put += write_some(in.get(), std::string_view(text).substr(put));
    pair.run_dry();
  }
  out.close();
  ASSERT_TRUE(pair.run_until([&] {
    put += write_some(in.get(), std::string_view(text).substr(put));
    return put == text.size();
  })) << "the sender must not be stuck";
  pair.run_dry();
  EXPECT_EQ(broken, 1);
  EXPECT_TRUE(pair.right.sinks[id]->broken());
  EXPECT_EQ(pair.right.sinks[id]->pending(), 0u);
  EXPECT_GT(pair.right.core.channels().at(id).window_from_peer().available(), 0u);
}

TEST(Pump, DrainedWaitsForTheReader) {
  PlainPair pair;
  const std::uint32_t id = pair.open_channel();
  Fd in = pair.left.pipe_in(id);
  const Fd out = pair.right.pipe_out(id);
  const std::string text = numbered_text(300'000);
  std::size_t put = 0;
  ASSERT_TRUE(pair.run_until([&] {
    if (in) put += write_some(in.get(), std::string_view(text).substr(put));
    if (put == text.size()) in.close();
    return pair.right.eofs.contains(id);
  }));
  bool drained = false;
  asio::co_spawn(pair.io, pair.right.sinks[id]->drained(), [&](const std::exception_ptr&) { drained = true; });
  pair.run_dry();
  EXPECT_FALSE(drained);
  std::string arrived;
  ASSERT_TRUE(pair.run_until([&] {
    arrived += read_all(out.get());
    return drained;
  }));
  arrived += read_all(out.get());
  EXPECT_TRUE(arrived == text);
  EXPECT_TRUE(at_end(out.get()));
}

// RFC 4254 section 5.3 [4254-5.3-6]: what was sent before CLOSE is still delivered.
TEST(Pump, DataBeforeCloseIsDeliveredAfterIt) {
  PlainPair pair;
  const std::uint32_t id = pair.open_channel();
  Fd in = pair.left.pipe_in(id, {.ended = [&] { pair.left.core.channels().at(id).close(); }});
  const Fd out = pair.right.pipe_out(id);
  const std::string text = numbered_text(300'000);
  std::size_t put = 0;
  pair.right.on_close = [&](std::uint32_t closed) { pair.right.sinks[closed]->end(); };
  ASSERT_TRUE(pair.run_until([&] {
    if (in) put += write_some(in.get(), std::string_view(text).substr(put));
    if (put == text.size()) in.close();
    return pair.right.closes.contains(id);
  }));
  EXPECT_GT(pair.right.sinks[id]->pending(), 0u);
  std::string arrived;
  ASSERT_TRUE(pair.run_until([&] {
    arrived += read_all(out.get());
    return at_end(out.get());
  }));
  EXPECT_TRUE(arrived == text);
}

TEST(Pump, EverythingEndsWhenTheConnectionDoes) {
  PlainPair pair;
  const std::uint32_t id = pair.open_channel();
  const Fd idle = pair.left.pipe_in(id);
  const ChannelRef channel = pair.left.channel(id);
  EXPECT_NE(channel.get(), nullptr);
  pair.right.core.disconnect(DisconnectReason::by_application, "bye");
  pair.right.drive.wake();
  ASSERT_TRUE(pair.run_until([&] { return pair.left.finished && pair.right.finished; }));
  pair.run_dry();
  EXPECT_EQ(channel.get(), nullptr);
  EXPECT_EQ(pair.left.sources[id].use_count(), 1);
  EXPECT_EQ(::write(idle.get(), "x", 1), -1);
}

TEST(Pump, NothingIsHeldWhenNothingMoves) {
  PlainPair pair;
  const std::uint32_t id = pair.open_channel();
  const Fd in = pair.left.pipe_in(id);
  const Fd out = pair.right.pipe_out(id);
  write_some(in.get(), "hello");
  ASSERT_TRUE(pair.run_until([&] { return read_all(out.get()) == "hello"; }));
  pair.run_dry();
  for (test::PlainEnd* end : {&pair.left, &pair.right}) {
    EXPECT_FALSE(end->core.reader().holds_block());
    EXPECT_EQ(end->core.backlog(), 0u);
  }
}

}  // namespace
}  // namespace glassh
