#include "client/forwarding/stdio_forward.h"

#include <unistd.h>

#include "client/forwarding/forward_channel.h"

namespace glassh {

std::shared_ptr<StdioForward> StdioForward::open(ClientConnection& connection, const std::shared_ptr<Hub>& hub,
                                                 const ForwardEndpoint& target, ClientLog& log) {
  const std::uint32_t channel = open_forward_channel(connection.channels(), target);
  return std::make_shared<StdioForward>(hub->channel(connection.channels(), channel), log);
}

void StdioForward::on(const ChannelOpened&) {
  const asio::any_io_executor& executor = channel().hub()->executor();
  output_ = Sink::create(channel(), Descriptor::borrow(executor, STDOUT_FILENO, Descriptor::Access::write));
  output_->on_broken = [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->input_ended_ = self->output_ended_ = true;
    self->close_if_done();
  };
  const auto ended = [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->input_ended_ = true;
    if (Channel* const open = self->channel().get()) open->send_eof();
    self->close_if_done();
  };
  input_ =
      Source::start(channel(), Descriptor::borrow(executor, STDIN_FILENO, Descriptor::Access::read), {.ended = ended});
}

void StdioForward::on(const ChannelOpenRefused& event) {
  log_.info("channel {}: open failed: {}", event.channel, refusal_text(event));
  log_.fatal("stdio forwarding failed");
  refused_ = true;
}

void StdioForward::on(const DataArrived& event) {
  if (event.extended_type == 0) return output_->write(event.data);
  if (Channel* const open = channel().get()) open->consumed(event.data.size());
}

// RFC 4254 section 5.3 [4254-5.3-2]: our input still flows.
void StdioForward::on(const EofArrived&) {
  output_->end();
  output_ended_ = true;
  close_if_done();
}

void StdioForward::on(const CloseArrived&) { end(); }

void StdioForward::end() {
  if (input_) input_->stop();
  if (output_) output_->end();
}

void StdioForward::close_if_done() {
  if (!input_ended_ || !output_ended_) return;
  if (Channel* const open = channel().get()) open->close();
  channel().hub()->wake();
}

asio::awaitable<void> StdioForward::flushed() {
  if (output_) co_await output_->drained();
}

}  // namespace glassh
