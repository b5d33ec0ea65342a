#include "channels/io/forwarded_stream.h"

#include <system_error>
#include <utility>

namespace glassh {

std::shared_ptr<ForwardedStream> ForwardedStream::join(const ChannelRef& channel, Fd socket) {
  auto stream = std::make_shared<ForwardedStream>(channel);
  stream->start(std::move(socket));
  return stream;
}

std::shared_ptr<ForwardedStream> ForwardedStream::open(const ChannelRef& channel, Fd socket, Refused refused) {
  auto stream = std::make_shared<ForwardedStream>(channel);
  stream->waiting_ = std::move(socket);
  stream->refused_ = std::move(refused);
  return stream;
}

// If the system refuses, this channel ends, and nothing else.
void ForwardedStream::start(Fd socket) {
  try {
    connect_pumps(std::move(socket));
  } catch (const std::system_error&) {
    if (Channel* const open = channel().get()) open->close();
    channel().hub()->wake();
  }
}

void ForwardedStream::connect_pumps(Fd socket) {
  SplitDescriptor directions = Descriptor::split(channel().hub()->executor(), std::move(socket));
  sink_ = Sink::create(channel(), std::move(directions.writing), Sink::End::half_close);
  sink_->on_broken = [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->channel_ended_ = true;
    self->close_if_done();
  };
  const auto ended = [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->socket_ended_ = true;
    if (Channel* const open = self->channel().get()) open->send_eof();
    self->close_if_done();
  };
  source_ = Source::start(channel(), std::move(directions.reading), {.ended = ended});
}

void ForwardedStream::on(const ChannelOpened&) {
  refused_ = nullptr;
  if (waiting_) start(std::move(waiting_));
}

void ForwardedStream::on(const ChannelOpenRefused& event) {
  waiting_.close();
  if (refused_) std::exchange(refused_, nullptr)(event);
}

void ForwardedStream::on(const DataArrived& event) {
  if (event.extended_type == 0) return sink_->write(event.data);
  // RFC 4254 section 5.2: a stream that no forwarding has. It counts all the same.
  if (Channel* const open = channel().get()) open->consumed(event.data.size());
}

// RFC 4254 section 5.3 [4254-5.3-2]: the other direction goes on.
void ForwardedStream::on(const EofArrived&) {
  sink_->end();
  channel_ended_ = true;
  close_if_done();
}

void ForwardedStream::on(const CloseArrived&) { end(); }

void ForwardedStream::end() {
  waiting_.close();
  if (sink_) sink_->leave();
  if (source_) source_->stop();
}

void ForwardedStream::close_if_done() {
  if (!socket_ended_ || !channel_ended_) return;
  if (Channel* const open = channel().get()) open->close();
  channel().hub()->wake();
}

}  // namespace glassh
