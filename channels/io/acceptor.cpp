#include "channels/io/acceptor.h"

#include <cerrno>
#include <chrono>
#include <utility>

#include "channels/io/private_socket.h"

namespace glassh {

namespace {
constexpr std::chrono::milliseconds out_of_descriptors_pause{200};
}  // namespace

std::shared_ptr<Acceptor> Acceptor::start(std::shared_ptr<Hub> hub, Fd listener, Take take, Failed failed) {
  auto acceptor = std::make_shared<Acceptor>(std::move(hub), std::move(listener), std::move(take), std::move(failed));
  acceptor->await_connection();
  return acceptor;
}

Acceptor::Acceptor(std::shared_ptr<Hub> hub, Fd listener, Take take, Failed failed)
    : hub_(std::move(hub)), pause_(hub_->executor()), take_(std::move(take)), failed_(std::move(failed)) {
  listener.stands_for(hub_->allowance().claim(1));
  listener_ = Descriptor::own(hub_->executor(), std::move(listener));
}

void Acceptor::close() {
  listener_.close();
  pause_.cancel();
}

void Acceptor::await_connection() {
  listener_.when_readable([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self) self->hub_->guard([&] { self->accept_one(); });
  });
}

// A waiting connection keeps the socket readable, so asking again at once would only burn the processor.
void Acceptor::await_descriptors() {
  pause_.expires_after(out_of_descriptors_pause);
  pause_.async_wait([weak = weak_from_this()](const boost::system::error_code&) {
    const auto self = weak.lock();
    if (self && self->listener_.is_open()) self->hub_->guard([&] { self->await_connection(); });
  });
}

void Acceptor::accept_one() {
  if (!listener_.is_open() || hub_->over()) return;
  Fd peer = accept_connection(listener_.number());
  if (!peer && errno != EAGAIN) {
    const int error = errno;
    const bool told = out_of_descriptors(error) && hub_->allowance().on_refused();
    if (failed_ && !told) failed_(error);
    return await_descriptors();
  }
  await_connection();
  if (!peer) return;
  auto claim = hub_->allowance().ask(1);
  if (!claim) return;
  peer.stands_for(std::move(*claim));
  take_(std::move(peer));
}

}  // namespace glassh
