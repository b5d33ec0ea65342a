// Gives the name of a message, for texts that people read, by its number alone: RFC 4250 section 4.1.2.
//
// The numbers 30 to 49 belong to the key exchange method that was negotiated, so they have a name only if the caller
// names that method. 60 to 79 belong to the authentication method and have no name here.
//
//   fmt::format("{} may not come now", message_name(payload[0]))
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace glassh {

// Which messages the numbers 30 to 49 are.
enum class KexFamily { unknown, dh, ecdh, group_exchange };
// By the method's name: hybrids and curve25519 speak ECDH's messages.
KexFamily kex_family(std::string_view kex_algorithm);

// "SSH_MSG_SERVICE_REQUEST (5)"; "message 34" where the number alone says no more.
std::string message_name(std::uint8_t number, KexFamily kex = KexFamily::unknown);

}  // namespace glassh
