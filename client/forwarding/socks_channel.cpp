#include "client/forwarding/socks_channel.h"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include "channels/io/forwarded_stream.h"
#include "channels/io/tcp_connector.h"
#include "client/config/forward_spec.h"
#include "proto/numbers.h"

namespace glassh {

namespace {

SocksRefusal refusal_for(std::uint32_t reason) {
  if (reason == open_failure_reason::administratively_prohibited) return SocksRefusal::not_allowed;
  if (reason == open_failure_reason::connect_failed) return SocksRefusal::connection_refused;
  return SocksRefusal::general;
}

// A few bytes into a socket that nothing was written to before: they fit.
void write_answer(int socket, std::string_view text) {
  if (!text.empty()) ::send(socket, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

// Without a descriptor to spare, this program is hung up on, and nothing else ends.
Descriptor to_listen_to(const asio::any_io_executor& executor, const Fd& socket, ClientLog& log) {
  try {
    return Descriptor::own(executor, Fd::duplicate(socket.get()));
  } catch (const std::system_error& error) {
    log.error("dynamic forward: {}", error.code().message());
    return {};
  }
}

// Between the request and the server's answer: RFC 1928 section 6 wants the program to learn of it first.
class SocksOpening : public ChannelUser {
 public:
  SocksOpening(ChannelRef channel, ChannelUsers& users, Fd socket, SocksRequest request, ClientLog& log)
      : ChannelUser(std::move(channel)),
        users_(users),
        socket_(std::move(socket)),
        request_(std::move(request)),
        log_(log) {}

  using ChannelUser::on;
  void on(const ChannelOpened&) override {
    write_answer(socket_.get(), request_.granted());
    users_.add(ForwardedStream::join(channel(), std::move(socket_)));
  }
  void on(const ChannelOpenRefused& event) override {
    log_.info("channel {}: open failed: {}", event.channel, refusal_text(event));
    write_answer(socket_.get(), request_.refused(refusal_for(event.reason)));
    socket_.close();
  }
  void on(const DataArrived&) override {}  // none of these three comes before ChannelOpened
  void on(const EofArrived&) override {}
  void on(const CloseArrived&) override {}

 private:
  ChannelUsers& users_;
  Fd socket_;
  const SocksRequest request_;
  ClientLog& log_;
};

}  // namespace

asio::awaitable<void> accept_socks(std::shared_ptr<Hub> hub, Channels& channels, ChannelUsers& users, Fd socket,
                                   ForwardOriginator originator, ClientLog& log) {
  Descriptor descriptor = to_listen_to(hub->executor(), socket, log);
  if (!descriptor.is_open()) co_return;
  SocksRequest request;
  while (request.wanted() > 0) {
    std::array<std::uint8_t, 512> space;
    const IoResult got = descriptor.read(MutableBytes(space).first(std::min(request.wanted(), space.size())));
    if (hub->over()) co_return;
    if (got.would_block()) {
      co_await descriptor.readable();
      continue;
    }
    if (got.size == 0) co_return;  // it went away
    write_answer(socket.get(), request.take(Bytes(space).first(got.size)));
  }
  if (!request.target()) {
    log.debug1("dynamic forward: {}", request.problem());
    co_return;
  }
  const ForwardEndpoint& target = *request.target();
  log.debug1("dynamic forward to {} port {} requested", printable(target.host), target.port);
  const std::uint32_t channel = open_forward_channel(channels, target, originator);
  users.add(std::make_shared<SocksOpening>(hub->channel(channels, channel), users, std::move(socket),
                                           std::move(request), log));
  hub->wake();
}

// ----------------------------------------------------------------------------------------------------------------
// the server's programs

void SocksChannel::on(const DataArrived& event) {
  Channel* const open = channel().get();
  if (open == nullptr) return;
  if (event.extended_type != 0) return open->consumed(event.data.size());  // a stream that no forwarding has
  Bytes data = event.data;
  while (request_.wanted() > 0 && !data.empty()) {
    const std::size_t size = std::min(request_.wanted(), data.size());
    std::string text = request_.take(data.first(size));
    open->consumed(size);
    data = data.subspan(size);
    if (request_.wanted() == 0) {
      // The bytes behind the request are kept. They are not given back to the window, so they cannot be more than that.
      early_.assign(data.begin(), data.end());
      if (request_.target()) return on_request();
      log_.debug1("channel {}: {}", channel().id(), request_.problem());
      return answer(std::move(text), [self = shared_from_this()] { self->close(); });
    }
    if (!text.empty()) answer(std::move(text), {});
  }
  early_.insert(early_.end(), data.begin(), data.end());
}

void SocksChannel::on(const EofArrived&) {
  eof_ = true;
  if (request_.wanted() > 0) close();
}

void SocksChannel::on_request() {
  const ForwardEndpoint& target = *request_.target();
  log_.debug1("channel {}: the server's program asks for {} port {}", channel().id(), printable(target.host),
              target.port);
  if (!remote_open_permitted(permitted_, target.host, target.port)) {
    log_.error("Received request to connect to host {} port {}, but the request was denied.", printable(target.host),
               target.port);
    return refuse(SocksRefusal::not_allowed);
  }
  channel().hub()->spawn(connect(shared_from_this()));
}

asio::awaitable<void> SocksChannel::connect(std::shared_ptr<SocksChannel> self) {
  const ForwardEndpoint& target = *self->request_.target();
  TcpConnector connector(self->channel().hub()->executor());
  Fd socket = co_await connector.connect(target.host, target.port);
  if (self->channel().get() == nullptr) co_return;
  if (!socket) {
    self->log_.error("connect_to {} port {}: {}", printable(target.host), target.port, connector.problem());
    self->refuse(SocksRefusal::connection_refused);
    co_return;
  }
  // std::function is copied, an Fd is not.
  const auto connected = std::make_shared<Fd>(std::move(socket));
  self->answer(self->request_.granted(), [self, connected] { self->join(std::move(*connected)); });
}

// Only a pump waits for the channel's window, and for the end of a key exchange. So the answer goes through one.
// Without descriptors for it, this channel ends, and nothing else.
void SocksChannel::answer(std::string text, std::function<void()> then) {
  try {
    answer_through_pipe(std::move(text), std::move(then));
  } catch (const std::system_error& error) {
    log_.error("channel {}: {}", channel().id(), error.code().message());
    close();
  }
}

void SocksChannel::answer_through_pipe(std::string text, std::function<void()> then) {
  Pipe pipe = make_pipe();
  const ssize_t written = ::write(pipe.write_end.get(), text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size())) return close();  // an empty pipe takes more than that
  pipe.write_end.close();
  const auto ended = [self = shared_from_this(), then = std::move(then)] {
    if (then) then();
  };
  Source::start(channel(), Descriptor::own(channel().hub()->executor(), std::move(pipe.read_end)), {.ended = ended});
}

void SocksChannel::refuse(SocksRefusal why) {
  answer(request_.refused(why), [self = shared_from_this()] { self->close(); });
}

void SocksChannel::join(Fd socket) {
  const Channel* const open = channel().get();
  if (open == nullptr) return;
  const auto stream = ForwardedStream::join(channel(), std::move(socket));
  users_.add(stream);
  if (open->close_sent()) return;  // there was no descriptor to spare
  if (!early_.empty()) stream->on(DataArrived{channel().id(), early_, 0});
  if (eof_) stream->on(EofArrived{channel().id()});
}

void SocksChannel::close() {
  if (Channel* const open = channel().get()) open->close();
  channel().hub()->wake();
}

}  // namespace glassh
