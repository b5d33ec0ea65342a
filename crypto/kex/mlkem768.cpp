#include "crypto/kex/mlkem768.h"

#include <algorithm>
#include <cassert>
#include <stdexcept>

#include <fmt/format.h>

#include "crypto/constant_time.h"
#include "crypto/keccak.h"
#include "crypto/libcrypto.h"

namespace glassh::mlkem768 {
namespace {

// FIPS 203 section 8, table 2.
constexpr std::size_t n = 256;
constexpr std::uint32_t q = 3329;
constexpr std::size_t k = 3;
constexpr std::size_t eta = 2;  // eta_1 and eta_2 are the same here
constexpr unsigned d_u = 10;
constexpr unsigned d_v = 4;

constexpr std::size_t encoded_size(unsigned d) { return n * d / 8; }
constexpr std::size_t polynomial_size = encoded_size(12);
constexpr std::size_t u_size = k * encoded_size(d_u);
static_assert(encapsulation_key_size == k * polynomial_size + seed_size);
static_assert(decapsulation_key_size == k * polynomial_size + encapsulation_key_size + 2 * seed_size);
static_assert(ciphertext_size == u_size + encoded_size(d_v));

// ---- Numbers modulo q: always 0..q-1. No division, whose time would depend on the operands.

// x mod q, for x < 2q.
constexpr std::uint32_t subtract_once(std::uint32_t x) {
  const std::uint32_t difference = x - q;
  return difference + (q & (0U - (difference >> 31)));
}

// x mod q. Barrett's quotient, which takes 10321339 / 2^35 for 1 / q, is right or too small by one.
constexpr std::uint32_t reduce(std::uint32_t x) {
  const auto quotient = static_cast<std::uint32_t>(std::uint64_t{x} * 10321339 >> 35);
  return subtract_once(x - quotient * q);
}

constexpr std::uint32_t add(std::uint32_t a, std::uint32_t b) { return subtract_once(a + b); }
constexpr std::uint32_t subtract(std::uint32_t a, std::uint32_t b) { return subtract_once(a + q - b); }
constexpr std::uint32_t multiply(std::uint32_t a, std::uint32_t b) { return reduce(a * b); }

// Section 4.2.1, formula 4.7: round(2^d / q * x) mod 2^d, half up. With 10321340 / 2^35 for 1 / q the rounding is
// right for every x, which the assertions below try.
constexpr std::uint32_t compress(unsigned d, std::uint32_t x) {
  const std::uint64_t numerator = (x << d) + q / 2;
  return static_cast<std::uint32_t>(numerator * 10321340 >> 35) & ((1U << d) - 1);
}

constexpr bool compresses_every_number_right(unsigned d) {
  for (std::uint32_t x = 0; x < q; ++x) {
    if (compress(d, x) != ((2 * x << d) + q) / (2 * q) % (1U << d)) return false;
  }
  return true;
}
static_assert(compresses_every_number_right(1) && compresses_every_number_right(d_v));
static_assert(compresses_every_number_right(d_u));

// Formula 4.8: round(q / 2^d * y). With d = 1, y is a bit of the message; opaque() keeps compilers from branching on
// it.
std::uint32_t decompress(unsigned d, std::uint32_t y) { return (q * opaque(y) + (1U << (d - 1))) >> d; }

// ---- Polynomials, in the ring R_q or, after NTT, in T_q (names with a hat in the standard)

// Most are secret, so all are wiped.
struct Polynomial {
  std::array<std::uint16_t, n> at{};

  Polynomial() = default;
  Polynomial(const Polynomial&) = default;
  Polynomial& operator=(const Polynomial&) = default;
  ~Polynomial() { OPENSSL_cleanse(at.data(), sizeof at); }

