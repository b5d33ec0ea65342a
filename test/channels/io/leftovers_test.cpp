// Bytes that a closed channel, or a connection that has ended, leaves for readers who do not take them.
#include "channels/io/leftovers.h"

#include <string>
#include <vector>

#include "channels/io/holdings.h"
#include "test/channels/io/plain_end.h"

namespace glassh {
namespace {

using test::at_end;
using test::numbered_text;
using test::PlainPair;
using test::read_all;
using test::write_some;

constexpr std::size_t pipe_size = 64 * 1024;

// Channels whose readers at the right end take nothing unless the test does.
class LeftoversTest : public testing::Test {
 protected:
  LeftoversTest() {
    pair_.right.on_close = [this](std::uint32_t id) { pair_.right.sinks[id]->leave(); };
    pair_.right.drive.hub()->allowance().log_to("user ann", [this](std::string_view line) { log_.emplace_back(line); });
  }
  ~LeftoversTest() override { leftover_limits() = LeftoverLimits(); }

  // Sends `text` on a new channel and closes it. Returns the reader of the other side.
  Fd leave_behind(const std::string& text) {
    Fd reader = send(text);
    pair_.left.core.channels().at(sender_).close();
    pair_.left.drive.wake();
    EXPECT_TRUE(pair_.run_until([&] { return pair_.right.closes.contains(receiver_); }));
    return reader;
  }
  // The same, and the channel stays open. A number is used again, and not by both sides at the same time.
  Fd send(const std::string& text) {
    pair_.right.on_open = [this](std::uint32_t id) { receiver_ = id; };
    sender_ = pair_.open_channel();
    pair_.right.closes.erase(receiver_);
    pair_.right.eofs.erase(receiver_);
    Fd reader = pair_.right.pipe_out(receiver_);
    Fd in = pair_.left.pipe_in(sender_);
    std::size_t put = 0;
    EXPECT_TRUE(pair_.run_until([&] {
      if (in) put += write_some(in.get(), std::string_view(text).substr(put));
      if (put == text.size()) in.close();
      return pair_.right.eofs.contains(receiver_);
    }));
    return reader;
  }
  void end_connection() {
    pair_.left.core.disconnect(DisconnectReason::by_application, "bye");
    pair_.left.drive.wake();
    ASSERT_TRUE(pair_.run_until([&] { return pair_.right.finished; }));
    for (const auto& [id, sink] : pair_.right.sinks) sink->leave();
  }
  std::string take_all(const Fd& reader) {
    std::string text;
    EXPECT_TRUE(pair_.run_until([&] {
      text += read_all(reader.get());
      return at_end(reader.get());
    }));
    return text;
  }

  std::vector<std::string> log_;  // the last line may come when the pair ends
  PlainPair pair_;
  std::uint32_t sender_ = 0, receiver_ = 0;  // the numbers of the last channel
};

TEST_F(LeftoversTest, OfALivingConnectionHaveNoDeadline) {  // [4254-5.3-6]
  leftover_limits().patience = std::chrono::seconds(0);
  const std::string text = numbered_text(300'000);
  const Fd reader = leave_behind(text);
  pair_.run_dry();
  EXPECT_TRUE(take_all(reader) == text);
  EXPECT_EQ(log_, std::vector<std::string>{});
}

TEST_F(LeftoversTest, OfAConnectionThatHasEndedAreDelivered) {  // [4254-5.3-6]
  const std::string text = numbered_text(300'000);
  const Fd open = send(text);
  const Fd closed = leave_behind(text);
  end_connection();
  EXPECT_TRUE(take_all(closed) == text);
  EXPECT_TRUE(take_all(open) == text);
  EXPECT_EQ(log_, std::vector<std::string>{});
}

TEST_F(LeftoversTest, AreDroppedAfterTheConnectionWhenTheirReaderTakesNothing) {
  leftover_limits().patience = std::chrono::milliseconds(1);
  const std::int64_t before = holdings().kept_bytes;
  const Fd open = send(numbered_text(300'000));
  const Fd closed = leave_behind(numbered_text(200'000));
  EXPECT_GE(holdings().kept_bytes, before + 500'000 - static_cast<std::int64_t>(2 * pipe_size));
  end_connection();
  ASSERT_TRUE(pair_.run_until([&] { return holdings().kept_bytes == before; }));
  EXPECT_EQ(take_all(closed).size(), pipe_size) << "what the kernel has stays";
  EXPECT_EQ(take_all(open).size(), pipe_size);
  EXPECT_EQ(holdings().timers, 0);
  ASSERT_FALSE(log_.empty());
  EXPECT_EQ(log_[0].substr(0, 17), "user ann: dropped");
}

TEST_F(LeftoversTest, OldestGoesFirstWhenThereAreTooManyBytes) {
  leftover_limits().bytes = 1'000'000;
  const std::string text = numbered_text(400'000);
  const Fd first = leave_behind(text);
  const Fd second = leave_behind(text);
  pair_.run_dry();
  EXPECT_EQ(log_, std::vector<std::string>{});
  const Fd third = leave_behind(text);
  pair_.run_dry();
  EXPECT_EQ(take_all(first).size(), pipe_size);
  EXPECT_TRUE(take_all(second) == text);
  EXPECT_TRUE(take_all(third) == text);
  EXPECT_EQ(log_,
            std::vector<std::string>{"user ann: dropped 334464 bytes that the reader of a closed channel never read"});
}

TEST_F(LeftoversTest, OldestGoesFirstWhenThereAreTooManyReaders) {
  leftover_limits().sinks = 2;
  const std::string text = numbered_text(100'000);
  const Fd first = leave_behind(text);
  const Fd second = leave_behind(text);
  const Fd third = leave_behind(text);
  pair_.run_dry();
  EXPECT_EQ(take_all(first).size(), pipe_size);
  EXPECT_TRUE(take_all(second) == text);
  EXPECT_TRUE(take_all(third) == text);
}

// Those of two connections: what one leaves is its own, until the process has too much.
TEST_F(LeftoversTest, OfTheProcessHaveABudgetToo) {
  leftover_limits().sinks = 2;
  leftover_limits().connections = 1;
  const std::string text = numbered_text(100'000);
  const Fd first = leave_behind(text);
  PlainPair other;
  const std::uint32_t id = other.open_channel();
  const Fd reader = other.right.pipe_out(id);
  Fd in = other.left.pipe_in(id);
  other.right.on_close = [&](std::uint32_t closed) { other.right.sinks[closed]->leave(); };
  std::size_t put = 0;
  ASSERT_TRUE(other.run_until([&] {
    if (in) put += write_some(in.get(), std::string_view(text).substr(put));
    if (put == text.size()) in.close();
    return other.right.eofs.contains(id);
  }));
  other.left.core.channels().at(id).close();
  other.left.drive.wake();
  ASSERT_TRUE(other.run_until([&] { return other.right.closes.contains(id); }));
  const Fd third = leave_behind(text);
  pair_.run_dry();
  EXPECT_EQ(take_all(first).size(), pipe_size) << "the oldest of all";
  EXPECT_TRUE(take_all(third) == text);
  std::string arrived;
  ASSERT_TRUE(other.run_until([&] {
    arrived += read_all(reader.get());
    return at_end(reader.get());
  }));
  EXPECT_TRUE(arrived == text);
}

}  // namespace
}  // namespace glassh
