// StdioForward is glassh -W: our standard input and output are the near end of one forwarded stream (RFC 4254 section
// 7.2).
//
// Lives as long as its channel, in place of a session. Job: move bytes both ways and pass on the ends. The end of our
// input becomes an EOF, and the server's EOF closes our output. When both directions have ended, or the reader of our
// output is gone, it closes the channel.
//
//   auto stdio = StdioForward::open(connection, hub, target, log);  users.add(stdio);
#pragma once

#include <memory>

#include "channels/io/channel_users.h"
#include "channels/io/sink.h"
#include "channels/io/source.h"
#include "client/client_connection.h"
#include "client/client_log.h"
#include "client/config/forward.h"

namespace glassh {

class StdioForward : public ChannelUser, public std::enable_shared_from_this<StdioForward> {
 public:
  // To be called after AuthenticationSucceeded. `log` must outlive the result.
  static std::shared_ptr<StdioForward> open(ClientConnection& connection, const std::shared_ptr<Hub>& hub,
                                            const ForwardEndpoint& target, ClientLog& log);
  StdioForward(ChannelRef channel, ClientLog& log) : ChannelUser(std::move(channel)), log_(log) {}  // open() is meant

  using ChannelUser::on;
  void on(const ChannelOpened& event) override;
  void on(const ChannelOpenRefused& event) override;
  void on(const DataArrived& event) override;
  void on(const EofArrived& event) override;
  void on(const CloseArrived& event) override;
  void end() override;

  bool refused() const { return refused_; }
  // Returns when all data that arrived is written, or the reader of our output is gone.
  asio::awaitable<void> flushed();

 private:
  void close_if_done();

  ClientLog& log_;
  std::shared_ptr<Source> input_;
  std::shared_ptr<Sink> output_;
  bool input_ended_ = false;
  bool output_ended_ = false;
  bool refused_ = false;
};

}  // namespace glassh
