#include "crypto/kex/sntrup761_ring.h"

#include <algorithm>

#include "crypto/constant_time.h"
#include "crypto/libcrypto.h"

namespace glassh::sntrup761 {

void wipe(std::span<std::int8_t> numbers) { OPENSSL_cleanse(numbers.data(), numbers.size_bytes()); }
void wipe(std::span<std::int16_t> numbers) { OPENSSL_cleanse(numbers.data(), numbers.size_bytes()); }

// ---- Numbers. The quotients are rounded products with 1/3 and 1/q, never divisions.

std::int8_t modulo_3(std::int32_t x) {
  constexpr std::int32_t third = 10923;  // of 2^15, rounded
  return static_cast<std::int8_t>(x - 3 * ((x * third + (1 << 14)) >> 15));
}

std::int16_t modulo_q(std::int32_t x) {
  constexpr std::int64_t one = std::int64_t{1} << 40;
  constexpr std::int64_t reciprocal = (one + q / 2) / q;
  return static_cast<std::int16_t>(x - q * static_cast<std::int32_t>((x * reciprocal + one / 2) >> 40));
}

// ---- Products

namespace {

// a * b before any reduction, the numbers being sums in `Sum`; then x^p = x + 1, from the highest power down.
template <class Sum, class Number>
std::array<Sum, 2 * p - 1> product(const Polynomial<Number>& a, const Small& b) {
  std::array<Sum, 2 * p - 1> sums{};
  for (std::size_t j = 0; j < p; ++j) {
    const std::int16_t factor = b.at[j];
    for (std::size_t i = 0; i < p; ++i) sums[i + j] = static_cast<Sum>(sums[i + j] + factor * a.at[i]);
  }
  for (std::size_t i = 2 * p - 2; i >= p; --i) {
    sums[i - p] = static_cast<Sum>(sums[i - p] + sums[i]);
    sums[i - p + 1] = static_cast<Sum>(sums[i - p + 1] + sums[i]);
  }
  return sums;
}

}  // namespace

// A sum is of 761 products below 2296, and three of them come together: below 2^23.
Rq multiply(const Rq& a, const Small& b) {
  std::array<std::int32_t, 2 * p - 1> sums = product<std::int32_t>(a, b);
  Rq result;
  for (std::size_t i = 0; i < p; ++i) result.at[i] = modulo_q(sums[i]);
  OPENSSL_cleanse(sums.data(), sizeof sums);
  return result;
}

Small multiply3(const Small& a, const Small& b) {
  std::array<std::int16_t, 2 * p - 1> sums = product<std::int16_t>(a, b);
  Small result;
  for (std::size_t i = 0; i < p; ++i) result.at[i] = modulo_3(sums[i]);
  wipe(sums);
  return result;
}

// ---- Reciprocals: Bernstein and Yang, "Fast constant-time gcd computation and modular inversion", section 6.

namespace {

// The operations of a field that a division step needs. Its numbers have 16 bits, so that eight fit into a register.
struct F3 {
  // a b - c d, for numbers of -1, 0, 1.
  static std::int16_t difference(std::int16_t a, std::int16_t b, std::int16_t c, std::int16_t d) {
    const auto x = static_cast<std::int16_t>(a * b - c * d);  // -2..2, and (11 x + 16) / 32 is the nearest to x / 3
    return static_cast<std::int16_t>(x - 3 * static_cast<std::int16_t>(static_cast<std::int16_t>(11 * x + 16) >> 5));
  }
  static std::int16_t canonical(std::int16_t a) { return a; }
};

struct Fq {
  // Montgomery's product: a b / 2^16 modulo q. Its high half less that of the multiple of q with the same low half.
  static std::int16_t product(std::int16_t a, std::int16_t b) {
    constexpr std::int16_t reciprocal = 15631;  // of q, modulo 2^16
    const auto multiple = static_cast<std::int16_t>(static_cast<std::int16_t>(a * b) * reciprocal);
    return static_cast<std::int16_t>((a * b >> 16) - (multiple * q >> 16));
  }
  // (a b - c d) / 2^16 modulo q. The factor does no harm, as reciprocal() says. If all are within ±5600, so is this:
  // twice 5600^2 / 2^16 + q / 2.
  static std::int16_t difference(std::int16_t a, std::int16_t b, std::int16_t c, std::int16_t d) {
    return static_cast<std::int16_t>(product(a, b) - product(c, d));
  }
  static std::int16_t canonical(std::int16_t a) { return modulo_q(a); }
};
static_assert(static_cast<std::uint16_t>(q * 15631) == 1);

// 0xffff if x is not 0, else 0; and if x is positive.
std::int16_t if_not_zero(std::int32_t x) {
  const auto bits = static_cast<std::uint32_t>(x);
  return static_cast<std::int16_t>(0U - opaque((bits | (0U - bits)) >> 31));
}
std::int16_t if_positive(std::int32_t x) {
  return static_cast<std::int16_t>(0U - opaque((0U - static_cast<std::uint32_t>(x)) >> 31));
}

// A polynomial of degree up to p, in a field of 16-bit numbers.
using Numbers = std::array<std::int16_t, p + 1>;

// Exchanges the first `count` numbers of a and b if the mask says so.
void exchange(std::int16_t mask, std::size_t count, std::int16_t* a, std::int16_t* b) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto change = static_cast<std::int16_t>(mask & (a[i] ^ b[i]));
    a[i] = static_cast<std::int16_t>(a[i] ^ change);
    b[i] = static_cast<std::int16_t>(b[i] ^ change);
  }
}

