// Forwarded streams whose destination a program names by SOCKS (RFC 4254 section 7, RFC 1928).
//
// accept_socks() is for -D: a program here connects to us and says where the server must connect to. SocksChannel is
// for -R without a destination: a program at the server says where we must connect to, which PermitRemoteOpen may
// limit. A SocksChannel lives from the opening of its channel until the request is answered. Job: read the request,
// connect, answer. Then an ordinary ForwardedStream takes over. client/forwarding/socks_request parses the requests.
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
#include "client/forwarding/socks_request.h"

namespace glassh {

// Reads the request from `socket` and asks the server for a channel to its target; returns then, or when the request
// has failed. The references must live as long as the connection.
asio::awaitable<void> accept_socks(std::shared_ptr<Hub> hub, Channels& channels, ChannelUsers& users, Fd socket,
                                   ForwardOriginator originator, ClientLog& log);

class SocksChannel : public ChannelUser, public std::enable_shared_from_this<SocksChannel> {
 public:
  // The channel is open. `permitted` has PermitRemoteOpen's words. The references must outlive this object.
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
  std::vector<std::uint8_t> early_;  // data that followed the request; at most the channel's window
  bool eof_ = false;
};

}  // namespace glassh