  Polynomial& operator+=(const Polynomial& other) {
    for (std::size_t i = 0; i < n; ++i) at[i] = static_cast<std::uint16_t>(add(at[i], other.at[i]));
    return *this;
  }
  Polynomial& operator-=(const Polynomial& other) {
    for (std::size_t i = 0; i < n; ++i) at[i] = static_cast<std::uint16_t>(subtract(at[i], other.at[i]));
    return *this;
  }
};
using Vector = std::array<Polynomial, k>;
using Matrix = std::array<Vector, k>;

// Algorithm 5, ByteEncode_d: d bits of each number, the lowest first.
void byte_encode(unsigned d, const Polynomial& f, MutableBytes out) {
  assert(out.size() == encoded_size(d));
  std::uint32_t pending = 0;
  unsigned bits = 0;
  std::size_t written = 0;
  for (const std::uint32_t number : f.at) {
    pending |= number << bits;
    for (bits += d; bits >= 8; bits -= 8) {
      out[written++] = static_cast<std::uint8_t>(pending);
      pending >>= 8;
    }
  }
}

// Algorithm 6, ByteDecode_d. What does not fit below q, which only 12 bits can say, is taken modulo q.
Polynomial byte_decode(unsigned d, Bytes in) {
  assert(in.size() == encoded_size(d));
  Polynomial f;
  std::uint32_t pending = 0;
  unsigned bits = 0;
  std::size_t read = 0;
  for (std::uint16_t& number : f.at) {
    for (; bits < d; bits += 8) pending |= std::uint32_t{in[read++]} << bits;
    number = static_cast<std::uint16_t>(subtract_once(pending & ((1U << d) - 1)));
    pending >>= d;
    bits -= d;
  }
  return f;
}

Polynomial compress(unsigned d, Polynomial f) {
  for (std::uint16_t& number : f.at) number = static_cast<std::uint16_t>(compress(d, number));
  return f;
}

Polynomial decompress(unsigned d, Polynomial f) {
  for (std::uint16_t& number : f.at) number = static_cast<std::uint16_t>(decompress(d, number));
  return f;
}

// Algorithm 7, SampleNTT: uniform numbers out of a public seed and two indices, by throwing away what is not below q.
// Three blocks of SHAKE128 are enough 99 times of 100; otherwise more are asked for.
Polynomial sample_ntt(Bytes rho, std::size_t j, std::size_t i) {
  constexpr std::size_t block = 168;
  const std::array<std::uint8_t, 2> indices = {static_cast<std::uint8_t>(j), static_cast<std::uint8_t>(i)};
  Polynomial a;
  std::array<std::uint8_t, 15 * block>
      stream;  // 1680 candidates: that fewer than 256 of them fit has odds below 2^-900
  for (std::size_t blocks = 3; blocks <= 15; blocks += 3) {
    const MutableBytes bytes = MutableBytes(stream).first(blocks * block);
    keccak(Keccak::shake128, {rho, indices}, bytes);
    std::size_t found = 0;
    for (std::size_t at = 0; at < bytes.size() && found < n; at += 3) {
      const auto d1 = static_cast<std::uint16_t>(bytes[at] | (bytes[at + 1] & 15) << 8);
      const auto d2 = static_cast<std::uint16_t>(bytes[at + 1] >> 4 | bytes[at + 2] << 4);
      if (d1 < q) a.at[found++] = d1;
      if (d2 < q && found < n) a.at[found++] = d2;
    }
    if (found == n) return a;
  }
  throw std::runtime_error("ML-KEM: SHAKE128 does not give random bytes");
}

// Algorithm 8, SamplePolyCBD_eta: small numbers, each the difference of two counts of eta bits.
Polynomial sample_poly_cbd(Bytes random) {
  assert(random.size() == 64 * eta);
  Polynomial f;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t bits = std::uint32_t{random[i / 2]} >> 4 * (i % 2);
    const std::uint32_t x = (bits & 1) + (bits >> 1 & 1);
    const std::uint32_t y = (bits >> 2 & 1) + (bits >> 3 & 1);
    f.at[i] = static_cast<std::uint16_t>(subtract(x, y));
  }
  return f;
}

// Formula 4.3 and what algorithm 13 does with it: PRF_eta(seed, N) with N one byte, as the next small polynomial.
Polynomial next_small(Bytes seed, std::uint8_t& N) {
  const std::array<std::uint8_t, 1> counter = {N++};
  SecretBytes random(64 * eta);
  keccak(Keccak::shake256, {seed, counter}, random.reveal());
  return sample_poly_cbd(random.reveal());
}

// ---- The number-theoretic transform, section 4.3

constexpr std::uint32_t power_of_17(std::size_t exponent) {
  std::uint32_t power = 1;
  for (std::size_t i = 0; i < exponent; ++i) power = multiply(power, 17);
  return power;
}

constexpr std::size_t bit_rev7(std::size_t i) {
  std::size_t reversed = 0;
  for (std::size_t bit = 0; bit < 7; ++bit) reversed |= (i >> bit & 1) << (6 - bit);
  return reversed;
}

// Appendix A: 17^BitRev7(i), and 17^(2 BitRev7(i) + 1).
constexpr std::array<std::uint16_t, 128> zetas = [] {
  std::array<std::uint16_t, 128> all{};
  for (std::size_t i = 0; i < 128; ++i) all[i] = static_cast<std::uint16_t>(power_of_17(bit_rev7(i)));
  return all;
}();
constexpr std::array<std::uint16_t, 128> gammas = [] {
  std::array<std::uint16_t, 128> all{};
  for (std::size_t i = 0; i < 128; ++i) all[i] = static_cast<std::uint16_t>(power_of_17(2 * bit_rev7(i) + 1));
  return all;
}();

// Algorithm 9.
Polynomial ntt(Polynomial f) {
  std::size_t i = 1;
  for (std::size_t length = 128; length >= 2; length /= 2) {
    for (std::size_t start = 0; start < n; start += 2 * length) {
      const std::uint32_t zeta = zetas[i++];
      for (std::size_t j = start; j < start + length; ++j) {
        const std::uint32_t t = multiply(zeta, f.at[j + length]);
        f.at[j + length] = static_cast<std::uint16_t>(subtract(f.at[j], t));
        f.at[j] = static_cast<std::uint16_t>(add(f.at[j], t));
      }
    }
  }
  return f;
}

// Algorithm 10.
Polynomial inverse_ntt(Polynomial f) {
  std::size_t i = 127;
  for (std::size_t length = 2; length <= 128; length *= 2) {
    for (std::size_t start = 0; start < n; start += 2 * length) {
      const std::uint32_t zeta = zetas[i--];
      for (std::size_t j = start; j < start + length; ++j) {
        const std::uint32_t t = f.at[j];
        f.at[j] = static_cast<std::uint16_t>(add(t, f.at[j + length]));
        f.at[j + length] = static_cast<std::uint16_t>(multiply(zeta, subtract(f.at[j + length], t)));
      }
    }
  }
  for (std::uint16_t& number : f.at) number = static_cast<std::uint16_t>(multiply(number, 3303));  // 3303 is 1/128
  return f;
}

// Algorithms 11 and 12, MultiplyNTTs and BaseCaseMultiply, added to `sum`: (a0 + a1 X)(b0 + b1 X) mod X^2 - gamma.
void add_product(Polynomial& sum, const Polynomial& f, const Polynomial& g) {
  for (std::size_t i = 0; i < n / 2; ++i) {
    const std::uint32_t a0 = f.at[2 * i];
    const std::uint32_t a1 = f.at[2 * i + 1];
    const std::uint32_t b0 = g.at[2 * i];
    const std::uint32_t b1 = g.at[2 * i + 1];
    const std::uint32_t c0 = reduce(a0 * b0 + multiply(a1, b1) * gammas[i]);
    const std::uint32_t c1 = reduce(a0 * b1 + a1 * b0);
    sum.at[2 * i] = static_cast<std::uint16_t>(add(sum.at[2 * i], c0));
    sum.at[2 * i + 1] = static_cast<std::uint16_t>(add(sum.at[2 * i + 1], c1));
  }
}

// ---- Vectors

// The product of a row and a column; all of T_q.
Polynomial inner_product(const Vector& a, const Vector& b) {
  Polynomial sum;
  for (std::size_t i = 0; i < k; ++i) add_product(sum, a[i], b[i]);
  return sum;
}

Vector ntt(const Vector& v) { return {ntt(v[0]), ntt(v[1]), ntt(v[2])}; }

Vector next_small_vector(Bytes seed, std::uint8_t& N) {
  Vector v;
  for (Polynomial& each : v) each = next_small(seed, N);
  return v;
}

void encode_vector(const Vector& v, MutableBytes out) {
  for (std::size_t i = 0; i < k; ++i) byte_encode(12, v[i], out.subspan(i * polynomial_size, polynomial_size));
}

Vector decode_vector(Bytes in) {
  Vector v;
  for (std::size_t i = 0; i < k; ++i) v[i] = byte_decode(12, in.subspan(i * polynomial_size, polynomial_size));
  return v;
}

// The matrix A-hat that both sides make of the public seed rho: A[i][j] = SampleNTT(rho || j || i).
Matrix sample_matrix(Bytes rho) {
  Matrix a;
  for (std::size_t i = 0; i < k; ++i) {
    for (std::size_t j = 0; j < k; ++j) a[i][j] = sample_ntt(rho, j, i);
  }
  return a;
}

Vector column(const Matrix& a, std::size_t j) { return {a[0][j], a[1][j], a[2][j]}; }

// ---- K-PKE, section 5: the encryption inside, not to be used by itself

// Algorithm 13. The keys go to ek_pke and dk_pke.
void k_pke_key_gen(Bytes d, MutableBytes ek_pke, MutableBytes dk_pke) {
  const std::array<std::uint8_t, 1> rank = {k};
  SecretBytes rho_and_sigma(64);
  keccak(Keccak::sha3_512, {d, rank}, rho_and_sigma.reveal());  // G
  const Bytes rho = rho_and_sigma.reveal().first(seed_size);
  const Bytes sigma = rho_and_sigma.reveal().last(seed_size);
  const Matrix a_hat = sample_matrix(rho);
  std::uint8_t N = 0;
  const Vector s_hat = ntt(next_small_vector(sigma, N));
  Vector t_hat = ntt(next_small_vector(sigma, N));  // e-hat, to begin with
  for (std::size_t i = 0; i < k; ++i) t_hat[i] += inner_product(a_hat[i], s_hat);
  encode_vector(t_hat, ek_pke.first(k * polynomial_size));
  std::copy(rho.begin(), rho.end(), ek_pke.begin() + k * polynomial_size);
  encode_vector(s_hat, dk_pke);
}

// Algorithm 14. The randomness is r, 32 bytes.
Ciphertext k_pke_encrypt(Bytes ek_pke, Bytes m, Bytes r) {
  const Vector t_hat = decode_vector(ek_pke.first(k * polynomial_size));
  const Matrix a_hat = sample_matrix(ek_pke.last(seed_size));
  std::uint8_t N = 0;
  const Vector y_hat = ntt(next_small_vector(r, N));
  const Vector e_1 = next_small_vector(r, N);
  const Polynomial e_2 = next_small(r, N);

  Ciphertext c;
  for (std::size_t i = 0; i < k; ++i) {
    Polynomial u = inverse_ntt(inner_product(column(a_hat, i), y_hat));
    u += e_1[i];
    byte_encode(d_u, compress(d_u, u), MutableBytes(c).subspan(i * encoded_size(d_u), encoded_size(d_u)));
  }
  const Polynomial mu = decompress(1, byte_decode(1, m));
  Polynomial v = inverse_ntt(inner_product(t_hat, y_hat));
  v += e_2;
  v += mu;
  byte_encode(d_v, compress(d_v, v), MutableBytes(c).subspan(u_size));
  return c;
}

// Algorithm 15. The result is m, 32 bytes.
SecretBytes k_pke_decrypt(Bytes dk_pke, Bytes c) {
  Vector u;
  for (std::size_t i = 0; i < k; ++i) {
    u[i] = decompress(d_u, byte_decode(d_u, c.subspan(i * encoded_size(d_u), encoded_size(d_u))));
  }
  Polynomial w = decompress(d_v, byte_decode(d_v, c.subspan(u_size)));  // v', to begin with
  const Vector s_hat = decode_vector(dk_pke);
  w -= inverse_ntt(inner_product(s_hat, ntt(u)));
  SecretBytes m(seed_size);
  byte_encode(1, compress(1, w), m.reveal());
  return m;
}

void check_size(Bytes bytes, std::size_t size, const char* what) {
  if (bytes.size() == size) return;
  throw std::invalid_argument(fmt::format("ML-KEM-768: {} has {} bytes, not {}", what, bytes.size(), size));
}

}  // namespace

