// Messages of the agent protocol on a byte stream: a length, and that many bytes (draft-miller-ssh-agent section 3).
//
// Used by both ends, without I/O. A length of 0, or above the limit, ends the stream: memory is taken only as bytes
// arrive, never because a length announces them (past vulnerability 58). Requests carry private keys and passphrases,
// so what was buffered is wiped.
//
//   frames.filled(read(fd, frames.space()));  while (const auto payload = frames.next()) …
#pragma once

#include <optional>

#include "proto/secret_bytes.h"
#include "proto/wire.h"

namespace glassh {

// The longest message that either end takes, in bytes. OpenSSH's agent has the same limit.
inline constexpr std::size_t agent_message_limit = 256 * 1024;

class AgentFrames {
 public:
  // Memory for the next bytes; never empty. It lives until the next call.
  MutableBytes space();
  void filled(std::size_t size);  // of space()
  // The next whole message, number first; a view until the next call of any member. Throws ProtocolError for a length
  // that cannot be; after that the stream is of no use.
  std::optional<Bytes> next();
  // Bytes of an unfinished message are here: an end of the stream now is one in the middle of a message.
  bool in_message() const { return filled_ > begin_; }

 private:
  void forget_read();

  SecretBytes buffer_;
  std::size_t begin_ = 0;   // of the first message that next() has not given out
  std::size_t filled_ = 0;  // bytes in buffer_
};

// A message with its length in front.
template <class M>
SecretBytes agent_frame(const M& message) {
  const std::size_t size = measure(message);
  SecretBytes frame(4 + size);
  put_u32(frame.reveal().data(), static_cast<std::uint32_t>(size));
  encode_into(message, frame.reveal().subspan(4));
  return frame;
}

}  // namespace glassh
