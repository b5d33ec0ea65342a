// The post-quantum hybrids: a key encapsulation and X25519 side by side, so that K stays secret as long as one of the
// two is unbroken.
//
//   mlkem768x25519-sha256    RFC 10042: ML-KEM-768 (FIPS 203)
//   sntrup761x25519-sha512   RFC 9941: Streamlined NTRU Prime; its older name ends in @openssh.com
//
// The client's share, C_INIT, is the encapsulation key and an X25519 key. The server's share, S_REPLY, is the
// ciphertext and an X25519 key. K is a string: the method's hash over both secrets, the encapsulated one first.
// docs/POST_QUANTUM.md shows the bytes. The encapsulations are in crypto/kex/mlkem768.h and crypto/kex/sntrup761.h.
//
//   const auto method = make_kex_hybrid("mlkem768x25519-sha256");
#pragma once

#include "crypto/kex/kex_method.h"

namespace glassh {

// Returns nullptr for a name that is not one of these three.
std::unique_ptr<KexMethod> make_kex_hybrid(std::string_view name);

}  // namespace glassh
