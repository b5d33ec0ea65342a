// The packets of a victim as RFC 4253 section 6 has them, for tests of what stands around the payloads: opened, and
// otherwise as they came.
//
// It is put between a PacketReader and its Opener, so it sees a packet before the reader judges what is in it.
//
//   reader.use(std::make_unique<PacketWatch>(make_opener(names, keys), packets, 1), names.cipher, true);
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "crypto/ciphers/packet_cipher.h"
#include "proto/bytes.h"

namespace glassh::test {

struct WatchedPacket {
  unsigned keys = 0;  // how many NEWKEYS came before it
  std::uint32_t sequence_number = 0;
  std::vector<std::uint8_t> bytes;  // in the clear, from packet_length to the padding

  std::size_t packet_length() const { return get_u32(bytes.data()); }
  std::size_t padding_length() const { return bytes[4]; }
  // Compressed if it came so. Empty, like padding(), if padding_length leaves none.
  Bytes payload() const { return Bytes(bytes).subspan(5, after_payload() - 5); }
  Bytes padding() const { return Bytes(bytes).subspan(after_payload()); }

 private:
  std::size_t after_payload() const {
    return padding_length() + 5 > bytes.size() ? 5 : bytes.size() - padding_length();
  }
};

class PacketWatch final : public Opener {
 public:
  // Without an opener there is no cipher and no MAC. `packets` outlives it.
  PacketWatch(std::unique_ptr<Opener> opener, std::vector<WatchedPacket>& packets, unsigned keys)
      : opener_(std::move(opener)), packets_(packets), keys_(keys) {}

  PacketShape shape() const override { return opener_ == nullptr ? PacketShape{} : opener_->shape(); }
  std::uint32_t packet_length(std::uint32_t sequence_number, MutableBytes first) override {
    return opener_ == nullptr ? get_u32(first.data()) : opener_->packet_length(sequence_number, first);
  }
  bool open(std::uint32_t sequence_number, MutableBytes packet) override {
    if (opener_ != nullptr && !opener_->open(sequence_number, packet)) return false;
    packets_.push_back({keys_, sequence_number, copy_of(packet.first(packet.size() - shape().tag))});
    return true;
  }

 private:
  std::unique_ptr<Opener> opener_;
  std::vector<WatchedPacket>& packets_;
  const unsigned keys_;
};

}  // namespace glassh::test
