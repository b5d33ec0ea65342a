// Source and Sink together, between real pipes and channels: every byte, in order, with back-pressure.
#include "channels/io/sink.h"
#include "channels/io/source.h"

#include <cerrno>

#include <unistd.h>

#include "test/channels/io/plain_end.h"

namespace glassh {
namespace {

using test::at_end;
using test::numbered_text;
using test::PlainPair;
using test::read_all;
using test::write_some;

TEST(SourceAndSink, EveryByteOfAPipeArrivesInAnotherInOrder) {
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

TEST(SourceAndSink, BothDirectionsAtOnce) {
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

TEST(SourceAndSink, StoppedReaderStopsTheSenderWithinTheWindows) {
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
TEST(SourceAndSink, ManyChannelsShareOneConnection) {
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

TEST(SourceAndSink, EverythingEndsWhenTheConnectionDoes) {
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

TEST(SourceAndSink, NothingIsHeldWhenNothingMoves) {
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
