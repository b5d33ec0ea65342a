// Sealing and opening one binary packet in place: the ciphers and MACs of RFC 4253 sections 6.3 and 6.4.
//
// There is one class per direction, so that the two directions' keys and counters cannot be mixed up: RFC 4253 sections
// 6.3 and 6.4 [4253-6.3-5] [4253-6.4-4], RFC 4344 section 4 [4344-4-1]. A packet is
// `uint32 packet_length | byte padding_length | payload | padding | tag`; the tag is the MAC or the AEAD's tag. How far
// a cipher's block counts, whether the length is encrypted, and how much must arrive before the length can be read is
// its shape.
//
//   auto sealer = make_sealer({"aes256-gcm@openssh.com", ""}, std::move(keys));   // PacketWriter pads by
//   sealer->shape()
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proto/secret_bytes.h"

namespace glassh {

// RFC 4251 section 9.3.2 [4251-9.3.2-3]: 2^28 packets at the most. Stricter than RFC 4344 section 3.1 [4344-3.1-1]
// [4344-3.1-2] [4344-3.1-3], which wants new keys before 2^32 packets, preferably after 2^31.
constexpr std::uint64_t packets_per_key = std::uint64_t{1} << 28;
// RFC 4344 section 3.2 [4344-3.2-1] [4344-3.2-2]: 2^(L/4) blocks of L bits; AES has 128.
constexpr std::uint64_t aes_blocks_per_key = std::uint64_t{1} << 32;

struct PacketShape {
  std::size_t block = 8;  // padding fills the padded part to a multiple of this (at least 8)
  std::size_t tag = 0;    // bytes after the padding: MAC or AEAD tag
  std::size_t unpadded_prefix =
      0;  // bytes in front that do not count for padding: 4 when the length is apart (ETM, AEAD)
  std::size_t needed_for_length = 4;  // bytes that must have arrived before packet_length() can be asked
  std::uint64_t packet_limit = 0;  // packets after which the key should change (RFC 4344 section 3); 0: no such limit
  std::uint64_t block_limit = 0;   // cipher blocks, the same; 0: none
};

struct Sealer {
  virtual ~Sealer() = default;
  virtual PacketShape shape() const = 0;
  // `packet` is everything from packet_length to the end of the tag; the tag's bytes are written here.
  virtual void seal(std::uint32_t sequence_number, MutableBytes packet) = 0;
};

struct Opener {
  virtual ~Opener() = default;
  virtual PacketShape shape() const = 0;
  // `first` holds at least shape().needed_for_length bytes of a packet. Asked once per packet; may decrypt those bytes
  // in place (CTR with a plain MAC) and keeps no view. The value is the peer's word: the caller checks its range.
  virtual std::uint32_t packet_length(std::uint32_t sequence_number, MutableBytes first) = 0;
  // The same packet, whole, tag included, packet_length() having been asked. True: it is in the clear from
  // packet_length to the padding. False: forged (or shorter than its tag); the bytes are then worthless.
  virtual bool open(std::uint32_t sequence_number, MutableBytes packet) = 0;
};

// A cipher and its MAC, for which key derivation makes keys (RFC 4253 section 7.2). `mac` is ignored for AEAD ciphers.
struct CipherNames {
  std::string cipher;  // "chacha20-poly1305@openssh.com", "aes256-ctr", …
  std::string mac;     // "hmac-sha2-256-etm@openssh.com", … or empty
};
struct CipherKeySizes {
  std::size_t iv = 0, key = 0, mac_key = 0;  // bytes
};
struct CipherKeys {
  SecretBytes iv, key, mac_key;

  CipherKeys clone() const { return {iv.clone(), key.clone(), mac_key.clone()}; }
};

// In our order of preference: what KEXINIT offers by default, and what -Q lists.
const std::vector<std::string_view>& cipher_names();
const std::vector<std::string_view>& mac_names();
bool is_aead(std::string_view cipher);

// Throw std::invalid_argument for a name that is not in the lists above or a key of the wrong size.
CipherKeySizes cipher_key_sizes(const CipherNames& names);
std::unique_ptr<Sealer> make_sealer(const CipherNames& names, CipherKeys keys);
std::unique_ptr<Opener> make_opener(const CipherNames& names, CipherKeys keys);
// From the keys as they were derived to the keys with which a new sealer or opener goes on, behind `packets` packets of
// `bytes` bytes in all, tags included. The sequence number is the caller's. Throws std::invalid_argument as above, and
// for counts that contradict each other.
CipherKeys keys_after(const CipherNames& names, CipherKeys keys, std::uint64_t packets, std::uint64_t bytes);

}  // namespace glassh
