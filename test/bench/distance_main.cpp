// A long way to a server, on one machine: whatever is sent through this proxy arrives half a round trip later, in
// either direction, as fast as both ends are. (The kernel would need netem for that.) It takes any number of
// connections, and prints the port of 127.0.0.1 on which it listens. It ends when its standard input does.
//
//   distance PORT ROUND_TRIP_MILLISECONDS
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channels/io/fd.h"
#include "proto/bytes.h"

namespace {

using glassh::Fd;
using Clock = std::chrono::steady_clock;

constexpr std::size_t piece_size = 256 * 1024;
constexpr std::size_t most_under_way = std::size_t{1} << 30;  // in one direction of a connection
constexpr std::size_t most_idle_pieces = 1024;

std::size_t checked(ssize_t result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return static_cast<std::size_t>(result);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

Fd connect_to(std::uint16_t port) {
  const sockaddr_in address = loopback(port);
  const void* const generic = &address;  // sockets' functions take sockaddr*
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  checked(::connect(socket.get(), static_cast<const sockaddr*>(generic), sizeof address), "connect");
  return socket;
}

std::pair<Fd, std::uint16_t> listen_anywhere() {
  sockaddr_in address = loopback(0);
  void* const generic = &address;
  socklen_t size = sizeof address;
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  checked(::bind(socket.get(), static_cast<sockaddr*>(generic), size), "bind");
  checked(::listen(socket.get(), 128), "listen");
  checked(::getsockname(socket.get(), static_cast<sockaddr*>(generic), &size), "getsockname");
  return {std::move(socket), ntohs(address.sin_port)};
}

struct Piece {
  std::vector<std::uint8_t> memory;
  std::size_t begin = 0, end = 0;
  Clock::time_point due;
};

// What left one end and has not arrived at the other. The end of the stream travels like data.
class Way {
 public:
  Way(int from, int to, Clock::duration delay, std::vector<std::vector<std::uint8_t>>& spare)
      : from_(from), to_(to), delay_(delay), spare_(spare) {}

  int from() const { return from_; }
  int to() const { return to_; }
  bool reads() const { return !ended_ && !broken_ && under_way_ < most_under_way; }
  bool done() const { return broken_ || (ended_ && pieces_.empty() && told_); }
  std::optional<Clock::time_point> next_arrival() const {
    if (done()) return std::nullopt;
    if (!pieces_.empty()) return pieces_.front().due;
    return ended_ ? std::optional(end_due_) : std::nullopt;
  }

  void read() {
    Piece piece{take_memory(), 0, 0, Clock::now() + delay_};
    const ssize_t got = ::recv(from_, piece.memory.data(), piece.memory.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return give_back(std::move(piece.memory));
    if (got <= 0) {
      ended_ = true;
      end_due_ = piece.due;
      return give_back(std::move(piece.memory));
    }
    piece.end = static_cast<std::size_t>(got);
    under_way_ += piece.end;
    pieces_.push_back(std::move(piece));
  }

  void write(Clock::time_point now) {
    while (!pieces_.empty() && pieces_.front().due <= now) {
      Piece& piece = pieces_.front();
      const ssize_t put = ::send(to_, piece.memory.data() + piece.begin, piece.end - piece.begin, MSG_DONTWAIT);
      if (put < 0) {
        broken_ = errno != EAGAIN && errno != EINTR;
        return;
      }
      piece.begin += static_cast<std::size_t>(put);
      under_way_ -= static_cast<std::size_t>(put);
      if (piece.begin < piece.end) return;
      give_back(std::move(piece.memory));
      pieces_.pop_front();
    }
    if (!ended_ || !pieces_.empty() || told_ || end_due_ > now) return;
    ::shutdown(to_, SHUT_WR);
    told_ = true;
  }

 private:
  std::vector<std::uint8_t> take_memory() {
    if (spare_.empty()) return std::vector<std::uint8_t>(piece_size);
    std::vector<std::uint8_t> memory = std::move(spare_.back());
    spare_.pop_back();
    return memory;
  }
  void give_back(std::vector<std::uint8_t> memory) {
    if (spare_.size() < most_idle_pieces) spare_.push_back(std::move(memory));
  }

  int from_, to_;
  Clock::duration delay_;
  std::vector<std::vector<std::uint8_t>>& spare_;
  std::deque<Piece> pieces_;
  std::size_t under_way_ = 0;
  bool ended_ = false, told_ = false, broken_ = false;
  Clock::time_point end_due_{};
};

struct Connection {
  Fd near, far;
  Way out, back;

  Connection(Fd near_end, Fd far_end, Clock::duration delay, std::vector<std::vector<std::uint8_t>>& spare)
      : near(std::move(near_end)),
        far(std::move(far_end)),
        out(near.get(), far.get(), delay, spare),
        back(far.get(), near.get(), delay, spare) {
    const int on = 1;
    for (const Fd* const end : {&near, &far}) ::setsockopt(end->get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  bool done() const { return out.done() && back.done(); }
};

class Proxy {
 public:
  Proxy(std::uint16_t target, Clock::duration delay) : target_(target), delay_(delay) {
    std::uint16_t port = 0;
    std::tie(listening_, port) = listen_anywhere();
    fmt::print("{}\n", port);
    std::fflush(stdout);
  }

  void run() {
    while (true) {
      watch();
      if (polled_[0].revents != 0) return;  // our standard input
      if (polled_[1].revents != 0) {
        if (Fd near(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC)); near) {
          connections_.push_back(std::make_unique<Connection>(std::move(near), connect_to(target_), delay_, spare_));
        }
      }
      for (std::size_t i = 0; i < ways_.size(); ++i) {
        if ((polled_[2 + 2 * i].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && ways_[i]->reads()) ways_[i]->read();
        ways_[i]->write(Clock::now());
      }
      std::erase_if(connections_, [](const auto& connection) { return connection->done(); });
    }
  }

 private:
  // Waits until some way has something to read, or what is due can be written, or something becomes due.
  void watch() {
    const Clock::time_point now = Clock::now();
    std::optional<Clock::time_point> wake;
    polled_ = {{STDIN_FILENO, POLLIN, 0}, {listening_.get(), POLLIN, 0}};
    ways_.clear();
    for (const auto& connection : connections_) {
      for (Way* const way : {&connection->out, &connection->back}) {
        const auto arrival = way->next_arrival();
        const bool due = arrival && *arrival <= now;
        if (arrival && !due && (!wake || *arrival < *wake)) wake = arrival;
        ways_.push_back(way);
        polled_.push_back({way->reads() ? way->from() : -1, POLLIN, 0});
        polled_.push_back({due ? way->to() : -1, POLLOUT, 0});
      }
    }
    timespec timeout{};
    if (wake) {
      const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(*wake - now);
      timeout = {left.count() / 1'000'000'000, left.count() % 1'000'000'000};
    }
    (void)::ppoll(polled_.data(), polled_.size(), wake ? &timeout : nullptr, nullptr);
  }

  const std::uint16_t target_;
  const Clock::duration delay_;
  Fd listening_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Way*> ways_;
  std::vector<pollfd> polled_;
  std::vector<std::vector<std::uint8_t>> spare_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: distance PORT ROUND_TRIP_MILLISECONDS\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  try {
    const auto port = static_cast<std::uint16_t>(std::stoul(argv[1]));
    Proxy(port, std::chrono::microseconds(static_cast<long>(std::stod(argv[2]) * 500))).run();
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "distance: {}\n", error.what());
    return 1;
  }
}
