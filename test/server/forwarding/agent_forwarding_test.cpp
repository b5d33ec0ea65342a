// The server's side of agent forwarding: connections to its socket become channels, one each.
#include "server/forwarding/agent_forwarding.h"

#include <csignal>
#include <filesystem>

#include <sys/socket.h>

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include "proto/messages_session.h"
#include "test/server/forwarding/channels_fixture.h"

namespace glassh {
namespace {

class AgentForwardingTest : public test::ChannelsTest {
 protected:
  AgentForwardingTest() { forwarding_ = AgentForwarding::create(hub_, channels_, users_, lines_.log); }
  ~AgentForwardingTest() override { forwarding_.reset(); }

  // A program of the session that connects, and the channel that the client is asked to open for it.
  Fd connect(std::uint32_t& channel) {
    Fd program = connect_to_socket(forwarding_->socket_path());
    run_until_sent();
    const auto open = out_.take_only<msg::ChannelOpen>();
    EXPECT_EQ(open.channel_type, "auth-agent@openssh.com");
    channel = open.sender_channel;
    return program;
  }

  std::shared_ptr<AgentForwarding> forwarding_;
};

TEST_F(AgentForwardingTest, AConnectionBecomesAChannelAndBytesGoBothWays) {
  std::uint32_t channel = 0;
  const Fd program = connect(channel);
  receive(msg::ChannelOpenConfirmation{channel, 7, 1000, 1000, {}});
  ASSERT_EQ(::send(program.get(), "question", 8, 0), 8);
  run_until_sent();
  EXPECT_EQ(text_of(out_.take_only<msg::ChannelData>().data), "question");
  receive(msg::ChannelData{channel, bytes_of("answer")});
  EXPECT_EQ(read(program), "answer");
  // The program hangs up; the client's end, and then CLOSE.
  ::shutdown(program.get(), SHUT_WR);
  run_until_sent();
  EXPECT_EQ(out_.take_only<msg::ChannelEof>().recipient_channel, 7u);
  receive(msg::ChannelEof{channel});
  EXPECT_EQ(out_.take_only<msg::ChannelClose>().recipient_channel, 7u);
  receive(msg::ChannelClose{channel});
  EXPECT_TRUE(out_.take().empty());
}

TEST_F(AgentForwardingTest, AChannelThatTheClientRefusesHangsUpOnTheProgram) {
  std::uint32_t channel = 0;
  const Fd program = connect(channel);
  EXPECT_TRUE(silent(program));
  receive(msg::ChannelOpenFailure{channel, 1, "no", ""});
  EXPECT_EQ(read(program), "");
}

TEST_F(AgentForwardingTest, ThereIsALimitOfConnections) {
  std::vector<Fd> programs;
  for (int i = 0; i < 105; ++i) {
    programs.push_back(connect_to_socket(forwarding_->socket_path()));
    run();
  }
  EXPECT_EQ(read(programs[100]), "");
  EXPECT_EQ(out_.take().size(), 100u);
  EXPECT_TRUE(silent(programs[99]));
}

// Past vulnerability 94
TEST_F(AgentForwardingTest, TheSocketsNamesGoWithTheConnection) {
  const std::filesystem::path path = forwarding_->socket_path();
  EXPECT_EQ(std::filesystem::status(path.parent_path()).permissions(), std::filesystem::perms::owner_all);
  EXPECT_EQ(std::filesystem::status(path).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  forwarding_.reset();
  EXPECT_FALSE(std::filesystem::exists(path.parent_path()));
}

}  // namespace
}  // namespace glassh
