#include "channels/io/hub.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <poll.h>
#include <sys/socket.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "channels/io/leftovers.h"
#include "channels/io/sink.h"
#include "channels/io/source.h"

namespace glassh {

namespace {
// Sources resumed in one turn. Each may fill a good part of the writer's backlog, so more would find no room.
constexpr std::size_t offers_per_turn = 8;
// Reads, of 16 KiB each, before others have their turn.
constexpr unsigned reads_of_leave = 16;

IoResult discard(Descriptor& input) {
  std::array<std::uint8_t, 16 * 1024> nowhere;
  return input.read(nowhere);
}

}  // namespace

Channel* ChannelRef::get() const { return hub_ != nullptr && !hub_->over() ? channels_->find(handle_) : nullptr; }

void ChannelRef::watch_idle_as(std::string_view kind) const {
  if (get() != nullptr) channels_->idle().watch(handle_.id, kind);
}

Hub::Hub(const asio::any_io_executor& executor, Fd input, Fd output)
    : executor_(executor), input_(Descriptor::own(executor, std::move(input))), wake_(executor), timer_(executor) {
  if (output) output_ = Descriptor::own(executor, std::move(output));
}

ChannelRef Hub::channel(Channels& channels, std::uint32_t id) {
  return ChannelRef(shared_from_this(), channels, channels.at(id).handle());
}

void Hub::fail(std::exception_ptr failure) {
  if (failure_ == nullptr) failure_ = std::move(failure);
  wake();
}

void Hub::spawn(asio::awaitable<void> work) {
  asio::co_spawn(executor_, std::move(work), [self = shared_from_this()](const std::exception_ptr& failure) {
    if (failure != nullptr) self->fail(failure);
  });
}

asio::awaitable<void> Hub::turn(const std::function<void()>& here) {
  struct Waiting {
    ~Waiting() { hub->here_ = nullptr; }
    const std::shared_ptr<Hub> hub;
  } const waiting{shared_from_this()};
  here_ = &here;
  co_await wake_.wait();
}

// During the turn the drive does not wait, so what wakes it then makes another turn.
void Hub::wake_here() {
  if (here_ == nullptr || wake_.raised()) return wake();
  const std::shared_ptr<Hub> self = shared_from_this();
  const std::function<void()>* const here = std::exchange(here_, nullptr);
  (*here)();
  here_ = here;
}

bool Hub::peer_has_left() const {
  pollfd asked{input_.number(), POLLRDHUP, 0};
  return ::poll(&asked, 1, 0) > 0;
}

void Hub::await_input() {
  if (input_awaited_ || over_) return;
  input_awaited_ = true;
  input_.when_readable([self = shared_from_this()] {
    self->input_awaited_ = false;
    self->wake_here();
  });
}

void Hub::await_output() {
  if (output_awaited_ || over_) return;
  output_awaited_ = true;
  output().when_writable([self = shared_from_this()] {
    self->output_awaited_ = false;
    self->wake_here();
  });
}

// Deadlines move with every packet, mostly to later. So the timer is left alone unless it would fire too late: it wakes
// the drive too early now and then, and is set anew.
void Hub::await_time(Clock::time_point deadline) {
  if (over_ || (armed_ && *armed_ <= deadline)) return;
  armed_ = deadline;
  timer_.expires_at(deadline);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (error) return;  // set anew
    self->armed_.reset();
    self->wake();
  });
}

void Hub::offer_room() {
  std::size_t offers = 0;
  const auto resumed = [&](Source* source) {
    if (offers == offers_per_turn || !source->can_go_on()) return false;
    ++offers;
    source->room_.raise();
    return true;
  };
  waiting_for_room_.erase(std::remove_if(waiting_for_room_.begin(), waiting_for_room_.end(), resumed),
                          waiting_for_room_.end());
}

void Hub::channels_closed() {
  for (Source* const source : sources_) source->stop_if_channel_gone();
}

void Hub::remove(Source& source) {
  std::erase(sources_, &source);
  std::erase(waiting_for_room_, &source);
}

// Closing a socket with received bytes that were not read makes TCP send a reset, which can destroy our last words (the
// DISCONNECT with its explanation) before the peer has read them. So say that we are done, and wait for it to hang up.
asio::awaitable<void> Hub::take_leave(std::chrono::milliseconds at_most) {
  const std::shared_ptr<Hub> self = shared_from_this();
  const Clock::time_point end = Clock::now() + at_most;
  ::shutdown(output().number(), SHUT_WR);  // fails for pipes, which have no such trouble
  unsigned reads = 0;
  while (!over_ && Clock::now() < end) {
    const IoResult got = discard(input_);
    if (got.size > 0) {
      // A peer that does not stop sending must not keep this thread from its other connections.
      if (++reads % reads_of_leave == 0) co_await asio::post(executor_, asio::use_awaitable);
      continue;
    }
    if (!got.would_block()) break;
    await_input();
    await_time(end);  // each time: the timer may have been set for something earlier
    co_await turn();
  }
}

Fd Hub::release() {
  if (output_) throw std::logic_error("Hub: a connection over two descriptors cannot be given out");
  Fd socket = input_.release();
  finish();
  return socket;
}

void Hub::finish() {
  if (over_) return;
  over_ = true;
  timer_.cancel();
  input_.close();
  if (output_) output_->close();
  for (Source* const source : sources_) source->stop();
  for (const std::shared_ptr<Sink>& sink : leftovers_of(*this)) sink->on_connection_end();
  wake();
}

}  // namespace glassh
