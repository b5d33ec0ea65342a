#include "crypto/libcrypto.h"

#include <array>
#include <string>

#include <fmt/format.h>

namespace glassh {

void throw_libcrypto_error(std::string_view what) {
  // The first error in the queue is the cause; later ones say which caller passed it on.
  const unsigned long code = ERR_get_error();
  std::string reason = "no reason given";
  if (code != 0) {
    char text[256];
    ERR_error_string_n(code, text, sizeof text);
    reason = text;
  }
  ERR_clear_error();
  throw std::runtime_error(fmt::format("libcrypto: {}: {}", what, reason));
}

const EVP_CIPHER* fetched_cipher(std::string_view libcrypto_name) {
  // CBC and 3DES are for key files only.
  static constexpr std::array<const char*, 10> names = {"ChaCha20",    "AES-128-GCM", "AES-256-GCM", "AES-128-CTR",
                                                        "AES-192-CTR", "AES-256-CTR", "AES-128-CBC", "AES-192-CBC",
                                                        "AES-256-CBC", "DES-EDE3-CBC"};
  static const std::array<EvpCipher, names.size()> fetched = [] {
    std::array<EvpCipher, names.size()> all;
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i].reset(check_pointer(EVP_CIPHER_fetch(nullptr, names[i], nullptr), names[i]));
    }
    return all;
  }();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (libcrypto_name == names[i]) return fetched[i].get();
  }
  throw std::invalid_argument(fmt::format("no cipher {}", libcrypto_name));
}

}  // namespace glassh
