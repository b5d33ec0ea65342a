// The exchange hash H of RFC 4253 section 8, from its parts.
//
// The host key signs H; the first H of a connection is its session identifier. The parts are opaque here: nothing is
// decoded. A process that holds host keys can so compute H itself instead of signing any hash that it is handed.
//
//   const Digest H = exchange_hash(parts, method.hash(), method.shares_are_mpints());
#pragma once

#include <string_view>

#include "crypto/hash.h"
#include "proto/bytes.h"

namespace glassh {

// Views, in the order in which they are hashed, behind the name of the method.
struct ExchangeParts {
  std::string_view kex;             // the method's name, which decides how the rest is hashed
  std::string_view client_version;  // V_C, V_S: the identification lines without CR LF
  std::string_view server_version;
  Bytes client_kexinit;  // I_C, I_S: the payloads
  Bytes server_kexinit;
  Bytes host_key;       // K_S
  Bytes group;          // RFC 4419: min, n, max, p, g as they are hashed; other methods: empty
  Bytes client_share;   // e, Q_C or C_INIT: a magnitude or a string's content, without its length
  Bytes server_share;   // f, Q_S or S_REPLY: the same
  Bytes shared_secret;  // K as it is hashed, length included. Secret: never printed, and its owner wipes it
};

// `hash` and `shares_are_mpints` are the method's (crypto/kex/kex_method.h).
Digest exchange_hash(const ExchangeParts& parts, HashName hash, bool shares_are_mpints);

}  // namespace glassh
