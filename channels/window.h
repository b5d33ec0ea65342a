// The window that a channel gives its peer (RFC 4254 section 5.2): what may still come, what has come and not left our
// hands, when it is opened again, and how large it is.
//
// A path holds its bandwidth times its round trip. A smaller window leaves the peer waiting for our WINDOW_ADJUST, so a
// window grows: when all of it went through in less than two round trips, to twice what such a path holds, at most
// fourfold at a time. The growth is given out with the bytes that are consumed, not at once: OpenSSH's client reads as
// much of a file ahead as the window lets it send, into a buffer that copies itself with each read. (256 MiB over 20 ms
// were 0.89 as fast as with a window of 2 MiB when growth came at once, and are 1.8 times as fast.) All windows of a
// connection are taken from one budget: the more there are, the smaller is a new one. It knows no message and no
// clock; Channels tells it time and round trip by the WindowPace.
//
//   window.arrived(n);  …  window.consumed(n);  if (auto bytes_to_add = window.take_adjust()) …
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "transport/transport.h"

namespace glassh {

struct ChannelLimits {
  std::uint32_t initial_window = 2 * 1024 * 1024;   // bytes that the peer may send before we consume
  std::uint32_t maximum_window = 64 * 1024 * 1024;  // to which that grows; not above the initial one: it does not
  std::uint32_t maximum_packet = 32 * 1024;         // bytes of data in one packet to us
  std::size_t backlog = 512 * 1024;                 // sealed bytes waiting for the socket, above which room() is 0
};

// Shared by the windows of one connection.
struct WindowPace {
  TimePoint now{};
  std::optional<std::chrono::nanoseconds> round_trip = {};  // while none is known, no window grows
  // Bytes that windows may still have, all together: so much more a peer with slow readers could make us keep. A new
  // window gets a part of it, growth takes only what is more than `for_new`. Half a packet is always granted.
  std::uint64_t left = 0;
  std::uint64_t for_new = 0;
};

// The budget of a connection under these limits.
WindowPace window_pace(const ChannelLimits& limits);

class ReceiveWindow {
 public:
  // `pace` must outlive it. What is taken from it goes back when this ends.
  ReceiveWindow(const ChannelLimits& limits, WindowPace& pace);
  ReceiveWindow(const ReceiveWindow&) = delete;
  ReceiveWindow& operator=(const ReceiveWindow&) = delete;
  ~ReceiveWindow();

  std::uint32_t available() const { return available_; }  // bytes that the peer may still send
  std::uint32_t size() const { return size_; }

  void arrived(std::size_t size);    // at most available()
  void discarded(std::size_t size);  // the same, of bytes that are dropped: they are never given back
  void consumed(std::size_t size);   // of what arrived: it has left our hands
  // What a WINDOW_ADJUST should add now; 0: not worth a message yet.
  std::uint32_t take_adjust();

 private:
  void measure(std::size_t size);
  void begin_measurement();
  void grow_to(double wanted);

  const ChannelLimits& limits_;
  WindowPace& pace_;
  // The sum of what is available, unconsumed and unannounced, but for what was discarded.
  std::uint32_t size_;
  std::uint64_t taken_;   // of the pace's bytes
  std::uint32_t enough_;  // of unannounced_, to be worth a message
  std::uint32_t available_;
  std::uint32_t unconsumed_ = 0;   // arrived, not yet consumed
  std::uint32_t unannounced_ = 0;  // consumed, not yet given to the peer
  std::uint32_t growth_ = 0;       // of the window, not yet given to the peer
  TimePoint since_{};              // when the measurement began
  std::uint32_t came_before_ = 0;  // bytes that were unconsumed then and still are
  std::uint64_t measured_ = 0;     // bytes that have come and been consumed since
};

}  // namespace glassh
