// chacha20-poly1305@openssh.com: OpenSSH PROTOCOL.chacha20poly1305. It differs from RFC 8439's construction:
// packet_length is encrypted under a key of its own, the nonce has 64 bits, and Poly1305 covers only the packet.
//
// The nonce is the sequence number, so a packet opens only at its place in the stream. Only the length is decrypted
// before the tag is checked. make_sealer() and make_opener() (packet_cipher.h) call these functions; other code does
// not.
//
//   auto opener = make_chacha20_poly1305_opener(keys);
#pragma once

#include "crypto/ciphers/packet_cipher.h"

namespace glassh {

// keys.key is 64 bytes: K_2, which encrypts the payload, then K_1, which encrypts packet_length.
std::unique_ptr<Sealer> make_chacha20_poly1305_sealer(const CipherKeys& keys);
std::unique_ptr<Opener> make_chacha20_poly1305_opener(const CipherKeys& keys);

}  // namespace glassh
