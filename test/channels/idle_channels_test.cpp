#include "channels/idle_channels.h"

#include <gtest/gtest.h>

namespace glassh {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class IdleChannelsTest : public testing::Test {
 protected:
  IdleChannelsTest() {
    idle_.set_limits(
        [](std::string_view kind) { return kind == "short" ? seconds(2) : seconds(kind == "long" ? 9 : 0); });
    idle_.set_now(begin_);
  }
  void at(double time) { idle_.set_now(begin_ + milliseconds(static_cast<int>(time * 1000))); }
  std::string idled() {
    const auto found = idle_.next();
    return found ? std::to_string(found->channel) + " " + std::string(found->kind) : "";
  }

  const TimePoint begin_{std::chrono::hours(7)};
  IdleChannels idle_;
};

TEST_F(IdleChannelsTest, EachChannelHasTheLimitOfItsKind) {
  idle_.watch(1, "short");
  idle_.watch(2, "long");
  idle_.watch(3, "unlimited");
  EXPECT_EQ(idle_.next_deadline(), begin_ + seconds(2));
  at(1.9);
  EXPECT_EQ(idled(), "");
  at(2);
  EXPECT_EQ(idled(), "1 short");
  EXPECT_EQ(idled(), "");
  EXPECT_EQ(idle_.next_deadline(), begin_ + seconds(9));
  at(100);
  EXPECT_EQ(idled(), "2 long");
  EXPECT_EQ(idled(), "");
  EXPECT_EQ(idle_.next_deadline(), std::nullopt);
}

TEST_F(IdleChannelsTest, DataInEitherDirectionIsUse) {
  idle_.watch(1, "short");
  at(1.5);
  idle_.received(1);
  at(3);
  EXPECT_EQ(idled(), "");
  idle_.sent(1);  // while the connection still believes in an earlier time
  at(3.4);
  EXPECT_EQ(idled(), "");
  at(5.3);
  EXPECT_EQ(idled(), "");
  EXPECT_LE(*idle_.next_deadline(), begin_ + milliseconds(5400));
  at(5.4);
  EXPECT_EQ(idled(), "1 short");
}

TEST_F(IdleChannelsTest, AChannelMayTurnOutToBeOfAnotherKind) {
  idle_.watch(1, "short");
  idle_.watch(1, "unlimited");
  EXPECT_EQ(idle_.next_deadline(), std::nullopt);
  idle_.watch(1, "long");
  at(3);
  EXPECT_EQ(idled(), "");
  at(9);
  EXPECT_EQ(idled(), "1 long");
}

TEST_F(IdleChannelsTest, AChannelThatIsGoneDoesNotIdle) {
  idle_.watch(1, "short");
  idle_.sent(1);
  idle_.forget(1);
  at(9);
  EXPECT_EQ(idled(), "");
  EXPECT_EQ(idle_.next_deadline(), std::nullopt);
}

}  // namespace
}  // namespace glassh
