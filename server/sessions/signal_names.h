// The names that signals have in a session's messages: RFC 4254 sections 6.9 and 6.10.
//
//   if (const auto number = signal_number("TERM")) …  signal_name(SIGTERM)
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace glassh {

// "TERM" → SIGTERM; nullopt for a name that is not in the RFC's list.
std::optional<int> signal_number(std::string_view name);
// SIGTERM → "TERM"; all signals outside the list share one name, which has an @.
std::string signal_name(int number);

}  // namespace glassh
