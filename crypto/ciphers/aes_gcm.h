// aes128-gcm@openssh.com and aes256-gcm@openssh.com: RFC 5647 sections 7.1 to 7.3, negotiated OpenSSH's way (OpenSSH
// PROTOCOL section 1.6: the cipher's name alone chooses it, and the MAC lists are then ignored).
//
// packet_length travels in the clear as associated data, the rest is encrypted, and a 16-byte tag follows. The nonce
// counts the packets sent under the key; the sequence number is not used. make_sealer() and make_opener()
// (packet_cipher.h) call these functions; other code does not.
//
//   auto sealer = make_aes_gcm_sealer("AES-256-GCM", keys);
#pragma once

#include "crypto/ciphers/packet_cipher.h"

namespace glassh {

// `libcrypto_name` is "AES-128-GCM" or "AES-256-GCM". The caller passes keys of the right sizes: iv 12, key 16 or 32.
std::unique_ptr<Sealer> make_aes_gcm_sealer(std::string_view libcrypto_name, const CipherKeys& keys);
std::unique_ptr<Opener> make_aes_gcm_opener(std::string_view libcrypto_name, const CipherKeys& keys);

}  // namespace glassh
