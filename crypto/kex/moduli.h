// moduli(5): the groups that a server offers in group exchange (RFC 4419), in OpenSSH's file format. The file's bytes
// come in; nothing is read here.
//
// A line is `time type tests trials size generator modulus`. Taken are safe primes (type 2) that were tested and
// passed, of 2048 to 8192 bits. Lines of another type, untested, composite or of another size are left out in silence,
// as they are part of the format (a file that is being made has them, and RFC 8270 section 5 [8270-5-1] wants nothing
// logged of small groups). A line that breaks the format is left out and reported.
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

// What the client of a group exchange asks for, in bits.
struct GroupSizes {
  std::uint32_t min = 0;
  std::uint32_t n = 0;  // preferred
  std::uint32_t max = 0;
};

// RFC 4419 section 3 [4419-3-7] [4419-3-8], RFC 8270 section 4 [8270-4-1]: of those within [min, max] one of the
// smallest that has n bits or more; if none has, one of the largest. Among equals `rng` draws. Where none of `known`
// is within, the groups of RFC 3526 are looked at in the same way. Null if these have none, either. The result is one
// of `known`, or lives for ever.
const DhGroup* choose_group(const std::vector<DhGroup>& known, const GroupSizes& sizes, Rng& rng);

}  // namespace glassh
