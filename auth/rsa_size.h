// RequiredRSASize, in both programs: how short an RSA key may be. Below 1024 bits, or above 16384, no key decodes at
// all (crypto/keys/rsa), nor below 2048 a private one of ours; keys of other types have one size.
//
//   if (!is_long_enough(key, config.required_rsa_size)) log.error("… Invalid key length");
#pragma once

#include "crypto/keys/key.h"

namespace glassh {

inline bool is_long_enough(const PublicKey& key, std::uint32_t required_rsa_size) {
  return key.type() != "ssh-rsa" || key.bits() >= required_rsa_size;
}

}  // namespace glassh
