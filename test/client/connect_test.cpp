#include "client/connect.h"

#include <array>
#include <csignal>
#include <cstdlib>

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace glassh {
namespace {

using Clock = std::chrono::steady_clock;

class Listener {
 public:
  explicit Listener(int backlog = 8) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(fd_, static_cast<sockaddr*>(static_cast<void*>(&address)), sizeof address), 0);
    EXPECT_EQ(::listen(fd_, backlog), 0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::getsockname(fd_, static_cast<sockaddr*>(static_cast<void*>(&address)), &size), 0);
    address_ = address;
  }
  ~Listener() { close(); }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  std::uint16_t port() const { return ntohs(address_.sin_port); }
  // A connection that is begun and, where the queue is full, never finished.
  int begin_connecting() const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in address = address_;
    ::connect(fd, static_cast<sockaddr*>(static_cast<void*>(&address)), sizeof address);
    return fd;
  }

 private:
  int fd_;
  sockaddr_in address_{};
};

ClientConfig config_for(const std::string& host, std::uint16_t port) {
  ClientConfig config;
  config.original_host = config.host_name = host;
  config.port = port;
  return config;
}

std::string error_of(const ClientConfig& config, std::optional<Clock::time_point> deadline = {}) {
  ClientLog log(LogLevel::quiet);
  try {
    connect_to_server(config, log, deadline);
  } catch (const ConnectError& error) {
    return error.what();
  }
  return "connected";
}

TEST(Connect, ATcpConnectionDoesNotDelaySmallPackets) {  // [4253-4-2] keeps: the client is who opens it
  const Listener listener;
  ClientLog log(LogLevel::quiet);
  ServerStream stream = connect_to_server(config_for("127.0.0.1", listener.port()), log, std::nullopt);
  EXPECT_EQ(stream.address(), "127.0.0.1");
  EXPECT_EQ(stream.text(), "127.0.0.1 port " + std::to_string(listener.port()));
  const Fd fd = stream.release();
  const int socket = fd.get();
  EXPECT_NE(::fcntl(socket, F_GETFD) & FD_CLOEXEC, 0);
  int no_delay = 0;
  socklen_t size = sizeof no_delay;
  EXPECT_EQ(::getsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size), 0);
  EXPECT_NE(no_delay, 0);
}

TEST(Connect, EachWayToFailHasItsText) {
  Listener listener;
  ClientConfig config = config_for("127.0.0.1", listener.port());
  listener.close();
  EXPECT_EQ(error_of(config), "connect to host 127.0.0.1 port " + std::to_string(config.port) + ": Connection refused");

  config.address_family = AddressFamily::inet6;  // fails without asking a name server
  EXPECT_EQ(error_of(config).rfind("Could not resolve hostname 127.0.0.1: ", 0), 0u) << error_of(config);

  ClientConfig proxied = config_for("anywhere", 22);
  proxied.proxy_command = "true";
  ::setenv("SHELL", "/nonexistent/shell", 1);
  EXPECT_EQ(error_of(proxied), "/nonexistent/shell: No such file or directory");
  ::setenv("SHELL", "/bin/sh", 1);
}

TEST(Connect, AServerThatDoesNotAnswerIsGivenUpAtTheDeadline) {
  const Listener listener(0);
  std::array<int, 4> others{};
  for (int& other : others) other = listener.begin_connecting();  // the queue is full after these
  const ClientConfig config = config_for("127.0.0.1", listener.port());
  EXPECT_EQ(error_of(config, Clock::now()),
            "connect to host 127.0.0.1 port " + std::to_string(config.port) + ": Connection timed out");
  for (const int other : others) ::close(other);
}

std::string read_from(int socket) {
  pollfd waiting{socket, POLLIN, 0};
  ::poll(&waiting, 1, -1);
  std::array<char, 100> text{};
  const ssize_t size = ::read(socket, text.data(), text.size());
  return size < 0 ? "error" : std::string(text.data(), static_cast<std::size_t>(size));
}

TEST(Connect, AProxyCommandIsTheOtherEndAndHangsUpWithTheConnection) {
  ::setenv("SHELL", "/bin/sh", 1);
  ClientConfig config = config_for("anywhere", 22);
  // Says hello and its pid, then repeats what it hears; the trap shows that it was told to go.
  config.proxy_command = "sh -c 'trap \"echo told; exit 9\" HUP; echo hello; while read line; do echo \"$line\"; done'";
  ClientLog log(LogLevel::quiet);
  Fd fd;
  int socket = -1;
  {
    ServerStream stream = connect_to_server(config, log, std::nullopt);
    EXPECT_FALSE(stream.address());
    EXPECT_EQ(stream.text(), "UNKNOWN port 65535");
    fd = stream.release();
    socket = fd.get();
    EXPECT_EQ(read_from(socket), "hello\n");
    EXPECT_EQ(::write(socket, "echoed\n", 7), 7);
    EXPECT_EQ(read_from(socket), "echoed\n");
  }
  EXPECT_EQ(read_from(socket), "told\n");
  int status = 0;
  ASSERT_GT(::wait(&status), 0);
  EXPECT_EQ(WEXITSTATUS(status), 9);
}

TEST(Connect, AProxyCommandStartsWithDefaultSignals) {
  ::setenv("SHELL", "/bin/sh", 1);
  ClientConfig config = config_for("anywhere", 22);
  config.proxy_command = "grep SigIgn /proc/self/status";
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  ClientLog log(LogLevel::quiet);
  ServerStream stream = connect_to_server(config, log, std::nullopt);
  const Fd socket = stream.release();
  const std::string line = read_from(socket.get());
  ASSERT_EQ(line.rfind("SigIgn:\t", 0), 0u) << line;
  EXPECT_EQ(std::stoull(line.substr(8), nullptr, 16) >> (SIGPIPE - 1) & 1, 0u) << line;
  ::signal(SIGPIPE, before);
  ::wait(nullptr);
}

TEST(Connect, BindAddressIsWhereTheConnectionComesFrom) {
  const Listener listener;
  ClientLog log(LogLevel::quiet);
  ClientConfig config = config_for("127.0.0.1", listener.port());
  config.bind_address = "127.0.0.3";
  config.bind_interface = "no such interface";  // the address goes before
  ServerStream stream = connect_to_server(config, log, {});
  const Fd socket = stream.release();
  sockaddr_in source{};
  socklen_t size = sizeof source;
  ASSERT_EQ(::getsockname(socket.get(), static_cast<sockaddr*>(static_cast<void*>(&source)), &size), 0);
  EXPECT_EQ(ntohl(source.sin_addr.s_addr), 0x7f000003U);
}

TEST(Connect, BindInterfaceGivesOneOfItsAddresses) {
  const Listener listener;
  ClientLog log(LogLevel::quiet);
  ClientConfig config = config_for("127.0.0.1", listener.port());
  config.bind_interface = "lo";
  EXPECT_TRUE(connect_to_server(config, log, {}).release());
}

TEST(Connect, WithoutItsAddressThereIsNoConnection) {
  const Listener listener;
  const std::string at = fmt::format("connect to host 127.0.0.1 port {}: ", listener.port());
  ClientConfig config = config_for("127.0.0.1", listener.port());
  config.bind_address = "192.0.2.1";  // RFC 5737: nobody's
  EXPECT_EQ(error_of(config), at + "Cannot assign requested address");
  config.bind_address = "::1";
  EXPECT_EQ(error_of(config), at + "Cannot assign requested address");
  config.bind_address = "";
  config.bind_interface = "none here";
  EXPECT_EQ(error_of(config), at + "Cannot assign requested address");
}

}  // namespace
}  // namespace glassh
