#include "crypto/keccak.h"

#include <array>
#include <cassert>

#include "crypto/libcrypto.h"

namespace glassh {
namespace {

constexpr std::array<const char*, 4> libcrypto_names = {"SHA3-256", "SHA3-512", "SHAKE-128", "SHAKE-256"};

const EVP_MD* fetched(Keccak function) {
  static const std::array<EvpMd, libcrypto_names.size()> all = [] {
    std::array<EvpMd, libcrypto_names.size()> fetching;
    for (std::size_t i = 0; i < fetching.size(); ++i) {
      fetching[i].reset(check_pointer(EVP_MD_fetch(nullptr, libcrypto_names[i], nullptr), libcrypto_names[i]));
    }
    return fetching;
  }();
  return all.at(static_cast<std::size_t>(function)).get();
}

}  // namespace

void keccak(Keccak function, std::initializer_list<Bytes> input, MutableBytes output) {
  const EVP_MD* const algorithm = fetched(function);
  const EvpMdCtx context(check_pointer(EVP_MD_CTX_new(), "EVP_MD_CTX_new"));
  check(EVP_DigestInit_ex2(context.get(), algorithm, nullptr), "EVP_DigestInit_ex2");
  for (const Bytes part : input) {
    check(EVP_DigestUpdate(context.get(), part.data(), part.size()), "EVP_DigestUpdate");
  }
  if (function == Keccak::shake128 || function == Keccak::shake256) {
    check(EVP_DigestFinalXOF(context.get(), output.data(), output.size()), "EVP_DigestFinalXOF");
    return;
  }
  assert(output.size() == static_cast<std::size_t>(EVP_MD_get_size(algorithm)));
  check(EVP_DigestFinal_ex(context.get(), output.data(), nullptr), "EVP_DigestFinal_ex");
}

}  // namespace glassh
