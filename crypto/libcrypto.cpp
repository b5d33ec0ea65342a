#include "crypto/libcrypto.h"

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

}  // namespace glassh