// ---- ML-KEM, sections 6 and 7

KeyPair key_gen(Rng& rng) {
  SecretBytes d(seed_size);
  SecretBytes z(seed_size);
  rng.fill(d.reveal());
  rng.fill(z.reveal());
  return key_gen_internal(d.reveal(), z.reveal());
}

// dk is dk_pke || ek || H(ek) || z.
KeyPair key_gen_internal(Bytes d, Bytes z) {
  check_size(d, seed_size, "d");
  check_size(z, seed_size, "z");
  KeyPair keys{{}, SecretBytes(decapsulation_key_size)};
  const Bytes ek = keys.encapsulation_key;
  const MutableBytes dk = keys.decapsulation_key.reveal();
  k_pke_key_gen(d, keys.encapsulation_key, dk.first(k * polynomial_size));
  std::copy(ek.begin(), ek.end(), dk.begin() + k * polynomial_size);
  keccak(Keccak::sha3_256, {ek}, dk.subspan(k * polynomial_size + ek.size(), 32));  // H
  std::copy(z.begin(), z.end(), dk.end() - seed_size);
  return keys;
}

bool is_encapsulation_key(Bytes bytes) {
  if (bytes.size() != encapsulation_key_size) return false;
  const Bytes numbers = bytes.first(k * polynomial_size);
  std::array<std::uint8_t, k * polynomial_size> again;
  encode_vector(decode_vector(numbers), again);
  return equal(numbers, again);
}

