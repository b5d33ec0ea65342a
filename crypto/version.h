// The versions that -V prints: ours and libcrypto's. It does not know the protocol's version, which is in
// transport/version_exchange.
//
//   fmt::print(stderr, "glassh {}, {}\n", glassh_version, libcrypto_version());
#pragma once

#include <string_view>

namespace glassh {

inline constexpr std::string_view glassh_version = "0.1.0";  // as in CMakeLists.txt

// Returns the version of the library that is loaded, which may differ from the one that we were built with: "OpenSSL
// 3.0.15 3 Sep 2024".
std::string_view libcrypto_version();

}  // namespace glassh
