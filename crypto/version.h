// What -V says: our version and libcrypto's.
//
//   fmt::print(stderr, "glassh {}, {}\n", glassh_version, libcrypto_version());
#pragma once

#include <string_view>

namespace glassh {

inline constexpr std::string_view glassh_version = "0.1.0";  // as in CMakeLists.txt

// Of the library that is loaded, not of the one that this was built with: "OpenSSL 3.0.15 3 Sep 2024".
std::string_view libcrypto_version();

}  // namespace glassh
