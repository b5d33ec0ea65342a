#include "channels/io/socket_options.h"

#include <gtest/gtest.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "channels/io/fd.h"

namespace glassh {
namespace {

int option(const Fd& socket, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(::getsockopt(socket.get(), level, name, &value, &size), 0);
  return value;
}

TEST(SocketOptions, NewConnectionsDoNotWaitAndHoldLittleBack) {
  const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  prepare_connection(socket.get(), true);
  EXPECT_EQ(option(socket, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(option(socket, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT), 128 * 1024);
}

TEST(SocketOptions, KeepAliveIsOffWhenItIsNotWanted) {
  const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  prepare_connection(socket.get(), false);
  EXPECT_EQ(option(socket, SOL_SOCKET, SO_KEEPALIVE), 0);
}

TEST(SocketOptions, ServiceTypeIsSetForBothFamilies) {
  const Fd v4(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  set_service_type(v4.get(), 0x48);
  EXPECT_EQ(option(v4, IPPROTO_IP, IP_TOS), 0x48);
  const Fd v6(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  set_service_type(v6.get(), 0x20);
  EXPECT_EQ(option(v6, IPPROTO_IPV6, IPV6_TCLASS), 0x20);
}

// A ProxyCommand's socket, or a pipe: nothing to set, and nothing goes wrong.
TEST(SocketOptions, WhatIsNoTcpSocketIsLeftAsItIs) {
  const SocketPair pair = make_socket_pair();
  prepare_connection(pair.first.get(), true);
  set_service_type(pair.first.get(), 0x48);
  EXPECT_EQ(::send(pair.first.get(), "x", 1, 0), 1);
  const Pipe pipe = make_pipe();
  prepare_connection(pipe.read_end.get(), true);
  set_service_type(pipe.read_end.get(), 0x48);
}

}  // namespace
}  // namespace glassh
