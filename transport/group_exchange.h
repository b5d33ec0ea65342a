// The first round of diffie-hellman-group-exchange-sha256 (RFC 4419 section 3, RFC 8270): which sizes a client asks
// for, which group a server answers with, and which answer a client takes. When each message may come is
// key_exchange's.
//
//   client: sizes_to_request(algorithms) → REQUEST;  server: group_for(sizes, known, rng) → GROUP;
//   client: checked_group(group, sizes)
#pragma once

#include <cstdint>
#include <vector>

#include "crypto/kex/moduli.h"
#include "proto/messages_kex.h"
#include "transport/negotiation.h"

namespace glassh {

// RFC 8270 section 3: 2048 to 8192 bits, and as preference what the negotiated ciphers and MACs deserve.
GroupSizes sizes_to_request(const Algorithms& algorithms);

// Server: of `known`, which may be null, and of RFC 3526's groups. Throws ProtocolError for sizes that contradict
// themselves or that no group here has. Views as choose_group()'s.
const DhGroup& group_for(const GroupSizes& asked, const std::vector<DhGroup>* known, Rng& rng);

// min, n, max, p and g as they go into the exchange hash (RFC 4419 section 3).
std::vector<std::uint8_t> hashed_group(const GroupSizes& asked, const DhGroup& group);

// Client: throws ProtocolError for a group that was not asked for or cannot be used.
DhGroup checked_group(const msg::KexDhGexGroup& answer, const GroupSizes& asked);

}  // namespace glassh
