// The trace as text: what --trace prints. It sees the payloads of both directions and remembers from them what later
// numbers mean (RFC 4253 section 7.1: the key exchange method; RFC 4252 section 5: the authentication method).
//
// Passwords and other Hidden fields are never shown. Nor is the data of channels that carry secrets by their nature: to
// an agent, to an X11 display, and what a user types at a terminal. All other channel data is shown, also a password
// that a user pipes into a command.
//
//   TraceWriter trace(TraceWriter::Side::client, [](std::string_view text) { fmt::print("{}", text); }, {});
//   settings.trace = &trace;
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "proto/trace.h"
#include "proto/trace_sink.h"

namespace glassh {

class TraceWriter : public TraceSink {
 public:
  enum class Side { client, server };  // the one that traces

  // `write` gets whole lines, one call for each packet or note, and must not throw.
  TraceWriter(Side side, std::function<void(std::string_view)> write, TraceStyle style);

  void packet(Direction direction, std::uint32_t sequence_number, std::string_view cipher, Bytes payload) override;
  void compressed(Direction direction, std::size_t size) override;
  void note(std::string_view topic, std::string_view text) override;

 private:
  // The state of the packets that went one way.
  struct Way {
    std::string kex_algorithms;               // of the last KEXINIT
    bool has_kexinit = false;                 // in the key exchange that is under way, or the last one
    std::deque<std::string> global_requests;  // that want a reply
    std::set<std::uint32_t> secret_openings;  // sender_channel of channels with secrets, not yet confirmed
    std::set<std::uint32_t> secret_channels;  // recipient_channel of data that goes this way
    std::optional<std::size_t> compressed;    // the next payload's size
  };

  Way& way(Direction direction) { return ways_[direction == Direction::sent ? 0 : 1]; }
  Direction from_client() const { return side_ == Side::client ? Direction::sent : Direction::received; }

  TraceContext context_of(Direction direction, Bytes payload);
  KexFamily kex_family_of(Direction direction);
  void remember(Direction direction, Bytes payload);
  void on_kexinit(Direction direction, Bytes payload);
  void on_channel_message(Direction direction, Bytes payload);

  Side side_;
  std::function<void(std::string_view)> write_;
  TraceStyle style_;
  std::array<Way, 2> ways_;
  std::string auth_method_;
};

}  // namespace glassh
