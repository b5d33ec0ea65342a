// A connection's channels with forwarding on top, and a client that is a list of packets.
#pragma once

#include <csignal>
#include <functional>
#include <memory>

#include <sys/socket.h>

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include "channels/io/channel_users.h"
#include "channels/io/private_socket.h"
#include "channels/io/tcp_connector.h"
#include "proto/messages_forward.h"
#include "server/sessions/session_context.h"
#include "test/server/log_lines.h"
#include "test/support/patience.h"
#include "test/support/plain_packets.h"

namespace glassh::test {

class ForwardingTest : public testing::Test {
 protected:
  ForwardingTest() {
    std::signal(SIGPIPE, SIG_IGN);
    SocketPair sockets = make_socket_pair();
    other_end_ = std::move(sockets.second);
    hub_ = std::make_shared<Hub>(io_.get_executor(), std::move(sockets.first), Fd());
    context_->config = config_;
  }

  // Until `done`.
  bool run_until(const std::function<bool()>& done) { return test::run_until(io_, done); }
  void run_all() {
    do {
      io_.restart();
    } while (io_.poll() > 0);
  }
  static Fd listen() { return listen_at(look_up_here("127.0.0.1", 0, AF_UNSPEC).addresses.at(0)); }
  static Fd connect(const std::string& host, std::uint16_t port) {
    NetworkAddress address = look_up_here(host, port, AF_UNSPEC).addresses.at(0);
    Fd socket(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    const void* const generic = &address.bytes;
    if (::connect(socket.get(), static_cast<const sockaddr*>(generic), address.size) < 0) socket.close();
    return socket;
  }
  // Waits for data or the end.
  std::string read(const Fd& socket) {
    EXPECT_TRUE(!socket || run_until_readable(io_, socket.get()));
    char text[100];
    const ssize_t size = ::recv(socket.get(), text, sizeof text, MSG_DONTWAIT);
    return size >= 0 ? std::string(text, static_cast<std::size_t>(size)) : std::strerror(errno);
  }

  asio::io_context io_{1};
  LogLines lines_;
  PlainWriter out_;
  Channels channels_{out_.writer, {}, 10, nullptr};
  Fd other_end_;
  std::shared_ptr<Hub> hub_;
  ChannelUsers users_;
  Account account_{"ann", 1000, 1000, "/home/ann", "/bin/sh"};
  std::shared_ptr<ServerConfig> config_ = std::make_shared<ServerConfig>();
  std::shared_ptr<SessionContext> context_ = std::make_shared<SessionContext>(
      SessionContext{nullptr, account_, lines_.log, 0, {"192.0.2.1", 50000, "192.0.2.2", 22}});
};

}  // namespace glassh::test
