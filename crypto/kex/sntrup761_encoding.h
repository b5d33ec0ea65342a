// How Streamlined NTRU Prime writes polynomials as bytes (round 3 specification, section 3.3 and its appendices on
// encodings).
//
// A polynomial of R/q is a sequence of digits in base q, a rounded one in base (q + 2) / 3. Two neighbours with bases
// m0 and m1 are one digit in base m0 m1; whole bytes are written off it until the base is below 2^14; and so on with
// the half as many digits that are left. Every byte string of the right length decodes to some polynomial.
//
//   encode_rq(h, public_key);  decode_rq(public_key)  // h again
#pragma once

#include "crypto/kex/sntrup761_ring.h"
#include "proto/bytes.h"

namespace glassh::sntrup761 {

constexpr std::size_t rq_size = 1158;
constexpr std::size_t rounded_size = 1007;  // of numbers that are multiples of 3
constexpr std::size_t small_size = (p + 3) / 4;

// `out` and `in` have these sizes. Encoding takes the same time whatever the numbers are. Decoding does not: only what
// everybody may know is ever decoded, but for small ones, whose decoding takes the same time, too.
void encode_rq(const Rq& r, MutableBytes out);
Rq decode_rq(Bytes in);
void encode_rounded(const Rq& r, MutableBytes out);
Rq decode_rounded(Bytes in);
void encode_small(const Small& r, MutableBytes out);
Small decode_small(Bytes in);

}  // namespace glassh::sntrup761