// b becomes f0 b - g0 a, in the first `count` numbers.
template <class Field>
void eliminate(std::int16_t f0, std::int16_t g0, std::size_t count, const std::int16_t* a, std::int16_t* b) {
  for (std::size_t i = 0; i < count; ++i) b[i] = Field::difference(f0, b[i], g0, a[i]);
}

struct Reciprocal {
  Numbers numbers{};        // those of x^p-1, x^p-2, … of the reciprocal, times `factor`; the last one is not used
  std::int16_t factor = 0;  // canonical
  bool exists = false;

  ~Reciprocal() { wipe(numbers); }
};

// Euclid's algorithm on f, the ring's modulus, and g, the polynomial, both with their numbers in reverse order, in
// 2p - 1 division steps that look at the lowest numbers only: whichever of them is of higher degree is freed of its
// lowest number with the other's help, and divided by x. v and r are what f and g are multiples of the polynomial by
// (up to a power of x, and a factor, which are put right at the end). At the end f is a number and v its multiple of
// the reciprocal.
template <class Field>
Reciprocal reciprocal(const Small& polynomial) {
  constexpr std::size_t steps = 2 * p - 1;
  Numbers f{};
  Numbers g{};
  Numbers r{};
  Reciprocal result;
  Numbers& v = result.numbers;
  f[0] = 1;  // x^p - x - 1, reversed
  f[p - 1] = f[p] = -1;
  std::reverse_copy(polynomial.at.begin(), polynomial.at.end(), g.begin());
  r[0] = 1;
  std::int32_t delta = 1;
  for (std::size_t step = 0; step < steps; ++step) {
    // The steps that are left see no further into f and g; v and r have not grown beyond that.
    const std::size_t seen = std::min(p + 1, steps - step);
    const std::size_t grown = std::min(p + 1, step + 2);
    std::copy_backward(v.begin(), v.end() - 1, v.end());  // v *= x
    v[0] = 0;

    const auto change = static_cast<std::int16_t>(if_positive(delta) & if_not_zero(Field::canonical(g[0])));
    delta = (delta ^ (change & (delta ^ -delta))) + 1;
    exchange(change, seen, f.data(), g.data());
    exchange(change, grown, v.data(), r.data());
    const std::int16_t f0 = f[0];
    const std::int16_t g0 = g[0];
    eliminate<Field>(f0, g0, seen, f.data(), g.data());
    eliminate<Field>(f0, g0, grown, v.data(), r.data());
    std::copy(g.begin() + 1, g.end(), g.begin());  // g /= x
    g[p] = 0;
  }
  result.factor = Field::canonical(f[0]);
  result.exists = delta == 0;
  wipe(f);
  wipe(g);
  wipe(r);
  return result;
}

// 1/x modulo q: x^(q-2), by Fermat.
std::int16_t reciprocal_q(std::int16_t x) {
  std::int16_t result = 1;
  for (int bit = 12; bit >= 0; --bit) {
    result = modulo_q(result * result);
    if (((q - 2) >> bit & 1) != 0) result = modulo_q(result * x);
  }
  return result;
}

}  // namespace

// The factor is 1 or -1, its own reciprocal.
std::optional<Small> reciprocal3(const Small& g) {
  const Reciprocal found = reciprocal<F3>(g);
  if (!found.exists) return std::nullopt;  // as good as never; and then another g is drawn
  Small result;
  for (std::size_t i = 0; i < p; ++i) {
    result.at[i] = static_cast<std::int8_t>(found.factor * found.numbers[p - 1 - i]);
  }
  return result;
}

