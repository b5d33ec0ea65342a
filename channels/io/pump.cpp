#include "channels/io/pump.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <sys/socket.h>
#include <boost/asio/co_spawn.hpp>

#include "proto/secret_bytes.h"

namespace glassh {

namespace {

// What one source may queue before it goes to the back of the line. Four packets of the usual size.
constexpr std::size_t quantum = 128 * 1024;

// Runs a pump's coroutine. What it throws ends its connection, not the program.
void spawn(const std::shared_ptr<Hub>& hub, asio::awaitable<void> work) {
  asio::co_spawn(hub->executor(), std::move(work), [hub](const std::exception_ptr& failure) {
    if (failure != nullptr) hub->fail(failure);
  });
}

class DescriptorInput final : public SourceInput {
 public:
  explicit DescriptorInput(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}
  IoResult read(MutableBytes place) override { return descriptor_.read(place); }
  asio::awaitable<void> readable() override { return descriptor_.readable(); }
  void close() override { descriptor_.close(); }

 private:
  Descriptor descriptor_;
};

}  // namespace

// ----------------------------------------------------------------------------------------------------------------
// descriptor → channel

Source::Source(ChannelRef channel, std::unique_ptr<SourceInput> input, SourceSettings settings)
    : channel_(std::move(channel)),
      input_(std::move(input)),
      settings_(std::move(settings)),
      room_(channel_.hub()->executor()) {}

std::shared_ptr<Source> Source::start(ChannelRef channel, Descriptor input, SourceSettings settings) {
  return start(std::move(channel), std::make_unique<DescriptorInput>(std::move(input)), std::move(settings));
}

std::shared_ptr<Source> Source::start(ChannelRef channel, std::unique_ptr<SourceInput> input, SourceSettings settings) {
  auto source = std::make_shared<Source>(std::move(channel), std::move(input), std::move(settings));
  source->channel_.hub()->add(*source);
  spawn(source->channel_.hub(), run(source));
  return source;
}

asio::awaitable<void> Source::run(std::shared_ptr<Source> self) {
  struct Registration {
    Source& source;
    ~Registration() {
      source.stop();
      source.channel_.hub()->remove(source);
    }
  } const registration{*self};

  std::size_t queued = 0;
  co_await self->input_->readable();
  while (Channel* const channel = self->open_channel()) {
    const std::size_t room = channel->room();
    if (room == 0 || queued >= quantum) {
      queued = 0;
      self->channel_.hub()->wait_for_room(*self);
      self->channel_.hub()->wake();
      co_await self->input_->await_room(self->room_);
      continue;
    }
    const MutableBytes place = channel->data_space(room, self->settings_.extended_type);
    const IoResult got = self->input_->read(place);
    channel->commit(got.size);
    if (got.would_block()) {
      queued = 0;
      if (self->settings_.emptied) self->settings_.emptied();
      self->channel_.hub()->wake();
      co_await self->input_->readable();
      continue;
    }
    if (got.size == 0) {  // the end, or an error, after which nothing will come either
      self->on_end_of_file();
      break;
    }
    queued += got.size;
    self->channel_.hub()->wake();
  }
}

void Source::on_end_of_file() {
  stop();
  if (settings_.ended) {
    std::exchange(settings_.ended, nullptr)();
  } else if (Channel* const channel = channel_.get()) {
    channel->send_eof();
  }
  channel_.hub()->wake();
}

// Null when there is no point in reading any more.
Channel* Source::open_channel() const {
  if (!running_) return nullptr;
  Channel* const channel = channel_.get();
  return channel != nullptr && !channel->close_sent() && !channel->eof_sent() ? channel : nullptr;
}

bool Source::can_go_on() const {
  const Channel* const channel = open_channel();
  return channel == nullptr || channel->room() > 0;
}

void Source::stop_if_channel_gone() {
  if (running_ && open_channel() == nullptr) stop();
}

void Source::stop() {
  running_ = false;
  input_->close();
  room_.raise();
}

// ----------------------------------------------------------------------------------------------------------------
// channel → descriptor

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
  if (!std::exchange(draining_, true)) spawn(channel_.hub(), drain(shared_from_this()));
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

// What a block held is wiped before it goes back.
void Sink::drop_pieces(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) wipe({pieces_[i].memory.data(), pieces_[i].end});
  pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(count));
}

}  // namespace glassh
