#include "channels/io/sink.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include <sys/socket.h>

#include "channels/io/holdings.h"
#include "proto/secret_bytes.h"

namespace glassh {

namespace {
constexpr std::size_t smallest_piece = 4096;
}  // namespace

Sink::Sink(ChannelRef channel, Descriptor output, End end)
    : channel_(std::move(channel)),
      output_(std::move(output)),
      how_it_ends_(end),
      patience_(channel_.hub()->executor()),
      drained_(channel_.hub()->executor()) {}

Sink::~Sink() { drop_pieces(pieces_.size()); }

std::shared_ptr<Sink> Sink::create(ChannelRef channel, Descriptor output, End end) {
  return std::make_shared<Sink>(std::move(channel), std::move(output), end);
}

void Sink::write(Bytes data) {
  while (pending_ == 0 && output_.is_open() && !data.empty()) {
    const IoResult put = output_.write(data);
    if (put.failed()) {
      fail();
      break;
    }
    consumed(put.size);
    data = data.subspan(put.size);
    if (put.would_block()) break;
  }
  if (!output_.is_open()) {
    consumed(data.size());
  } else if (!data.empty()) {
    keep(data);
  }
}

// RFC 4254 section 5.3 [4254-5.3-6]: delivered even if the channel closes meanwhile. What is kept has not been given
// back to the peer's window, so it is never more than that.
void Sink::keep(Bytes data) {
  pending_ += data.size();
  while (!data.empty()) {
    if (pieces_.empty() || pieces_.back().end == pieces_.back().memory.size()) {
      pieces_.push_back(piece_for(data.size()));
    }
    Piece& piece = pieces_.back();
    const std::size_t size = std::min(data.size(), piece.memory.size() - piece.end);
    std::memcpy(piece.memory.data() + piece.end, data.data(), size);
    piece.end += size;
    data = data.subspan(size);
  }
  if (!std::exchange(draining_, true)) channel_.hub()->spawn(drain(shared_from_this()));
}

// Small at first, so that many channels with a few bytes each do not hold a block each.
Sink::Piece Sink::piece_for(std::size_t size) {
  const std::size_t wanted = std::bit_ceil(std::max({size, held_, smallest_piece}));
  Piece piece;
  if (wanted >= block_size / 2) {
    piece.memory = BlockPool::of_this_thread().lease();
  } else {
    piece.memory = BlockLease(std::make_unique_for_overwrite<std::uint8_t[]>(wanted), wanted);
  }
  held_ += piece.memory.size();
  channel_.hub()->allowance().keep(piece.memory.size());
  return piece;
}

asio::awaitable<void> Sink::drain(std::shared_ptr<Sink> self) {
  while (self->pending_ > 0) {
    co_await self->output_.writable();
    while (self->pending_ > 0 && self->write_kept()) {
    }
    self->channel_.hub()->wake();
  }
  self->draining_ = false;
  if (self->ended_) self->close_output();
  self->drained_.raise();
}

// False when the descriptor takes no more for now.
bool Sink::write_kept() {
  Piece& piece = pieces_.front();
  const IoResult put = output_.write(Bytes(piece.memory.data() + piece.begin, piece.end - piece.begin));
  if (put.failed()) {
    fail();
    return true;
  }
  if (put.would_block()) return false;
  piece.begin += put.size;
  pending_ -= put.size;
  progress_ = Hub::Clock::now();
  channel_.hub()->allowance().on_progress();
  if (piece.begin == piece.end) drop_pieces(1);
  consumed(put.size);
  return true;
}

void Sink::end() {
  ended_ = true;
  if (pending_ == 0) close_output();
}

// RFC 4254 section 5.3 [4254-5.3-6]: the rest is still delivered, if its reader takes it.
void Sink::leave() {
  end();
  if (pending_ == 0 || leftover_) return;
  const Hub& hub = *channel_.hub();
  leftover_ = Leftover(hub, hub.executor(), weak_from_this(), held_);
  if (hub.over()) on_connection_end();
}

void Sink::on_connection_end() {
  progress_ = Hub::Clock::now();
  await_progress();
}

void Sink::await_progress() {
  const auto deadline = progress_ + leftover_limits().patience;
  patience_.expires_at(deadline);
  patience_.async_wait([weak = weak_from_this(), deadline, counted = Holding(holdings().timers)](const auto& error) {
    const auto self = weak.lock();
    if (error || !self || self->pending_ == 0) return;
    if (self->progress_ + leftover_limits().patience > deadline) return self->await_progress();
    self->drop();
  });
}

void Sink::drop() {
  if (pending_ == 0) return;
  channel_.hub()->guard([this] {
    channel_.hub()->allowance().on_dropped(pending_);
    stop();
  });
}

void Sink::close_output() {
  if (how_it_ends_ == End::half_close && output_.is_open()) ::shutdown(output_.number(), SHUT_WR);
  output_.close();
  patience_.cancel();
  leftover_ = {};
}

void Sink::stop() {
  close_output();
  consumed(std::exchange(pending_, 0));
  drop_pieces(pieces_.size());
  drained_.raise();
}

void Sink::fail() {
  broken_ = true;
  stop();
  if (on_broken) std::exchange(on_broken, nullptr)();
}

asio::awaitable<void> Sink::drained() {
  const std::shared_ptr<Sink> self = shared_from_this();
  while (self->pending_ > 0) co_await self->drained_.wait();
}

void Sink::consumed(std::size_t size) {
  if (Channel* const channel = channel_.get()) channel->consumed(size);
}

// Wipes the bytes of each block before it goes back to the pool.
void Sink::drop_pieces(std::size_t count) {
  if (count == 0) return;
  std::size_t memory = 0;
  for (std::size_t i = 0; i < count; ++i) {
    wipe({pieces_[i].memory.data(), pieces_[i].end});
    memory += pieces_[i].memory.size();
  }
  pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(count));
  held_ -= memory;
  channel_.hub()->allowance().let_go(memory);
  leftover_.keeps(held_);
}

}  // namespace glassh
