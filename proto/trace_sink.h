// The core reports the packets that it sees to a TraceSink. The programs give a connection one for --trace; without one
// the cost is a null check. trace_writer.h makes text of the reports, trace.h has the words. A sink must not throw.
//
//   if (trace_ != nullptr) trace_->packet(Direction::sent, sequence_number_, "aes128-gcm@openssh.com", payload);
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/bytes.h"

namespace glassh {

// As seen from the side that traces.
enum class Direction { sent, received };

struct TraceSink {
  virtual ~TraceSink() = default;

  // A packet's payload in clear, in the order of the wire. `cipher` is the one in force ("none" before the first
  // NEWKEYS). All arguments are views that end with the call.
  virtual void packet(Direction direction, std::uint32_t sequence_number, std::string_view cipher, Bytes payload) = 0;

  // Said right before packet(): that one's payload travels in so many bytes (RFC 4253 section 6.2). For a received one
  // that does not inflate, no packet() follows.
  virtual void compressed(Direction /*direction*/, std::size_t /*size*/) {}

  // A decision, in words: note("negotiation", "kex: curve25519-sha256 (lost: ecdh-sha2-nistp256)"). The text may have
  // several lines. Never pass a secret.
  virtual void note(std::string_view topic, std::string_view text) = 0;
};

}  // namespace glassh
