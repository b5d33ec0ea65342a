// Writes the polynomials of Streamlined NTRU Prime as bytes, and reads them (round 3 specification, section 3.3 and its
// appendices on encodings). The arithmetic is in crypto/kex/sntrup761_ring.h.
//
// A polynomial of R/q is a sequence of digits in base q; a rounded one has base (q + 2) / 3. Encoding joins each two
// neighbours with bases m0 and m1 into one digit in base m0 m1 and writes whole bytes of it until the base is below
// 2^14. It repeats this with the digits that are left, half as many each time. Every byte string of the right length
// decodes to some polynomial.
//
//   encode_rq(h, public_key);  decode_rq(public_key)  // h again
#pragma once

#include "crypto/kex/sntrup761_ring.h"
#include "proto/bytes.h"

namespace glassh::sntrup761 {

constexpr std::size_t rq_size = 1158;
constexpr std::size_t rounded_size = 1007;  // for numbers that are multiples of 3
constexpr std::size_t small_size = (p + 3) / 4;

// `out` and `in` have these sizes. The time of encoding, and of decode_small(), does not depend on the numbers. The
// time of decode_rq() and decode_rounded() does; they decode only public data.
void encode_rq(const Rq& r, MutableBytes out);
Rq decode_rq(Bytes in);
void encode_rounded(const Rq& r, MutableBytes out);
Rq decode_rounded(Bytes in);
void encode_small(const Small& r, MutableBytes out);
Small decode_small(Bytes in);

}  // namespace glassh::sntrup761
