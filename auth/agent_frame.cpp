#include "auth/agent_frame.h"

#include <algorithm>

#include <fmt/format.h>

namespace glassh {

namespace {
constexpr std::size_t length_size = 4;
constexpr std::size_t first_size = 4 * 1024;  // most messages fit
}  // namespace

MutableBytes AgentFrames::space() {
  forget_read();
  if (filled_ == buffer_.size()) {
    const std::size_t size = std::clamp(2 * buffer_.size(), first_size, length_size + agent_message_limit);
    SecretBytes larger(size);
    std::copy_n(buffer_.reveal().begin(), filled_, larger.reveal().begin());
    buffer_ = std::move(larger);
  }
  return buffer_.reveal().subspan(filled_);
}

void AgentFrames::filled(std::size_t size) { filled_ += size; }

std::optional<Bytes> AgentFrames::next() {
  if (filled_ - begin_ < length_size) return std::nullopt;
  const Bytes bytes = Bytes(buffer_.reveal()).subspan(begin_, filled_ - begin_);
  const std::size_t size = get_u32(bytes.data());
  if (size == 0) throw ProtocolError("agent message: its length is 0, but a message begins with its number");
  // Past vulnerability 58: as soon as the length is there, before anything is kept for it.
  if (size > agent_message_limit) {
    throw ProtocolError(fmt::format("agent message: its length is {}, and {} is the limit", size, agent_message_limit));
  }
  if (bytes.size() - length_size < size) return std::nullopt;
  begin_ += length_size + size;
  return bytes.subspan(length_size, size);
}

// Moves an unfinished message to the front, so that the buffer never needs more than one message of the largest size.
void AgentFrames::forget_read() {
  if (begin_ == 0) return;
  const MutableBytes bytes = buffer_.reveal();
  std::copy(bytes.begin() + static_cast<std::ptrdiff_t>(begin_), bytes.begin() + static_cast<std::ptrdiff_t>(filled_),
            bytes.begin());
  const std::size_t left = filled_ - begin_;
  wipe(bytes.subspan(left, filled_ - left));
  begin_ = 0;
  filled_ = left;
}

}  // namespace glassh
