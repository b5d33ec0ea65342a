// The server's end of a connection without a transport: channels over plain packets, and a loop for what waits on
// descriptors. For what turns connections of this machine into channels.
#pragma once

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <memory>
#include <string>
#include <variant>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <boost/asio/io_context.hpp>

#include "channels/io/channel_users.h"
#include "test/server/log_lines.h"
#include "test/support/patience.h"
#include "test/support/plain_packets.h"

namespace glassh::test {

class ChannelsTest : public testing::Test {
 protected:
  ChannelsTest() {
    std::signal(SIGPIPE, SIG_IGN);
    SocketPair sockets = make_socket_pair();
    other_end_ = std::move(sockets.second);
    hub_ = std::make_shared<Hub>(io_.get_executor(), std::move(sockets.first), Fd());
  }
  ~ChannelsTest() override {
    users_.end();
    hub_->finish();
    run();
  }

  void run() { run_dry(io_, quiet_); }
  // Until the client has got something.
  void run_until_sent() {
    ASSERT_TRUE(run_until(io_, [this] { return out_.writer.backlog() > 0; }));
  }
  // What the client says.
  template <class M>
  void receive(const M& message) {
    const auto payload = encode(message);
    if (const auto event = channels_.on_payload(payload)) {
      std::visit(
          [&](const auto& each) {
            if constexpr (requires { users_.route(each); }) users_.route(each);
          },
          *event);
    }
    run();
  }
  // Waits for data or the end.
  std::string read(const Fd& program) {
    EXPECT_TRUE(run_until_readable(io_, program.get()));
    char text[100];
    const ssize_t size = ::recv(program.get(), text, sizeof text, MSG_DONTWAIT);
    return size >= 0 ? std::string(text, static_cast<std::size_t>(size)) : std::strerror(errno);
  }
  // True if neither data nor an end has come.
  static bool silent(const Fd& program) {
    pollfd told{program.get(), POLLIN, 0};
    return ::poll(&told, 1, 0) == 0;
  }

  std::chrono::milliseconds quiet_{10};  // run() ends when nothing has happened for so long
  asio::io_context io_{1};
  LogLines lines_;
  PlainWriter out_;
  Channels channels_{out_.writer, {}, 1000, nullptr};
  ChannelUsers users_;
  Fd other_end_;
  std::shared_ptr<Hub> hub_;
};

}  // namespace glassh::test
