// What a peer may make us read before it has logged in (or, as a server, let us in): bytes, packets, key exchanges.
//
// RFC 4251 section 9.3.5 asks for care with those who only want to keep us busy. LoginGraceTime bounds their time, this
// their work: without it one connection could repeat the key exchange, in which we sign and multiply, as often as two
// minutes allow, past MaxStartups and every penalty. The figures are far above what any login takes; they count for
// both roles.
//
//   if (phase_ != Phase::connection) login_budget_.count(payload);
#pragma once

#include <cstdint>

#include "proto/bytes.h"

namespace glassh {

class LoginBudget {
 public:
  // Of each payload, whatever it is. Throws ProtocolError when it is one too many.
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
