// Which user of a connection's channels gets which event.
#include "channels/io/channel_users.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "test/channels/io/plain_end.h"

namespace glassh {
namespace {

using test::PlainPair;

class Recorder : public ChannelUser {
 public:
  Recorder(ChannelRef channel, std::vector<std::string>& events) : ChannelUser(std::move(channel)), events_(events) {}
  ~Recorder() override { events_.push_back("gone"); }
  using ChannelUser::on;
  void on(const DataArrived&) override { events_.push_back("data"); }
  void on(const EofArrived&) override { events_.push_back("eof"); }
  void on(const CloseArrived&) override { events_.push_back("close"); }
  void end() override { events_.push_back("end"); }

 private:
  std::vector<std::string>& events_;
};

class ChannelUsersTest : public testing::Test {
 protected:
  PlainPair pair_;
  std::uint32_t id_ = pair_.open_channel();
  std::vector<std::string> events_;
  ChannelUsers users_;
};

TEST_F(ChannelUsersTest, AUserLivesUntilItsChannelIsGone) {
  users_.add(std::make_shared<Recorder>(pair_.left.channel(id_), events_));
  EXPECT_TRUE(users_.route(DataArrived{id_, {}, 0}));
  EXPECT_TRUE(users_.route(EofArrived{id_}));
  EXPECT_FALSE(users_.route(EofArrived{id_ + 1})) << "a channel that has no user";
  EXPECT_TRUE(users_.route(CloseArrived{id_}));
  EXPECT_EQ(events_, (std::vector<std::string>{"data", "eof", "close", "gone"}));
  EXPECT_FALSE(users_.route(DataArrived{id_, {}, 0}));
}

TEST_F(ChannelUsersTest, TheEndIsToldOnce) {
  users_.add(std::make_shared<Recorder>(pair_.left.channel(id_), events_));
  users_.end();
  users_.end();
  EXPECT_EQ(events_, (std::vector<std::string>{"end", "gone"}));
}

// RFC 4254 section 5.4 [4254-5.4-1] [4254-5.4-2]
TEST_F(ChannelUsersTest, ARequestThatAUserDoesNotKnowIsRefusedIfAnAnswerIsWanted) {
  pair_.left.on_request = [this](const ChannelRequested& event) { EXPECT_TRUE(users_.route(event)); };
  users_.add(std::make_shared<Recorder>(pair_.left.channel(id_), events_));
  std::vector<bool> answers;
  pair_.right.on_answer = [&](bool success) { answers.push_back(success); };
  Channel& channel = pair_.right.core.channels().at(id_);
  channel.send_request("first", false, {});
  channel.send_request("second", true, {});
  pair_.right.drive.wake();
  ASSERT_TRUE(pair_.run_until([&] { return !answers.empty(); }));
  EXPECT_EQ(answers, std::vector<bool>{false});
}

// Throws when it learns the end.
class Faulty final : public Recorder {
 public:
  using Recorder::Recorder;
  void end() override {
    Recorder::end();
    throw std::runtime_error("no memory");
  }
};

TEST_F(ChannelUsersTest, TheEndIsToldToAllAlsoIfOneThrows) {
  for (int i = 0; i < 5; ++i) {
    users_.add(std::make_shared<Faulty>(pair_.left.channel(i == 0 ? id_ : pair_.open_channel()), events_));
  }
  EXPECT_THROW(users_.end(), std::runtime_error);
  EXPECT_EQ(std::count(events_.begin(), events_.end(), "end"), 5);
  EXPECT_EQ(users_.count(), 0U);
}

}  // namespace
}  // namespace glassh
