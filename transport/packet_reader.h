// The other direction of RFC 4253 section 6: bytes as they arrive become payloads, opened where they arrived.
//
// The rim reads straight into space(), says how much with filled(), and next_payload() returns one payload after the
// other until it has only part of a packet. Every check of section 6 on a packet's outside is here: length, padding,
// tag. A wrong packet throws ProtocolError and the reader must not be used again. What the peer compressed
// (section 6.2) is inflated into other memory than it arrived in.
//
//   auto space = reader.space();  reader.filled(::read(fd, space.data(), space.size()));  while (auto p =
//   reader.next_payload()) …
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/ciphers/packet_cipher.h"
#include "proto/trace_sink.h"
#include "transport/block_pool.h"
#include "transport/compression.h"
#include "transport/transport_state.h"

namespace glassh {

class PacketReader {
 public:
  explicit PacketReader(TraceSink* trace = nullptr) : trace_(trace) {}
  // Goes on where hand_over() stopped. Throws std::invalid_argument for keys that do not fit their names.
  PacketReader(TraceSink* trace, DirectionState state);
  PacketReader(PacketReader&&) = default;
  ~PacketReader();  // wipes what was opened and not yet taken

  // Memory for bytes that arrived; empty only while whole packets wait to be taken. Invalidates earlier payloads. Ask
  // only when there is something to read: it leases a block; filled(0) gives an unused one back.
  MutableBytes space();
  void filled(std::size_t size);

  // Before the first packet: a line up to LF, without the CR LF (RFC 4253 section 4.2). Nothing until a whole one is
  // there; throws when `limit` bytes have come without an end.
  std::optional<std::string_view> next_line(std::size_t limit);
  // The payload of the next whole packet; valid until the next call of any function here.
  std::optional<Bytes> next_payload();

  // New keys, and what was negotiated with them, for every packet after the last payload.
  void use(std::unique_ptr<Opener> opener, std::string cipher_name, bool reset_sequence_number,
           std::string_view compression = "none");
  // The login has succeeded: where "zlib@openssh.com" was negotiated, the peer's next packet is the first compressed
  // one, or the first one under its next keys.
  enum class CompressedFrom { next_packet, next_keys };
  void start_delayed_compression(CompressedFrom from);

  // Everything but the names and the keys, which the key exchange knows; afterwards there is nothing in here, and the
  // reader must not be used again. Between two packets only; throws std::logic_error.
  void hand_over(DirectionState& state);
  // The longest packet_length that is taken from now on; max_packet_length to begin with.
  void limit_packet_length(std::uint32_t most) { longest_ = most; }

  std::uint32_t sequence_number() const { return sequence_number_; }  // of the next packet
  std::uint64_t packets_under_key() const { return packets_under_key_; }
  std::uint64_t bytes_under_key() const { return bytes_under_key_; }
  const PacketShape& shape() const { return shape_; }
  bool holds_block() const { return block_ || (decompressor_ != nullptr && decompressor_->holds_block()); }
  bool holds_bytes() const { return end_ > begin_; }

  // RFC 4253 section 6.1: 35000 bytes in all are owed to everybody [4253-6.1-1]; more are of use to a long command
  // [4253-6.1-2]. OpenSSH has the same limit. A payload that was compressed is no longer either.
  static constexpr std::uint32_t max_packet_length = 256 * 1024;
  // The same before the login is over, where no packet is long: one fits in a block, and so does all that is unopened
  // when a connection is handed over.
  static constexpr std::uint32_t max_packet_length_before_login = 64 * 1024;

 private:
  void check_length(std::uint32_t length) const;
  Bytes payload_of(Bytes packet) const;
  void grow();
  void release_if_empty();

  TraceSink* trace_;
  // RFC 4253 sections 6 and 6.4 [4253-6-5] [4253-6.4-1]: no cipher and no MAC until the first NEWKEYS.
  std::unique_ptr<Opener> opener_;
  PacketShape shape_;
  std::string cipher_name_ = "none";
  bool delayed_zlib_ = false;  // negotiated with the current keys
  bool login_over_ = false;
  // RFC 4253 section 6 [4253-6-1]: null while payloads are not compressed, as they are not until it is negotiated.
  std::unique_ptr<Decompressor> decompressor_;
  std::uint32_t sequence_number_ = 0;
  std::uint64_t packets_under_key_ = 0;
  std::uint64_t bytes_under_key_ = 0;
  BlockLease block_;
  std::size_t begin_ = 0;          // first byte not consumed
  std::size_t end_ = 0;            // end of what arrived
  std::size_t used_ = 0;           // high-water mark, for wiping
  std::size_t packet_length_ = 0;  // of the packet at begin_, once asked; 0 before
  std::uint32_t longest_ = max_packet_length;
};

}  // namespace glassh
