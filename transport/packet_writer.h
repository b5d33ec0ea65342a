// One direction of RFC 4253 section 6: payloads become padded, sealed packets, in the memory they will leave from.
//
// begin(n) reserves a packet and gives the place of its payload; finish(n) writes length and padding and seals in
// place. send() does both for a message. Packets pile up back to back until the rim has written them. It knows nothing
// of key exchange but this: while holding (RFC 4253 section 7.1) only messages 1 to 49 leave, the others wait, bounded,
// for the next keys. It begins to hold when its owner says so, or at a limit of bytes. Where payloads are compressed
// (section 6.2), begin() gives a place of the compressor's, and finish() compresses from there into the packet.
//
//   writer.send(msg::Ignore{data});  for (Bytes b : writer.ready()) …writev…  writer.written(n);
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "crypto/ciphers/packet_cipher.h"
#include "crypto/rng.h"
#include "proto/numbers.h"
#include "proto/secret_bytes.h"
#include "proto/trace_sink.h"
#include "proto/wire.h"
#include "transport/block_pool.h"
#include "transport/compression.h"
#include "transport/transport_state.h"

namespace glassh {

class PacketWriter {
 public:
  // Both must outlive the writer; `trace` may be null.
  explicit PacketWriter(Rng& rng, TraceSink* trace = nullptr) : rng_(rng), trace_(trace) {}
  // Goes on where hand_over() stopped. Throws std::invalid_argument for keys that do not fit their names.
  PacketWriter(Rng& rng, TraceSink* trace, DirectionState state);

  template <class M>
  void send(const M& message) {
    const std::size_t size = measure(message);
    encode_into(message, begin(size));
    finish(size);
  }
  void send_payload(Bytes payload);
  // Bytes that are not packets: the identification line.
  void send_raw(Bytes bytes);

  // A place for a payload of up to `size` bytes (at most longest_answer), valid until finish() or abandon(). Not
  // zeroed.
  MutableBytes begin(std::size_t size);
  // `size` bytes were written; at most what was begun, at least 1. A length that is hidden (a password's) shows only in
  // steps of 64 bytes.
  enum class Length { shows, hidden };
  void finish(std::size_t size, Length length = Length::shows);
  void abandon();

  // RFC 4253 section 7.1: from our KEXINIT to our NEWKEYS.
  void hold() { holding_ = true; }
  bool holding() const { return holding_; }
  // At most so many bytes under the same keys (0: no limit). A message of 50 and up that could pass the limit is held,
  // with all that follow it, until use(). wants_new_keys() is true meanwhile, and the owner has to begin a key
  // exchange. The first packet under new keys leaves whatever its size is, so a limit below one packet stops nothing.
  // With compression the size before it counts, since each key exchange begins another context.
  void limit_bytes_under_key(std::uint64_t limit) { bytes_limit_ = limit; }
  bool wants_new_keys() const { return wants_new_keys_; }
  // New keys, and what was negotiated with them, for everything after this; releases what was held.
  void use(std::unique_ptr<Sealer> sealer, std::string cipher_name, bool reset_sequence_number,
           std::string_view compression = "none");
  // The login has succeeded, and where "zlib@openssh.com" was negotiated, the next packet is the first compressed one.
  // For a client; a server's writer sees by itself when USERAUTH_SUCCESS leaves.
  void start_delayed_compression();
  // Releases nothing and forgets what was held: the connection is ending.
  void drop_held();

  // Everything but the names and the keys, which the key exchange knows; afterwards nothing is ready(), and the writer
  // must not be used again. Not between begin() and finish(), nor while holding; throws std::logic_error.
  void hand_over(DirectionState& state);

  // Sealed bytes, oldest first, for one writev; views valid until the next call of anything here.
  const std::vector<Bytes>& ready();
  void written(std::size_t size);
  std::size_t backlog() const { return backlog_; }  // bytes sealed and not yet written

  std::uint32_t sequence_number() const { return sequence_number_; }  // of the next packet
  // Since the current keys came into use.
  std::uint64_t packets_under_key() const { return packets_under_key_; }
  std::uint64_t bytes_under_key() const { return bytes_under_key_; }
  const PacketShape& shape() const { return shape_; }

  static constexpr std::size_t bulk_payload = 34 * 1024 - 512;  // two sealed packets fit in a block
  // RFC 4253 section 6.1 [4253-6.1-3]: longer ones are sent only because the user asked for them, by a long command.
  // So long, they fit in the packets that OpenSSH takes, and we, whatever the cipher.
  static constexpr std::size_t max_payload = 256 * 1024 - 512;
  // An answer may have to repeat what was asked. So this is no less than the longest payload that PacketReader gives.
  static constexpr std::size_t longest_answer = 256 * 1024;

 private:
  struct OutBlock {
    BlockLease memory;
    std::size_t begin = 0;  // written up to here
    std::size_t end = 0;    // sealed up to here
  };

  std::size_t most_in_packet(std::size_t payload_size) const;
  bool reaches_limit(std::size_t payload_size) const;
  OutBlock& block_with(std::size_t room);
  void seal_packet(std::size_t payload_size, Length length);
  void fill_padding(MutableBytes padding);

  Rng& rng_;
  TraceSink* trace_;
  // RFC 4253 sections 6 and 6.4 [4253-6-5] [4253-6.4-1]: no cipher and no MAC until the first NEWKEYS.
  std::unique_ptr<Sealer> sealer_;
  PacketShape shape_;
  std::string cipher_name_ = "none";
  std::uint32_t sequence_number_ = 0;
  std::uint64_t packets_under_key_ = 0;
  std::uint64_t bytes_under_key_ = 0;
  std::uint64_t bytes_limit_ = 0;
  bool wants_new_keys_ = false;
  bool delayed_zlib_ = false;  // negotiated with the current keys
  bool login_over_ = false;
  std::unique_ptr<Compressor> compressor_;  // only while payloads are compressed
  bool holding_ = false;
  std::size_t begun_ = 0;
  std::vector<OutBlock> blocks_;
  std::size_t backlog_ = 0;
  std::vector<Bytes> ready_;
  struct Held {
    SecretBytes payload;  // it may be a password
    Length length;
  };
  std::vector<Held> held_;
  std::size_t held_bytes_ = 0;
  std::array<std::uint8_t, 192> random_{};
  std::size_t random_left_ = 0;
};

}  // namespace glassh
