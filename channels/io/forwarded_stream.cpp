#include "channels/io/forwarded_stream.h"

#include <algorithm>

namespace glassh {

std::shared_ptr<ForwardedStream> ForwardedStream::join(const ChannelRef& channel, Fd socket) {
  auto stream = std::make_shared<ForwardedStream>(channel);
  const asio::any_io_executor& executor = channel.hub()->executor();
  // Two descriptors, because each direction closes its own.
  Fd again = Fd::duplicate(socket.get());
  stream->sink_ = Sink::create(channel, Descriptor::own(executor, std::move(again)), Sink::End::half_close);
  stream->sink_->on_broken = [weak = stream->weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->channel_ended_ = true;
    self->close_if_done();
  };
  const auto ended = [weak = stream->weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->socket_ended_ = true;
    if (Channel* const open = self->channel_.get()) open->send_eof();
    self->close_if_done();
  };
  stream->source_ = Source::start(channel, Descriptor::own(executor, std::move(socket)), {.ended = ended});
  return stream;
}

void ForwardedStream::on_data(const DataArrived& event) {
  if (event.extended_type == 0) return sink_->write(event.data);
  // RFC 4254 section 5.2: a stream that no forwarding has. It counts all the same.
  if (Channel* const open = channel_.get()) open->consumed(event.data.size());
}

// RFC 4254 section 5.3 [4254-5.3-2]: the other direction goes on.
void ForwardedStream::on_eof() {
  sink_->end();
  channel_ended_ = true;
  close_if_done();
}

void ForwardedStream::on_close() {
  sink_->end();
  source_->stop();
}

void ForwardedStream::close_if_done() {
  if (!socket_ended_ || !channel_ended_) return;
  if (Channel* const open = channel_.get()) open->close();
  channel_.hub()->wake();
}

// ----------------------------------------------------------------------------------------------------------------

void ForwardedStreams::join(const ChannelRef& channel, Fd socket) {
  streams_.push_back(ForwardedStream::join(channel, std::move(socket)));
}

ForwardedStream* ForwardedStreams::find(std::uint32_t channel) const {
  const auto found =
      std::find_if(streams_.begin(), streams_.end(), [&](const auto& stream) { return stream->channel() == channel; });
  return found != streams_.end() ? found->get() : nullptr;
}

bool ForwardedStreams::on(const DataArrived& event) {
  ForwardedStream* const stream = find(event.channel);
  if (stream != nullptr) stream->on_data(event);
  return stream != nullptr;
}

bool ForwardedStreams::on(const EofArrived& event) {
  ForwardedStream* const stream = find(event.channel);
  if (stream != nullptr) stream->on_eof();
  return stream != nullptr;
}

bool ForwardedStreams::on(const CloseArrived& event) {
  ForwardedStream* const stream = find(event.channel);
  if (stream == nullptr) return false;
  stream->on_close();
  std::erase_if(streams_, [&](const auto& each) { return each.get() == stream; });
  return true;
}

void ForwardedStreams::end() {
  for (const auto& stream : streams_) stream->on_close();
  streams_.clear();
}

}  // namespace glassh
