#include "crypto/rng.h"

#include <algorithm>
#include <array>

#include <openssl/rand.h>

#include "crypto/libcrypto.h"
#include "proto/secret_bytes.h"

namespace glassh {
namespace {

constexpr std::size_t largest_request = 1 << 20;  // libcrypto counts in int

}  // namespace

// RFC 4251 section 9.1 [4251-9.1-1]: libcrypto's generator seeds itself from the kernel, and again after a fork.
// Its private instance is used for everything, because we cannot know what becomes of the bytes.
void SystemRng::fill(MutableBytes out) {
  while (!out.empty()) {
    const std::size_t size = std::min(out.size(), largest_request);
    check(RAND_priv_bytes(out.data(), static_cast<int>(size)), "RAND_priv_bytes");
    out = out.subspan(size);
  }
}

struct SeededRng::State {
  EvpCipherCtx key_stream{check_pointer(EVP_CIPHER_CTX_new(), "EVP_CIPHER_CTX_new")};
};

SeededRng::SeededRng(std::uint64_t seed) : state_(std::make_unique<State>()) {
  std::array<std::uint8_t, 32> key{};  // the seed in front, big-endian; the rest is zero
  put_u64(key.data(), seed);
  const std::array<std::uint8_t, 16> counter_and_nonce{};
  check(EVP_EncryptInit_ex2(state_->key_stream.get(), fetched_cipher("ChaCha20"), key.data(), counter_and_nonce.data(),
                            nullptr),
        "EVP_EncryptInit_ex2");
}

SeededRng::~SeededRng() = default;

void SeededRng::fill(MutableBytes out) {
  std::fill(out.begin(), out.end(), std::uint8_t{0});
  while (!out.empty()) {
    const std::size_t size = std::min(out.size(), largest_request);
    int written = 0;
    check(EVP_EncryptUpdate(state_->key_stream.get(), out.data(), &written, out.data(), static_cast<int>(size)),
          "EVP_EncryptUpdate");
    out = out.subspan(size);
  }
}

}  // namespace glassh
