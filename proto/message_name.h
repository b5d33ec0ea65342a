// What to call a message in a text for people, by its number alone: RFC 4250 section 4.1.2.
//
// The numbers 30 to 49 and 60 to 79 belong to whichever method was negotiated or asked for, so they have no name here.
//
//   fmt::format("{} may not come now", message_name(payload[0]))
#pragma once

#include <cstdint>
#include <string>

namespace glassh {

// "SSH_MSG_SERVICE_REQUEST (5)"; "message 34" where the number alone says no more.
std::string message_name(std::uint8_t number);

}  // namespace glassh
