#include "crypto/kex/sntrup761_encoding.h"

#include <cassert>
#include <vector>

namespace glassh::sntrup761 {
namespace {

constexpr std::int32_t half_q = q / 2;               // 2295: turns -2295..2295 into 0..4590
constexpr std::uint32_t rounded_base = (q + 2) / 3;  // 1531 multiples of 3
constexpr std::uint32_t base_limit = 1 << 14;        // a digit's base stays below

// The base that is left when a byte has been written off.
constexpr std::uint32_t without_byte(std::uint32_t base) { return (base + 255) >> 8; }

// R are the digits, each below `base`, in numbers of 16 bits.
void encode(Rq R, std::uint32_t base, MutableBytes out) {
  std::array<std::uint32_t, p> M;  // their bases: no secret
  M.fill(base);
  std::size_t written = 0;
  const auto write = [&](std::uint32_t& r, std::uint32_t& m) {
    out[written++] = static_cast<std::uint8_t>(r);
    r >>= 8;
    m = without_byte(m);
  };
  std::size_t count = p;
  for (; count > 1; count = (count + 1) / 2) {
    for (std::size_t i = 0; i + 1 < count; i += 2) {
      std::uint32_t r = static_cast<std::uint32_t>(R.at[i]) + static_cast<std::uint32_t>(R.at[i + 1]) * M[i];
      std::uint32_t m = M[i] * M[i + 1];
      while (m >= base_limit) write(r, m);
      R.at[i / 2] = static_cast<std::int16_t>(r);
      M[i / 2] = m;
    }
    if (count % 2 == 1) {
      R.at[count / 2] = R.at[count - 1];
      M[count / 2] = M[count - 1];
    }
  }
  auto r = static_cast<std::uint32_t>(R.at[0]);
  while (M[0] > 1) write(r, M[0]);
  assert(written == out.size());
}

// The digits with the bases M. Takes from `in` what it needs.
std::vector<std::uint32_t> decode(Bytes& in, const std::vector<std::uint32_t>& M) {
  struct Written {  // the bytes that were written off a pair, and 256 to the power of how many
    std::uint32_t value = 0;
    std::uint32_t scale = 1;
  };
  const auto read = [&](Written& bytes, std::uint32_t& m) {
    bytes.value += in[0] * bytes.scale;
    bytes.scale *= 256;
    in = in.subspan(1);
    m = without_byte(m);
  };
  if (M.size() == 1) {
    Written bytes;
    for (std::uint32_t m = M[0]; m > 1;) read(bytes, m);
    return {bytes.value % M[0]};
  }
  std::vector<Written> pairs;
  std::vector<std::uint32_t> M2;
  for (std::size_t i = 0; i + 1 < M.size(); i += 2) {
    std::uint32_t m = M[i] * M[i + 1];
    Written bytes;
    while (m >= base_limit) read(bytes, m);
    pairs.push_back(bytes);
    M2.push_back(m);
  }
  if (M.size() % 2 == 1) M2.push_back(M.back());
  const std::vector<std::uint32_t> R2 = decode(in, M2);
  std::vector<std::uint32_t> R;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const std::uint32_t r = pairs[i].value + pairs[i].scale * R2[i];
    R.push_back(r % M[2 * i]);
    R.push_back(r / M[2 * i] % M[2 * i + 1]);  // only bytes that encode() did not write have more here
  }
  if (M.size() % 2 == 1) R.push_back(R2.back());
  return R;
}

std::vector<std::uint32_t> decode(Bytes in, std::uint32_t base) {
  const std::vector<std::uint32_t> R = decode(in, std::vector<std::uint32_t>(p, base));
  assert(in.empty());
  return R;
}

}  // namespace

void encode_rq(const Rq& r, MutableBytes out) {
  assert(out.size() == rq_size);
  Rq digits;
  for (std::size_t i = 0; i < p; ++i) digits.at[i] = static_cast<std::int16_t>(r.at[i] + half_q);
  encode(digits, q, out);
}

Rq decode_rq(Bytes in) {
  assert(in.size() == rq_size);
  const std::vector<std::uint32_t> digits = decode(in, q);
  Rq r;
  for (std::size_t i = 0; i < p; ++i)
    r.at[i] = static_cast<std::int16_t>(static_cast<std::int32_t>(digits[i]) - half_q);
  return r;
}

void encode_rounded(const Rq& r, MutableBytes out) {
  assert(out.size() == rounded_size);
  Rq digits;
  // Divided by 3: 10923 of 2^15 is exact enough below 2^14.
  for (std::size_t i = 0; i < p; ++i) digits.at[i] = static_cast<std::int16_t>((r.at[i] + half_q) * 10923 >> 15);
  encode(digits, rounded_base, out);
}

Rq decode_rounded(Bytes in) {
  assert(in.size() == rounded_size);
  const std::vector<std::uint32_t> digits = decode(in, rounded_base);
  Rq r;
  for (std::size_t i = 0; i < p; ++i) {
    r.at[i] = static_cast<std::int16_t>(3 * static_cast<std::int32_t>(digits[i]) - half_q);
  }
  return r;
}

// Two bits each, the lowest first.
void encode_small(const Small& r, MutableBytes out) {
  assert(out.size() == small_size);
  for (std::size_t i = 0; i < p; ++i) {
    const std::uint32_t before = i % 4 == 0 ? 0 : out[i / 4];
    out[i / 4] = static_cast<std::uint8_t>(before | static_cast<std::uint32_t>(r.at[i] + 1) << 2 * (i % 4));
  }
}

Small decode_small(Bytes in) {
  assert(in.size() == small_size);
  Small r;
  for (std::size_t i = 0; i < p; ++i) {
    r.at[i] = static_cast<std::int8_t>(static_cast<std::int32_t>(in[i / 4] >> 2 * (i % 4) & 3) - 1);
  }
  return r;
}

}  // namespace glassh::sntrup761
