// The polynomials of Streamlined NTRU Prime (round 3 specification, sections 3.1 and 3.2) for p = 761, q = 4591,
// w = 286: arithmetic in the rings R/3 and R/q, where R is Z[x] / (x^p - x - 1), and drawing random polynomials.
//
// With this q, R/q is a field. R/3 is not a field, so an element may have no inverse there. Time and memory accesses do
// not depend on a coefficient, and a polynomial is wiped when it dies. Encodings are in
// crypto/kex/sntrup761_encoding.h, the key encapsulation is in crypto/kex/sntrup761.h.
//
//   const std::optional<Small> inverse = reciprocal3(g);  const Rq h = multiply(reciprocal_of_3f(f), g);
#pragma once

#include <array>
#include <optional>
#include <span>

#include "crypto/rng.h"
#include "proto/secret_bytes.h"

namespace glassh::sntrup761 {

constexpr std::size_t p = 761;
constexpr std::int32_t q = 4591;
constexpr std::size_t w = 286;

void wipe(std::span<std::int8_t> numbers);
void wipe(std::span<std::int16_t> numbers);

template <class Number>
struct Polynomial {
  std::array<Number, p> at{};  // the coefficients of x^0, x^1, …

  Polynomial() = default;
  Polynomial(const Polynomial&) = default;
  Polynomial& operator=(const Polynomial&) = default;
  ~Polynomial() { wipe(at); }
};

using Small = Polynomial<std::int8_t>;  // -1, 0 or 1 each: a small element of R, or one of R/3
using Rq = Polynomial<std::int16_t>;    // -2295..2295 each: an element of R/q, which is the numbers modulo q

// x modulo 3 (for |x| up to 2^13) and modulo q (for |x| up to 2^26). Both return the representative nearest to 0.
std::int8_t modulo_3(std::int32_t x);
std::int16_t modulo_q(std::int32_t x);

Rq multiply(const Rq& a, const Small& b);          // in R/q
Small multiply3(const Small& a, const Small& b);   // in R/3
std::optional<Small> reciprocal3(const Small& g);  // 1/g in R/3, if there is one
Rq reciprocal_of_3f(const Small& f);               // 1/(3f) in R/q; f is not 0

Rq round(const Rq& a);        // each number to the nearest multiple of 3
Small modulo_3(const Rq& a);  // each number
Rq three_times(const Rq& a);
// Returns 0 if exactly w of the numbers are not 0, and -1 otherwise.
std::int8_t weight_is_not_w(const Small& a);

Small random_small(Rng& rng);  // any small polynomial
Small random_short(Rng& rng);  // any small one of weight w

// Sorts ascending, by a network of comparisons that does not depend on the numbers.
void sort_in_constant_time(std::span<std::uint32_t> numbers);

}  // namespace glassh::sntrup761
