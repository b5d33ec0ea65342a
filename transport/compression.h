// RFC 4253 section 6.2: payloads made smaller, through zlib (RFC 1950, RFC 1951). One type for each direction.
//
// PacketWriter and PacketReader decide what "zlib@openssh.com" compresses, and from which packet on; these two types
// only see payloads. One payload after the other goes through the same context, and each is flushed to its end. Both
// work in memory of their own, leased while a packet is in work. A peer that sends compressed data has logged in, but
// it is not trusted more for that: the size to which a payload may inflate is limited.
//
//   const MutableBytes place = compressor.space(n);  …;  const std::size_t size = compressor.compress(n, packet);
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "proto/bytes.h"
#include "transport/block_pool.h"

struct z_stream_s;

namespace glassh {

// draft-miller-secsh-compression-delayed-00: zlib, from the end of the login on. Plain "zlib" is not offered: with it,
// any peer that connects could send data to the decompressor.
inline constexpr std::string_view delayed_zlib = "zlib@openssh.com";

// The names for -Q.
const std::vector<std::string_view>& compression_names();

class Compressor {
 public:
  Compressor();

  // The most that `size` bytes can become.
  std::size_t bound(std::size_t size) const;
  // Memory for the next payload; valid until release().
  MutableBytes space(std::size_t size);
  Bytes payload(std::size_t size) const { return {memory_.data(), size}; }
  // The first `size` bytes of space(), compressed; `out` has room for bound(size). Returns how many they have become.
  std::size_t compress(std::size_t size, MutableBytes out);
  // Wipes the payload and gives its memory back.
  void release();  // wiped
  bool holds_block() const { return static_cast<bool>(memory_); }

 private:
  struct End {
    void operator()(z_stream_s* stream) const;
  };
  std::unique_ptr<z_stream_s, End> stream_;
  BlockLease memory_;
  std::size_t used_ = 0;
};

class Decompressor {
 public:
  // A payload that inflates to more than `limit` bytes ends the connection.
  explicit Decompressor(std::size_t limit);
  ~Decompressor() { release(); }

  // Valid until the next call of either function. Throws ProtocolError, naming the packet, for what is no payload; then
  // the context is of no more use.
  Bytes decompress(std::uint32_t sequence_number, Bytes compressed);
  void release();  // wiped
  bool holds_block() const { return static_cast<bool>(memory_); }

 private:
  struct End {
    void operator()(z_stream_s* stream) const;
  };
  void grow();

  std::size_t limit_;
  std::unique_ptr<z_stream_s, End> stream_;
  BlockLease memory_;
  std::size_t used_ = 0;        // inflated of this payload
  std::size_t high_water_ = 0;  // for wiping
};

}  // namespace glassh
