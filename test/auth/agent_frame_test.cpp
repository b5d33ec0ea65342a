// draft-miller-ssh-agent section 3: messages with their length in front, however they are cut.
#include "auth/agent_frame.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "proto/messages_agent.h"

namespace glassh {
namespace {

void feed(AgentFrames& frames, Bytes bytes) {
  while (!bytes.empty()) {
    const MutableBytes space = frames.space();
    const std::size_t size = std::min(space.size(), bytes.size());
    std::copy_n(bytes.begin(), size, space.begin());
    frames.filled(size);
    bytes = bytes.subspan(size);
  }
}

std::vector<std::uint8_t> length(std::uint32_t value) {
  std::vector<std::uint8_t> out(4);
  put_u32(out.data(), value);
  return out;
}

TEST(AgentFrames, MessagesThatArriveByteByByteComeOutWhole) {
  const std::vector<std::uint8_t> data(5000, 'x');
  const SecretBytes first = agent_frame(msg::AgentSignRequest{bytes_of("key"), data, 4});
  const SecretBytes second = agent_frame(msg::AgentRequestIdentities{});
  AgentFrames frames;
  std::vector<std::vector<std::uint8_t>> got;
  for (const SecretBytes* frame : {&first, &second, &first}) {
    for (const std::uint8_t& byte : frame->reveal()) {
      feed(frames, Bytes(&byte, 1));
      while (const auto payload = frames.next()) got.push_back(copy_of(*payload));
    }
  }
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(text_of(decode<msg::AgentSignRequest>(got[0]).data), text_of(data));
  EXPECT_EQ(got[1], std::vector<std::uint8_t>{agent_number::request_identities});
  EXPECT_EQ(got[2], got[0]);
  EXPECT_FALSE(frames.in_message());
}

TEST(AgentFrames, MessagesThatArriveTogetherComeOutOneByOne) {
  const SecretBytes one = agent_frame(msg::AgentRequestIdentities{});
  std::vector<std::uint8_t> many;
  for (int i = 0; i < 3; ++i) many.insert(many.end(), one.reveal().begin(), one.reveal().end());
  AgentFrames frames;
  feed(frames, many);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(frames.next().has_value());
  EXPECT_FALSE(frames.next().has_value());
}

TEST(AgentFrames, TheLargestMessageIsTakenAndOneByteMoreIsNot) {
  AgentFrames frames;
  feed(frames, length(agent_message_limit));
  feed(frames, std::vector<std::uint8_t>(agent_message_limit, 7));
  const auto payload = frames.next();
  ASSERT_TRUE(payload.has_value());
  EXPECT_EQ(payload->size(), agent_message_limit);

  AgentFrames other;
  feed(other, length(agent_message_limit + 1));
  EXPECT_THROW(other.next(), ProtocolError);
}

// Past vulnerability 58: refused as soon as the length is there; no memory is taken for it.
TEST(AgentFrames, ALengthOf4GigabytesEndsTheStreamAtOnce) {
  AgentFrames frames;
  feed(frames, length(0xffffffff));
  try {
    frames.next();
    FAIL() << "it was taken";
  } catch (const ProtocolError& error) {
    EXPECT_STREQ(error.what(), "agent message: its length is 4294967295, and 262144 is the limit");
  }
  EXPECT_LE(frames.space().size(), 4096u);
}

TEST(AgentFrames, ALengthOfZeroEndsTheStream) {
  AgentFrames frames;
  feed(frames, length(0));
  EXPECT_THROW(frames.next(), ProtocolError);
}

}  // namespace
}  // namespace glassh
