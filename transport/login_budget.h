// LoginBudget limits the work that a peer makes for us before the login is complete: bytes, packets, key exchanges.
//
// RFC 4251 section 9.3.5 asks for care with peers that only want to keep us busy. LoginGraceTime limits their time,
// this limits our work: without it one connection could repeat the key exchange, in which we sign and multiply, for two
// minutes, and neither MaxStartups nor a penalty would stop it. The figures are far above what any login takes; they
// count for both roles.
//
//   if (phase_ != Phase::connection) login_budget_.count(payload);
#pragma once

#include <cstdint>

#include "proto/bytes.h"

namespace glassh {

class LoginBudget {
 public:
  // Call it with each payload. Throws ProtocolError when it is one too many.
  void count(Bytes payload);

  // 128 requests (ServerAuthSettings) with keys and signatures of 16384 bits are half a megabyte.
  static constexpr std::uint64_t most_bytes = 4 * 1024 * 1024;
  static constexpr std::uint64_t most_packets = 4096;
  // One is needed. Who rekeys by bytes may do so in a login, too; none does so often.
  static constexpr unsigned most_key_exchanges = 16;

 private:
  std::uint64_t bytes_ = 0;
  std::uint64_t packets_ = 0;
  unsigned key_exchanges_ = 0;
};

}  // namespace glassh
