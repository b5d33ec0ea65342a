// aes128-ctr, aes192-ctr and aes256-ctr (RFC 4344 section 4) with hmac-sha2-256 or hmac-sha2-512 (RFC 6668), and with
// their -etm@openssh.com forms (OpenSSH PROTOCOL section 1.5).
//
// In the plain form the MAC covers the plaintext and everything is encrypted, so the length is known only after the
// first block is decrypted. In the ETM form packet_length travels in the clear; the MAC covers the ciphertext and is
// checked before anything is decrypted. The key stream continues from packet to packet. make_sealer() and
// make_opener() (packet_cipher.h) call these functions; other code does not.
//
//   auto sealer = make_aes_ctr_hmac_sealer("AES-128-CTR", {HashName::sha256, true}, keys);
#pragma once

#include "crypto/ciphers/packet_cipher.h"
#include "crypto/hash.h"

namespace glassh {

struct PacketMacKind {
  HashName hash = HashName::sha256;
  bool encrypt_then_mac = false;
};

// The caller pads and reads packets by this shape.
PacketShape aes_ctr_hmac_shape(PacketMacKind mac);
// `libcrypto_name` is "AES-128-CTR", "AES-192-CTR" or "AES-256-CTR". The caller passes keys of the right sizes.
std::unique_ptr<Sealer> make_aes_ctr_hmac_sealer(std::string_view libcrypto_name, PacketMacKind mac,
                                                 const CipherKeys& keys);
std::unique_ptr<Opener> make_aes_ctr_hmac_opener(std::string_view libcrypto_name, PacketMacKind mac,
                                                 const CipherKeys& keys);

}  // namespace glassh
