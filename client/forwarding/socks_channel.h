// Streams whose other end is asked for by SOCKS, at either end of a connection: RFC 4254 section 7, RFC 1928.
//
// accept_socks() is for -D: a program here connects to us and says where the server is to connect to. SocksChannel is
// for -R without a destination: a program at the server says where we are to connect to, which PermitRemoteOpen may
// limit. In both the program learns how it ended; then its stream is an ordinary ForwardedStream.
//
//   co_spawn(executor, accept_socks(hub, connection.channels(), users, std::move(socket), originator, log), …);
//   users.add(std::make_shared<SocksChannel>(channel, users, permitted, log));
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "channels/io/channel_users.h"
#include "client/client_log.h"
#include "client/forwarding/forward_channel.h"
#include "client/forwarding/socks.h"

namespace glassh {

// References must live as long as the connection.
asio::awaitable<void> accept_socks(std::shared_ptr<Hub> hub, Channels& channels, ChannelUsers& users, Fd socket,
                                   ForwardOriginator originator, ClientLog& log);

class SocksChannel : public ChannelUser, public std::enable_shared_from_this<SocksChannel> {
 public:
  // The channel is open. `permitted`: PermitRemoteOpen's words. References must outlive it.
  SocksChannel(ChannelRef channel, ChannelUsers& users, const std::vector<std::string>& permitted, ClientLog& log)
      : ChannelUser(std::move(channel)), users_(users), permitted_(permitted), log_(log) {}

  using ChannelUser::on;
  void on(const DataArrived& event) override;
  void on(const EofArrived& event) override;
  void on(const CloseArrived&) override {}

 private:
  void on_request();
  static asio::awaitable<void> connect(std::shared_ptr<SocksChannel> self);
  void answer(std::string text, std::function<void()> then);
  void answer_through_pipe(std::string text, std::function<void()> then);
  void refuse(SocksRefusal why);
  void join(Fd socket);
  void close();

  ChannelUsers& users_;
  const std::vector<std::string>& permitted_;
  ClientLog& log_;
  SocksRequest request_;
  std::vector<std::uint8_t> early_;  // data that followed the request; within the channel's window
  bool eof_ = false;
};

}  // namespace glassh
