// Leftovers are the bytes that a Sink still keeps for its reader when its channel is closed or its connection has
// ended. They are still delivered (RFC 4254 section 5.3), within limits.
//
// A Leftover lives in its Sink from that moment until all is delivered or dropped. Job: count in two budgets, that of
// its connection and that of the process. When one is exceeded, the oldest leftovers in it are dropped. A connection
// that lives sets no deadline. After its end a leftover whose reader takes nothing for a minute is dropped (Sink does
// that). The list of all is shared by all threads; a Sink of another thread is told by a post to its executor.
//
//   leftover_ = Leftover(*hub, executor, weak_from_this(), kept);  …  leftover_.keeps(fewer);
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

namespace glassh {

namespace asio = boost::asio;

class Hub;
class Sink;

struct LeftoverLimits {
  std::size_t bytes = std::size_t{16} * 1024 * 1024;  // of one connection, as memory
  std::size_t sinks = 64;                             // alike; each has a descriptor
  std::size_t connections = 4;                        // so many times as much for the process
  // After the connection's end, with a reader who takes nothing.
  std::chrono::steady_clock::duration patience = std::chrono::seconds(60);
};
// Those of the process. Tests change them before there is a leftover.
LeftoverLimits& leftover_limits();

class Leftover {
 public:
  Leftover() = default;  // none
  // Drops what is too much now, which may be this one. `hub` tells connections apart.
  Leftover(const Hub& hub, const asio::any_io_executor& executor, std::weak_ptr<Sink> sink, std::size_t bytes);
  Leftover(Leftover&& other) noexcept;
  Leftover& operator=(Leftover&& other) noexcept;
  ~Leftover();

  explicit operator bool() const { return exists_; }
  void keeps(std::size_t bytes);  // now

  struct Entry;

 private:
  void remove();

  bool exists_ = false;
  std::list<Entry>::iterator place_;
};

// Those of one connection, the oldest first.
std::vector<std::shared_ptr<Sink>> leftovers_of(const Hub& hub);

}  // namespace glassh
