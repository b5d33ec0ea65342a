// What a fuzzer's input is cut into: numbers that choose, payloads, and packets with correct lengths and padding.
//
//   Input input(data, size);  const bool framed = input.number() % 2 == 1;
#pragma once

#include <algorithm>
#include <vector>

#include "crypto/rng.h"
#include "proto/random_payload.h"
#include "transport/packet_writer.h"

namespace glassh::fuzz {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : left_(data, size) {}

  bool empty() const { return left_.empty(); }
  // 0 when nothing is left.
  std::uint8_t number() {
    if (left_.empty()) return 0;
    const std::uint8_t value = left_[0];
    left_ = left_.subspan(1);
    return value;
  }
  Bytes take(std::size_t at_most) {
    const Bytes taken = left_.first(std::min(at_most, left_.size()));
    left_ = left_.subspan(taken.size());
    return taken;
  }
  Bytes rest() { return take(left_.size()); }

  // A message from its declaration; each choice of the filler takes one byte.
  std::vector<std::uint8_t> valid_payload() {
    RandomFill fill([this] { return number() * 0x01010101U; });
    return random_payload(fill);
  }
  // Two bytes of length, then that many. Empty at the end of the input.
  Bytes cut_payload() {
    const std::size_t high = number() % 8U;
    return take(high * 256 + number());
  }

 private:
  Bytes left_;
};

// Packets without a cipher, right in everything but what they say.
class ClearPackets {
 public:
  void line(std::string_view text) { writer_.send_raw(bytes_of(text)); }
  void payload(Bytes payload) {
    if (!payload.empty() && payload.size() <= PacketWriter::max_payload) writer_.send_payload(payload);
  }
  template <class M>
  void message(const M& message) {
    writer_.send(message);
  }

  std::vector<std::uint8_t> take() {
    std::vector<std::uint8_t> bytes;
    for (const Bytes part : writer_.ready()) bytes.insert(bytes.end(), part.begin(), part.end());
    writer_.written(bytes.size());
    return bytes;
  }

 private:
  SeededRng rng_{3};
  PacketWriter writer_{rng_};
};

// One that both of our roles can agree with.
inline msg::KexInit peer_kexinit() {
  msg::KexInit kexinit;
  kexinit.kex_algorithms.text =
      "curve25519-sha256,ext-info-c,kex-strict-c-v00@openssh.com,kex-strict-s-v00@openssh.com";
  kexinit.server_host_key_algorithms.text = "ssh-ed25519";
  kexinit.encryption_algorithms_client_to_server.text = "aes128-ctr";
  kexinit.encryption_algorithms_server_to_client.text = "aes128-ctr";
  kexinit.mac_algorithms_client_to_server.text = "hmac-sha2-256";
  kexinit.mac_algorithms_server_to_client.text = "hmac-sha2-256";
  kexinit.compression_algorithms_client_to_server.text = "none";
  kexinit.compression_algorithms_server_to_client.text = "none";
  return kexinit;
}

// The bytes of a peer that speaks without ciphers, as the input's first byte says: raw; or, behind a proper
// identification and perhaps a proper KEXINIT (and `init`, if there is one), cut payloads or valid messages.
inline std::vector<std::uint8_t> clear_stream(Input& input, const msg::KexEcdhInit* init) {
  const std::uint8_t mode = input.number();
  if (mode % 4 == 0) return copy_of(input.rest());
  ClearPackets packets;
  packets.line("SSH-2.0-fuzzer\r\n");
  if ((mode & 4) != 0) packets.message(peer_kexinit());
  if ((mode & 8) != 0 && init != nullptr) packets.message(*init);
  while (!input.empty()) {
    if (mode % 4 == 1) {
      packets.payload(input.cut_payload());
    } else {
      packets.payload(input.valid_payload());
    }
  }
  return packets.take();
}

}  // namespace glassh::fuzz
