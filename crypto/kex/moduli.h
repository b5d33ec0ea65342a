// Parses moduli(5), OpenSSH's file of groups that a server offers in group exchange (RFC 4419), and chooses a group
// from it. The caller reads the file and hands in its text.
//
// A line is `time type tests trials size generator modulus`. We take safe primes (type 2) of 2048 to 8192 bits that
// were tested and passed. Lines of another type, untested, composite or of another size are skipped without a report,
// since they belong to the format: a file that is being made has them. A line that breaks the format is skipped and
// reported. RFC 8270 section 5 [8270-5-1]: groups that are too small are not logged.
//
//   const Moduli moduli = parse_moduli(text_of(content));  moduli.groups …
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crypto/kex/dh_group.h"
#include "crypto/rng.h"

namespace glassh {

struct Moduli {
  std::vector<DhGroup> groups;
  std::vector<std::string> problems;  // "line 7: …"
};
Moduli parse_moduli(std::string_view text);

// The sizes that a client asks for in a group exchange, in bits.
struct GroupSizes {
  std::uint32_t min = 0;
  std::uint32_t n = 0;  // preferred
  std::uint32_t max = 0;
};

// RFC 4419 section 3 [4419-3-7] [4419-3-8], RFC 8270 section 4 [8270-4-1]: from the groups within [min, max] this takes
// one of the smallest that have n bits or more, or else one of the largest. `rng` draws among groups of the same size.
// If no group of `known` is within [min, max], the groups of RFC 3526 are searched in the same way. Returns nullptr if
// none of these fits. The result points into `known`, or to a group that lives until the process ends.
const DhGroup* choose_group(const std::vector<DhGroup>& known, const GroupSizes& sizes, Rng& rng);

}  // namespace glassh
