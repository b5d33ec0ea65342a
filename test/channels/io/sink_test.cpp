// A Sink between a channel and a real pipe: slow readers, readers that leave, channels that close.
#include "channels/io/sink.h"

#include "test/channels/io/plain_end.h"

namespace glassh {
namespace {

using test::at_end;
using test::numbered_text;
using test::PlainPair;
using test::read_all;
using test::write_some;

TEST(Sink, WhoseReaderLeftConsumesAndReportsIt) {
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

TEST(Sink, DrainedWaitsForTheReader) {
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
TEST(Sink, DataBeforeCloseIsDeliveredAfterIt) {
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

}  // namespace
}  // namespace glassh