Encapsulated encaps(Bytes encapsulation_key, Rng& rng) {
  SecretBytes m(seed_size);
  rng.fill(m.reveal());
  return encaps_internal(encapsulation_key, m.reveal());
}

Encapsulated encaps_internal(Bytes encapsulation_key, Bytes m) {
  check_size(encapsulation_key, encapsulation_key_size, "the encapsulation key");
  check_size(m, seed_size, "m");
  std::array<std::uint8_t, 32> hash_of_key;
  keccak(Keccak::sha3_256, {encapsulation_key}, hash_of_key);  // H
  SecretBytes key_and_randomness(64);
  keccak(Keccak::sha3_512, {m, hash_of_key}, key_and_randomness.reveal());  // G
  const Bytes K = key_and_randomness.reveal().first(shared_secret_size);
  const Bytes r = key_and_randomness.reveal().last(seed_size);
  return {k_pke_encrypt(encapsulation_key, m, r), SecretBytes(K)};
}

// Algorithm 18. Whether the ciphertext was a good one shows in nothing but which secret comes out.
SecretBytes decaps(Bytes decapsulation_key, Bytes ciphertext) {
  check_size(decapsulation_key, decapsulation_key_size, "the decapsulation key");
  check_size(ciphertext, ciphertext_size, "the ciphertext");
  const Bytes dk_pke = decapsulation_key.first(k * polynomial_size);
  const Bytes ek = decapsulation_key.subspan(dk_pke.size(), encapsulation_key_size);
  const Bytes hash_of_key = decapsulation_key.subspan(dk_pke.size() + ek.size(), 32);
  const Bytes z = decapsulation_key.last(seed_size);

  const SecretBytes m = k_pke_decrypt(dk_pke, ciphertext);
  SecretBytes key_and_randomness(64);
  keccak(Keccak::sha3_512, {m.reveal(), hash_of_key}, key_and_randomness.reveal());  // G
  SecretBytes rejected(shared_secret_size);
  keccak(Keccak::shake256, {z, ciphertext}, rejected.reveal());  // J
  Ciphertext expected = k_pke_encrypt(ek, m.reveal(), key_and_randomness.reveal().last(seed_size));
  const std::uint8_t differs = mask_if_different(ciphertext, expected);
  wipe(expected);

  SecretBytes secret(key_and_randomness.reveal().first(shared_secret_size));
  choose(differs, rejected.reveal(), secret.reveal());
  return secret;
}

}  // namespace glassh::mlkem768
