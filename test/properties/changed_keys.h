// Other forms of keys and signatures than ours.
//
//   reply.K_S = with_compressed_point(reply.K_S);
#pragma once

#include <optional>

#include "proto/messages_auth.h"
#include "test/support/plain_packets.h"

namespace glassh::test {

// A key of ecdsa-sha2-nistp256, RFC 5656 section 3.1, with its point in the short form of SEC 1 section 2.3.3.
inline Payload with_compressed_point(Bytes key) {
  constexpr std::size_t coordinate = 32;
  constexpr std::size_t point = 1 + 2 * coordinate;
  const Bytes Q = key.last(point);
  Payload compressed = copy_of(key.first(key.size() - 4 - point));
  compressed.insert(compressed.end(), {0, 0, 0, 1 + coordinate, static_cast<std::uint8_t>(2 + (Q.back() & 1))});
  compressed.insert(compressed.end(), Q.begin() + 1, Q.begin() + 1 + coordinate);
  return compressed;
}

// A signature of RFC 8332 section 3 without the zeros that S begins with; nothing if there are none.
inline std::optional<Payload> without_zeros_in_front(Bytes signature) {
  const std::size_t begin_of_S = 4 + get_u32(signature.data()) + 4;
  Bytes S = signature.subspan(begin_of_S);
  if (S[0] != 0) return std::nullopt;
  while (S[0] == 0) S = S.subspan(1);
  Payload shorter = copy_of(signature.first(begin_of_S));
  put_u32(shorter.data() + begin_of_S - 4, static_cast<std::uint32_t>(S.size()));
  shorter.insert(shorter.end(), S.begin(), S.end());
  return shorter;
}

}  // namespace glassh::test
