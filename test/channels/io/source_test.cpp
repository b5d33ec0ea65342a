// A Source between a real pipe and a channel: the ends of its input, of its channel and of itself.
#include "channels/io/source.h"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <memory>
#include <utility>

#include <unistd.h>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "test/channels/io/plain_end.h"

namespace glassh {
namespace {

using test::PlainPair;
using test::write_some;

TEST(Source, EofFollowsTheLastByte) {
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
TEST(Source, OwnerDecidesWhatTheEndOfADescriptorMeans) {
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

TEST(Source, OwnerHearsWhenADescriptorIsEmptyForNow) {
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

// Counts the reads of a pipe.
class CountedInput final : public SourceInput {
 public:
  CountedInput(Descriptor descriptor, int& reads) : descriptor_(std::move(descriptor)), reads_(reads) {}
  IoResult read(MutableBytes place) override {
    ++reads_;
    return descriptor_.read(place);
  }
  asio::awaitable<void> readable() override { return descriptor_.readable(); }
  void close() override { descriptor_.close(); }

 private:
  Descriptor descriptor_;
  int& reads_;
};

TEST(Source, KeyPressIsOneRead) {
  PlainPair pair;
  const std::uint32_t id = pair.open_channel();
  Pipe pipe = make_pipe();
  int reads = 0;
  const asio::any_io_executor executor = pair.left.drive.hub()->executor();
  auto input = std::make_unique<CountedInput>(Descriptor::own(executor, std::move(pipe.read_end)), reads);
  pair.left.sources[id] = Source::start(pair.left.channel(id), std::move(input));
  for (const std::string text : {"k", "ke", "key"}) {
    write_some(pipe.write_end.get(), text.substr(text.size() - 1));
    ASSERT_TRUE(pair.run_until([&] { return pair.right.received[id] == text; }));
    pair.run_dry();
  }
  EXPECT_EQ(reads, 3);
}

// Never has to wait, and counts its reads.
class EndlessInput final : public SourceInput {
 public:
  EndlessInput(asio::any_io_executor executor, int& reads) : executor_(std::move(executor)), reads_(reads) {}
  IoResult read(MutableBytes place) override {
    ++reads_;
    return {open_ ? place.size() : 0, 0};
  }
  asio::awaitable<void> readable() override { co_await asio::post(executor_, asio::use_awaitable); }
  void close() override { open_ = false; }

 private:
  asio::any_io_executor executor_;
  int& reads_;
  bool open_ = true;
};

// How many packets of an endless input are read before others have their turn, at most.
int most_packets_in_a_turn(std::uint32_t maximum_packet, bool user_types) {
  PlainPair pair(ChannelLimits{.maximum_packet = maximum_packet});
  const std::uint32_t id = pair.open_channel();
  int reads = 0, before = 0, most = 0, turns = 0;
  const asio::any_io_executor executor = pair.left.drive.hub()->executor();
  pair.left.sources[id] = Source::start(pair.left.channel(id), std::make_unique<EndlessInput>(executor, reads));
  const std::function<void()> others = [&] {
    ++turns;
    most = std::max(most, reads - std::exchange(before, reads));
    if (user_types) pair.left.drive.hub()->on_typed();
    asio::post(executor, others);
  };
  others();
  while (turns < 500) pair.io.run_one();
  EXPECT_GT(reads, 100);
  return most;
}

TEST(Source, BulkLetsOthersHaveTheirTurn) {
  EXPECT_LE(most_packets_in_a_turn(32 * 1024, false), 5);
  EXPECT_LE(most_packets_in_a_turn(32 * 1024, true), 1);
  // The peer decides how small they are.
  EXPECT_LE(most_packets_in_a_turn(1, false), 50);
  EXPECT_LE(most_packets_in_a_turn(1, true), 10);
}

TEST(Source, WriterOfAStoppedSourceGetsABrokenPipe) {
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

TEST(Source, ClosedChannelStopsItsSourceAndNoOther) {
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

}  // namespace
}  // namespace glassh