Rq reciprocal_of_3f(const Small& f) {
  const Reciprocal found = reciprocal<Fq>(f);
  const std::int16_t factor = reciprocal_q(modulo_q(3 * found.factor));
  Rq result;
  for (std::size_t i = 0; i < p; ++i) result.at[i] = modulo_q(factor * found.numbers[p - 1 - i]);
  return result;
}

// ---- The rest

Rq round(const Rq& a) {
  Rq result;
  for (std::size_t i = 0; i < p; ++i) result.at[i] = static_cast<std::int16_t>(a.at[i] - modulo_3(a.at[i]));
  return result;
}

Small modulo_3(const Rq& a) {
  Small result;
  for (std::size_t i = 0; i < p; ++i) result.at[i] = modulo_3(a.at[i]);
  return result;
}

Rq three_times(const Rq& a) {
  Rq result;
  for (std::size_t i = 0; i < p; ++i) result.at[i] = modulo_q(3 * a.at[i]);
  return result;
}

std::int8_t weight_is_not_w(const Small& a) {
  std::int32_t weight = 0;
  for (const std::int8_t number : a.at) weight += number & 1;
  return static_cast<std::int8_t>(if_not_zero(weight - static_cast<std::int32_t>(w)));
}

// ---- Random polynomials, section 3.1

namespace {

// p random numbers of 32 bits. The byte order is the reference implementation's.
struct RandomNumbers {
  std::array<std::uint32_t, p> at;

  explicit RandomNumbers(Rng& rng) {
    SecretBytes bytes(4 * p);
    rng.fill(bytes.reveal());
    const Bytes in = bytes.reveal();
    for (std::size_t i = 0; i < p; ++i) {
      at[i] = in[4 * i] | in[4 * i + 1] << 8 | in[4 * i + 2] << 16 | std::uint32_t{in[4 * i + 3]} << 24;
    }
  }
  RandomNumbers(const RandomNumbers&) = delete;
  RandomNumbers& operator=(const RandomNumbers&) = delete;
  ~RandomNumbers() { OPENSSL_cleanse(at.data(), sizeof at); }
};

}  // namespace

// 30 bits times 3, of which the highest two are 0, 1 or 2.
Small random_small(Rng& rng) {
  const RandomNumbers random(rng);
  Small result;
  for (std::size_t i = 0; i < p; ++i) {
    result.at[i] = static_cast<std::int8_t>(static_cast<std::int32_t>((random.at[i] & 0x3fffffff) * 3 >> 30) - 1);
  }
  return result;
}

// The lowest two bits are 0 or 2 in w of the numbers and 1 in the others: -1, 1 and 0. Sorting shuffles them, since the
// other 30 bits are random.
Small random_short(Rng& rng) {
  RandomNumbers random(rng);
  for (std::size_t i = 0; i < w; ++i) random.at[i] &= ~1U;
  for (std::size_t i = w; i < p; ++i) random.at[i] = (random.at[i] & ~3U) | 1;
  sort_in_constant_time(random.at);
  Small result;
  for (std::size_t i = 0; i < p; ++i) {
    result.at[i] = static_cast<std::int8_t>(static_cast<std::int32_t>(random.at[i] & 3) - 1);
  }
  return result;
}

namespace {

void put_in_order(std::uint32_t& first, std::uint32_t& second) {
  const auto smaller = static_cast<std::uint32_t>((std::uint64_t{second} - first) >> 63);  // 1 if the second is
  const std::uint32_t change = (first ^ second) & (0U - opaque(smaller));
  first ^= change;
  second ^= change;
}

}  // namespace

// Batcher's merge exchange: Knuth, The Art of Computer Programming, volume 3, algorithm 5.2.2M, with its variable
// names.
void sort_in_constant_time(std::span<std::uint32_t> numbers) {
  const std::size_t N = numbers.size();
  std::size_t top = 1;
  while (2 * top < N) top *= 2;
  for (std::size_t p = top; p > 0; p /= 2) {
    std::size_t d = p;
    std::size_t r = 0;
    for (std::size_t q = top;; q /= 2) {
      for (std::size_t i = 0; i + d < N; ++i) {
        if ((i & p) == r) put_in_order(numbers[i], numbers[i + d]);
      }
      if (q == p) break;
      d = q - p;
      r = p;
    }
  }
}

}  // namespace glassh::sntrup761
