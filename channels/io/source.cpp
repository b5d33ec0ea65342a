#include "channels/io/source.h"

#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace glassh {

namespace {

// The work for one packet, whatever its size, is about that for so many bytes of data. A peer may ask for packets of
// one byte each.
constexpr std::size_t cost_of_packet = 4096;
constexpr std::size_t cost_of_usual_packet = 32 * 1024 + cost_of_packet;
// After so much a source goes to the back of the line, and the rest of the process has its turn. While the user types
// on the same connection that is after one packet. (With five packets a key press beside bulk took 2.4 times as long as
// OpenSSH's.)
constexpr std::size_t quantum = 5 * cost_of_usual_packet;
constexpr std::size_t quantum_beside_typing = 1 * cost_of_usual_packet;

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
  source->channel_.hub()->spawn(run(source));
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

  const std::shared_ptr<Hub> hub = self->channel_.hub();
  std::size_t queued = 0;
  co_await self->input_->readable();
  while (Channel* const channel = self->open_channel()) {
    const std::size_t room = channel->room();
    const bool turn_is_over = queued >= (hub->user_types() ? quantum_beside_typing : quantum);
    if (room == 0 || turn_is_over) {
      hub->wait_for_room(*self);
      hub->wake_here();
      if (turn_is_over) {
        queued = 0;
        co_await asio::post(hub->executor(), asio::use_awaitable);
      }
      co_await self->input_->await_room(self->room_);
      continue;
    }
    const MutableBytes place = channel->data_space(room, self->settings_.extended_type);
    const IoResult got = self->input_->read(place);
    channel->commit(got.size);
    queued += got.size + cost_of_packet;
    if (got.nothing_left()) {
      if (got.emptied && queued == got.size + cost_of_packet) hub->on_typed();  // one small read, and no more
      queued = 0;
      if (self->settings_.emptied) self->settings_.emptied();
      hub->wake_here();
      co_await self->input_->readable();
    } else if (got.size == 0) {  // the end, or an error, after which nothing will come either
      self->on_end_of_file();
      break;
    }
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

// Returns null if reading more has no use.
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

}  // namespace glassh
