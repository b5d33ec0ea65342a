#include "transport/group_exchange.h"

#include <algorithm>

#include <fmt/format.h>

#include "crypto/ciphers/packet_cipher.h"

namespace glassh {

namespace {

// The longest key that this direction derives, in bits. That counts both halves of the key of chacha20-poly1305, as
// OpenSSH does, so that both ask for groups of the same size.
std::size_t key_bits(const std::string& cipher, const std::string& mac) {
  const CipherKeySizes sizes = cipher_key_sizes({cipher, mac});
  return 8 * std::max(sizes.key, sizes.mac_key);
}

struct HashedGroup {
  GroupSizes asked;
  Mpint p, g;

  static void fields(auto& self, auto& field) {
    field("min", self.asked.min);
    field("n", self.asked.n);
    field("max", self.asked.max);
    field("p", self.p);
    field("g", self.g);
  }
};

[[noreturn]] void refuse(const std::string& text) { throw ProtocolError(DisconnectReason::key_exchange_failed, text); }

}  // namespace

// NIST SP 800-57 part 1, table 2: a modulus is as strong as a key of 112 bits with 2048, 128 with 3072, 192 with 7680.
// RFC 8270 section 3 [8270-3-1] [8270-3-2]: from 2048 bits on, and 3072 where that is enough.
GroupSizes sizes_to_request(const Algorithms& algorithms) {
  const std::size_t bits = std::max(key_bits(algorithms.cipher_client_to_server, algorithms.mac_client_to_server),
                                    key_bits(algorithms.cipher_server_to_client, algorithms.mac_server_to_client));
  GroupSizes sizes{smallest_group, largest_group, largest_group};
  if (bits <= 112)
    sizes.n = 2048;
  else if (bits <= 128)
    sizes.n = 3072;
  else if (bits <= 192)
    sizes.n = 7680;
  return sizes;
}

const DhGroup& group_for(const GroupSizes& asked, const std::vector<DhGroup>* known, Rng& rng) {
  const auto& [min, n, max] = asked;
  if (min > n || n > max) {
    refuse(fmt::format("{}: min is {}, n {} and max {}; expected min <= n <= max", msg::KexDhGexRequest::name, min, n,
                       max));
  }
  // RFC 8270 section 3 [8270-3-3] [8270-3-5], RFC 9142 section 3.2.1 [9142-3.2.1-2]: no group is smaller than 2048.
  static const std::vector<DhGroup> none;
  const DhGroup* group = choose_group(known == nullptr ? none : *known, asked, rng);
  if (group == nullptr) {
    refuse(fmt::format("{}: no group here has {} to {} bits; there are some from {} to {}", msg::KexDhGexRequest::name,
                       min, max, smallest_group, largest_group));
  }
  return *group;
}

std::vector<std::uint8_t> hashed_group(const GroupSizes& asked, const DhGroup& group) {
  return encode(HashedGroup{asked, Mpint{group.p}, Mpint{group.g}});
}

DhGroup checked_group(const msg::KexDhGexGroup& answer, const GroupSizes& asked) {
  DhGroup group = make_group(answer.p.magnitude, answer.g.magnitude);
  // RFC 4419 section 3 [4419-3-9], RFC 9142 section 3.2.1 [9142-3.2.1-2]: as large as was asked for, so 2048 at least.
  if (group.bits < asked.min || group.bits > asked.max) {
    refuse(fmt::format("{}: p has {} bits; {} to {} were asked for", msg::KexDhGexGroup::name, group.bits, asked.min,
                       asked.max));
  }
  if (const std::string why = problem_with(group); !why.empty()) {
    refuse(fmt::format("{}: {}", msg::KexDhGexGroup::name, why));
  }
  return group;
}

}  // namespace glassh
