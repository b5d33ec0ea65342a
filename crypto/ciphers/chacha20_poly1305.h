// chacha20-poly1305@openssh.com: OpenSSH PROTOCOL.chacha20poly1305. It is not RFC 8439's construction: packet_length is
// encrypted under a key of its own, the nonce is 64 bits, and Poly1305 covers the bytes of the packet and nothing else.
//
// The nonce is the sequence number, so a packet opens only at its place in the stream. The tag is checked before
// anything but the length is decrypted. make_sealer() and make_opener() call these.
//
//   auto opener = make_chacha20_poly1305_opener(keys);
#pragma once

#include "crypto/ciphers/packet_cipher.h"

namespace glassh {

// keys.key is 64 bytes: K_2, which encrypts the payload, then K_1, which encrypts packet_length.
std::unique_ptr<Sealer> make_chacha20_poly1305_sealer(const CipherKeys& keys);
std::unique_ptr<Opener> make_chacha20_poly1305_opener(const CipherKeys& keys);

}  // namespace glassh
