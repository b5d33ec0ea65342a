// conformance/state_machine.md: what each message number, with its fields and without any, leads to in each state and
// role. Numbers in a row that lead to the same are one line.
//
//   write(state_table([](const Place& place, int number, bool valid) { return probe(place, number, valid); }))
#pragma once

#include <functional>
#include <string>

#include "test/guards/states.h"

namespace glassh::test {

inline std::string place_text(const Place& place) {
  const bool first_exchange = place.state > State::before_version && place.state < State::before_service;
  return fmt::format("The {}{}: {}", place.role == Role::server ? "server" : "client",
                     !first_exchange ? ""
                     : place.strict  ? ", strict key exchange"
                                     : ", no strict key exchange",
                     state_text(place.state));
}

inline constexpr std::string_view state_table_preface =
    R"(# The state machine, from outside

What the cores do with each message number, 1 to 255, in each state and role, once with all its fields and once with
nothing behind the number. The peer (a client for our server, a server for our client) says that message beside an
honest session: then it goes on with the session.

- *carries on*: the rest of the session goes through, up to data in a channel. *Says 3* and the like: what we answered,
  by number. Words before that are what the application was told.
- *ends (2)*: we end the connection, with that reason of RFC 4253 section 11.1.
- *ends later (2)*: it was no mistake in itself, or not yet known to be one; but we end the connection at what the session
  says next. So for a message that was due, since the session's own then comes a second time.
- *waits*: nothing more comes of it, until a deadline ends it.

The test `guards` compares this file with what happens, and holds each line to the RFCs' rule. Made anew by

    cmake --build build/release --target record_state_machine && build/release/test/record_state_machine

)";

inline std::string state_table(const std::function<Outcome(const Place&, std::uint8_t, bool)>& outcome_of) {
  std::string text(state_table_preface);
  for (const Place& place : all_places()) {
    text += fmt::format("## {}\n\n| number | with its fields | without |\n| --- | --- | --- |\n", place_text(place));
    int first = 1;
    std::string before;
    const auto flush = [&](int last) {
      if (before.empty()) return;
      text += first == last ? fmt::format("| {} | {} |\n", first, before)
                            : fmt::format("| {} to {} | {} |\n", first, last, before);
    };
    for (int number = 1; number <= 255; ++number) {
      const auto as_byte = static_cast<std::uint8_t>(number);
      const std::string with = outcome_of(place, as_byte, true).text();
      const std::string without = outcome_of(place, as_byte, false).text();
      const std::string now = with == without ? with + " | the same" : with + " | " + without;
      if (now == before) continue;
      flush(number - 1);
      first = number;
      before = now;
    }
    flush(255);
    text += "\n";
  }
  text.pop_back();
  return text;
}

}  // namespace glassh::test
