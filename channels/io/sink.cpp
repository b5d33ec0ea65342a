#include "channels/io/sink.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <sys/socket.h>

#include "proto/secret_bytes.h"

namespace glassh {

Sink::Sink(ChannelRef channel, Descriptor output, End end)
    : channel_(std::move(channel)),
      output_(std::move(output)),
      how_it_ends_(end),
      drained_(channel_.hub()->executor()) {}

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
    if (pieces_.empty() || pieces_.back().end == block_size) {
      pieces_.push_back(Piece{BlockPool::of_this_thread().lease()});
    }
    Piece& piece = pieces_.back();
    const std::size_t size = std::min(data.size(), block_size - piece.end);
    std::memcpy(piece.memory.data() + piece.end, data.data(), size);
    piece.end += size;
    data = data.subspan(size);
  }
  if (!std::exchange(draining_, true)) channel_.hub()->spawn(drain(shared_from_this()));
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
  if (piece.begin == piece.end) drop_pieces(1);
  consumed(put.size);
  return true;
}

void Sink::end() {
  ended_ = true;
  if (pending_ == 0) close_output();
}

void Sink::close_output() {
  if (how_it_ends_ == End::half_close && output_.is_open()) ::shutdown(output_.number(), SHUT_WR);
  output_.close();
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
  for (std::size_t i = 0; i < count; ++i) wipe({pieces_[i].memory.data(), pieces_[i].end});
  pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(count));
}

}  // namespace glassh
