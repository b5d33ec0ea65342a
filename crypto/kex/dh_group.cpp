#include "crypto/kex/dh_group.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "crypto/libcrypto.h"

namespace glassh {

namespace {

Bignum number_of(Bytes magnitude) {
  return Bignum(check_pointer(BN_bin2bn(magnitude.data(), static_cast<int>(magnitude.size()), nullptr), "BN_bin2bn"));
}

std::vector<std::uint8_t> magnitude_of(const BIGNUM* number) {
  std::vector<std::uint8_t> magnitude(static_cast<std::size_t>(BN_num_bytes(number)));
  BN_bn2bin(number, magnitude.data());  // returns the size, which it was given
  return magnitude;
}

// RFC 8268 section 3 [8268-3-2]: the primes are those of RFC 3526, and each group has the generator 2.
DhGroup fixed_group(BIGNUM* (*prime)(BIGNUM*)) {
  const Bignum p(check_pointer(prime(nullptr), "BN_get_rfc3526_prime"));
  return {magnitude_of(p.get()), {2}, static_cast<std::size_t>(BN_num_bits(p.get()))};
}

const std::map<std::size_t, DhGroup>& fixed_groups() {
  static const std::map<std::size_t, DhGroup> groups = [] {
    std::map<std::size_t, DhGroup> by_size;
    for (const auto prime : {BN_get_rfc3526_prime_2048, BN_get_rfc3526_prime_3072, BN_get_rfc3526_prime_4096,
                             BN_get_rfc3526_prime_6144, BN_get_rfc3526_prime_8192}) {
      DhGroup group = fixed_group(prime);
      const std::size_t bits = group.bits;
      by_size.emplace(bits, std::move(group));
    }
    return by_size;
  }();
  return groups;
}

}  // namespace

const DhGroup& rfc3526_group(std::size_t bits) {
  const auto found = fixed_groups().find(bits);
  if (found == fixed_groups().end()) {
    throw std::invalid_argument(fmt::format("RFC 3526 has no group of {} bits for SSH", bits));
  }
  return found->second;
}

const std::vector<std::size_t>& rfc3526_sizes() {
  static const std::vector<std::size_t> sizes = [] {
    std::vector<std::size_t> keys;
    for (const auto& [bits, group] : fixed_groups()) keys.push_back(bits);
    return keys;
  }();
  return sizes;
}

DhGroup make_group(Bytes p, Bytes g) {
  const Bignum modulus = number_of(p);
  return {magnitude_of(modulus.get()), magnitude_of(number_of(g).get()),
          static_cast<std::size_t>(BN_num_bits(modulus.get()))};
}

std::string problem_with(const DhGroup& group) {
  const Bignum p = number_of(group.p);
  const Bignum g = number_of(group.g);
  if (!BN_is_odd(p.get())) return "p is even";
  // 0 and 1 generate nothing, p - 1 a group of two elements.
  const Bignum p_less_one(check_pointer(BN_dup(p.get()), "BN_dup"));
  check(BN_sub_word(p_less_one.get(), 1), "BN_sub_word");
  if (BN_cmp(g.get(), BN_value_one()) <= 0 || BN_cmp(g.get(), p_less_one.get()) >= 0) return "g is not in [2, p-2]";
  return {};
}

}  // namespace glassh
