// A channel between two sockets, as forwarding has it: each direction ends by itself.
#include "channels/io/forwarded_stream.h"

#include <algorithm>

#include <sys/socket.h>

#include "test/channels/io/plain_end.h"

namespace glassh {
namespace {

using test::at_end;
using test::numbered_text;
using test::PlainPair;
using test::read_all;
using test::write_some;

// Streams at both ends of one channel: `near` and `far` are what the forwarded programs hold.
class ForwardedStreamTest : public testing::Test {
 protected:
  ForwardedStreamTest() : id_(pair_.open_channel()) {
    near_ = join(pair_.left, left_);
    far_ = join(pair_.right, right_);
  }

  Fd join(test::PlainEnd& end, std::shared_ptr<ForwardedStream>& stream) {
    SocketPair sockets = make_socket_pair();
    stream = ForwardedStream::join(end.channel(id_), std::move(sockets.first));
    end.on_data = [&stream](const DataArrived& event) { stream->on(event); };
    end.on_eof = [&stream, this] { stream->on(EofArrived{id_}); };
    end.on_close = [&stream](std::uint32_t id) { stream->on(CloseArrived{id}); };
    return std::move(sockets.second);
  }
  bool both_closed() { return pair_.left.closes.contains(id_) && pair_.right.closes.contains(id_); }

  PlainPair pair_{{.initial_window = 100'000, .maximum_packet = 20'000, .backlog = 100'000}};
  std::uint32_t id_;
  std::shared_ptr<ForwardedStream> left_, right_;
  Fd near_, far_;
};

TEST_F(ForwardedStreamTest, AHalfClosedSocketStillGetsItsAnswer) {  // [4254-5.3-1] [4254-5.3-2]
  write_some(near_.get(), "question");
  ::shutdown(near_.get(), SHUT_WR);
  std::string question;
  ASSERT_TRUE(pair_.run_until([&] {
    question += read_all(far_.get());
    return question == "question" && at_end(far_.get());
  }));
  EXPECT_FALSE(both_closed());
  const std::string answer = numbered_text(1'000'000);
  std::size_t put = 0;
  std::string arrived;
  ASSERT_TRUE(pair_.run_until([&] {
    put += write_some(far_.get(), std::string_view(answer).substr(put));
    if (put == answer.size()) ::shutdown(far_.get(), SHUT_WR);
    arrived += read_all(near_.get());
    return arrived.size() == answer.size() && at_end(near_.get());
  }));
  EXPECT_TRUE(arrived == answer);
  EXPECT_TRUE(pair_.run_until([&] { return both_closed(); }));
}

TEST_F(ForwardedStreamTest, AReaderThatSleepsStopsTheWriterAndNothingIsLost) {
  const std::string text = numbered_text(3'000'000);
  std::size_t put = 0;
  for (int i = 0; i < 100; ++i) {
    put += write_some(near_.get(), std::string_view(text).substr(put));
    pair_.run_dry();
  }
  EXPECT_LT(put, 2'000'000u) << "somebody keeps it all in memory";
  std::string arrived;
  ASSERT_TRUE(pair_.run_until([&] {
    put += write_some(near_.get(), std::string_view(text).substr(put));
    arrived += read_all(far_.get());
    return arrived.size() == text.size();
  }));
  EXPECT_TRUE(arrived == text);
}

TEST_F(ForwardedStreamTest, AProgramThatGoesAwayClosesTheChannel) {
  far_.close();
  write_some(near_.get(), "into the void");
  ASSERT_TRUE(pair_.run_until([&] { return at_end(near_.get()); }));
  near_.close();
  EXPECT_TRUE(pair_.run_until([&] { return both_closed(); }));
}

// It had two, which halves the number of streams that a process can have.
TEST_F(ForwardedStreamTest, HasOneDescriptor) {
  const Fd before = Fd::duplicate(near_.get());
  SocketPair sockets = make_socket_pair();
  const std::uint32_t id = pair_.open_channel();
  const Fd theirs = std::move(sockets.second);
  const Fd lowest_free = Fd::duplicate(near_.get());
  auto another = ForwardedStream::join(pair_.left.channel(id), std::move(sockets.first));
  const Fd next = Fd::duplicate(near_.get());
  EXPECT_EQ(next.get(), lowest_free.get() + 1);
  another->end();
}

TEST_F(ForwardedStreamTest, DataOfAStreamThatNoForwardingHasIsDroppedAndCounted) {
  Channel& channel = pair_.left.core.channels().at(id_);
  const std::uint32_t window = channel.window_to_peer();
  for (int i = 0; i < 20; ++i) {
    const MutableBytes place = channel.data_space(10'000, 1);
    std::fill(place.begin(), place.end(), 'x');
    channel.commit(place.size());
    pair_.left.drive.wake();
    pair_.run_dry();
  }
  EXPECT_GT(channel.window_to_peer() + 60'000, window) << "the window was not given back";
  EXPECT_EQ(read_all(far_.get()), "");
}

}  // namespace
}  // namespace glassh
