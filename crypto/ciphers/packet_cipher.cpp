#include "crypto/ciphers/packet_cipher.h"

#include <array>
#include <stdexcept>

#include <fmt/format.h>

#include "crypto/ciphers/aes_ctr_hmac.h"
#include "crypto/ciphers/aes_gcm.h"
#include "crypto/ciphers/chacha20_poly1305.h"

namespace glassh {
namespace {

enum class CipherKind { chacha20_poly1305, aes_gcm, aes_ctr };

struct CipherFacts {
  std::string_view name;
  CipherKind kind;
  std::string_view libcrypto_name;
  std::size_t iv_size;   // bytes
  std::size_t key_size;  // bytes
};

// RFC 4344 section 4 [4344-4-4] [4344-4-5] [4344-4-6]: the three AES counter modes, behind the AEAD ciphers.
constexpr std::array<CipherFacts, 6> ciphers = {{
    {"chacha20-poly1305@openssh.com", CipherKind::chacha20_poly1305, "ChaCha20", 0, 64},
    {"aes128-gcm@openssh.com", CipherKind::aes_gcm, "AES-128-GCM", 12, 16},
    {"aes256-gcm@openssh.com", CipherKind::aes_gcm, "AES-256-GCM", 12, 32},
    {"aes128-ctr", CipherKind::aes_ctr, "AES-128-CTR", 16, 16},
    {"aes192-ctr", CipherKind::aes_ctr, "AES-192-CTR", 16, 24},
    {"aes256-ctr", CipherKind::aes_ctr, "AES-256-CTR", 16, 32},
}};

struct MacFacts {
  std::string_view name;
  PacketMacKind kind;
};

constexpr std::array<MacFacts, 4> macs = {{
    {"hmac-sha2-256-etm@openssh.com", {HashName::sha256, true}},
    {"hmac-sha2-512-etm@openssh.com", {HashName::sha512, true}},
    {"hmac-sha2-256", {HashName::sha256, false}},
    {"hmac-sha2-512", {HashName::sha512, false}},
}};

template <class Table>
const auto& find(const Table& table, std::string_view name, std::string_view what) {
  for (const auto& row : table) {
    if (row.name == name) return row;
  }
  throw std::invalid_argument(fmt::format("no {} is called \"{}\"", what, name));
}

template <class Table>
std::vector<std::string_view> names_of(const Table& table) {
  std::vector<std::string_view> names;
  for (const auto& row : table) names.push_back(row.name);
  return names;
}

void check_sizes(const CipherNames& names, const CipherKeys& keys) {
  const CipherKeySizes sizes = cipher_key_sizes(names);
  if (keys.iv.size() == sizes.iv && keys.key.size() == sizes.key && keys.mac_key.size() == sizes.mac_key) return;
  throw std::invalid_argument(fmt::format("{} {}: iv, key and mac_key have {}, {} and {} bytes, not {}, {} and {}",
                                          names.cipher, names.mac, keys.iv.size(), keys.key.size(), keys.mac_key.size(),
                                          sizes.iv, sizes.key, sizes.mac_key));
}

// A big-endian counter of any size goes up, and round.
void add(MutableBytes counter, std::uint64_t amount) {
  std::uint32_t carry = 0;
  for (std::size_t i = counter.size(); i > 0; --i) {
    carry += counter[i - 1] + static_cast<std::uint32_t>(amount & 0xff);
    counter[i - 1] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
    amount >>= 8;
  }
}

// How many blocks of key stream so many packets of AES-CTR have used: all bytes but the tags, and the lengths where
// they are in the clear.
std::uint64_t blocks_used(const PacketShape& shape, std::uint64_t packets, std::uint64_t bytes) {
  const std::uint64_t apart = packets * (shape.tag + shape.unpadded_prefix);
  if (packets > bytes || apart > bytes || (bytes - apart) % shape.block != 0) {
    throw std::invalid_argument(fmt::format("{} packets cannot have {} bytes in all", packets, bytes));
  }
  return (bytes - apart) / shape.block;
}

}  // namespace

// RFC 8758 section 2 [8758-2-1] [8758-2-2]: what is not here, like arcfour, is neither offered nor taken.
const std::vector<std::string_view>& cipher_names() {
  static const std::vector<std::string_view> names = names_of(ciphers);
  return names;
}

const std::vector<std::string_view>& mac_names() {
  static const std::vector<std::string_view> names = names_of(macs);
  return names;
}

bool is_aead(std::string_view cipher) {
  for (const CipherFacts& row : ciphers) {
    if (row.name == cipher) return row.kind != CipherKind::aes_ctr;
  }
  return false;
}

CipherKeySizes cipher_key_sizes(const CipherNames& names) {
  const CipherFacts& cipher = find(ciphers, names.cipher, "cipher");
  CipherKeySizes sizes{.iv = cipher.iv_size, .key = cipher.key_size, .mac_key = 0};
  // RFC 6668 section 2 [6668-2-1] [6668-2-2]: the MAC's key is as long as its digest.
  if (cipher.kind == CipherKind::aes_ctr) sizes.mac_key = hash_size(find(macs, names.mac, "MAC").kind.hash);
  return sizes;
}

std::unique_ptr<Sealer> make_sealer(const CipherNames& names, CipherKeys keys) {
  check_sizes(names, keys);
  const CipherFacts& cipher = find(ciphers, names.cipher, "cipher");
  switch (cipher.kind) {
    case CipherKind::chacha20_poly1305:
      return make_chacha20_poly1305_sealer(keys);
    case CipherKind::aes_gcm:
      return make_aes_gcm_sealer(cipher.libcrypto_name, keys);
    case CipherKind::aes_ctr:
      break;
  }
  return make_aes_ctr_hmac_sealer(cipher.libcrypto_name, find(macs, names.mac, "MAC").kind, keys);
}

std::unique_ptr<Opener> make_opener(const CipherNames& names, CipherKeys keys) {
  check_sizes(names, keys);
  const CipherFacts& cipher = find(ciphers, names.cipher, "cipher");
  switch (cipher.kind) {
    case CipherKind::chacha20_poly1305:
      return make_chacha20_poly1305_opener(keys);
    case CipherKind::aes_gcm:
      return make_aes_gcm_opener(cipher.libcrypto_name, keys);
    case CipherKind::aes_ctr:
      break;
  }
  return make_aes_ctr_hmac_opener(cipher.libcrypto_name, find(macs, names.mac, "MAC").kind, keys);
}

CipherKeys keys_after(const CipherNames& names, CipherKeys keys, std::uint64_t packets, std::uint64_t bytes) {
  check_sizes(names, keys);
  switch (find(ciphers, names.cipher, "cipher").kind) {
    case CipherKind::chacha20_poly1305:
      break;  // its nonce is the sequence number
    case CipherKind::aes_gcm:
      // RFC 5647 section 7.1 [5647-7.1-2]: behind four fixed bytes a counter of packets.
      add(keys.iv.reveal().subspan(4), packets);
      break;
    case CipherKind::aes_ctr:
      // RFC 4344 section 4 [4344-4-9]: the IV is the first counter block, and each block of key stream takes one.
      add(keys.iv.reveal(), blocks_used(aes_ctr_hmac_shape(find(macs, names.mac, "MAC").kind), packets, bytes));
      break;
  }
  return keys;
}

}  // namespace glassh
