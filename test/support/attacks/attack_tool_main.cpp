// A client with one key that attacks a glasshd, for the scripts in conformance/attacks.
//
//   attack_tool PORT USER KEYFILE ATTACK [ARGUMENT…]
//
// Each attack prints "ready" when it has sent all, and keeps its connections until standard input ends.
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>

#include "crypto/key_files/key_file.h"
#include "test/support/attacks/attacks.h"

namespace glassh::test {

void hold_until_told() {
  fmt::print("ready\n");
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
}

namespace {

struct Row {
  std::string_view name;
  Attack attack;
};
constexpr Row attacks[] = {
    {"nothing", [](const AttackTask&) { hold_until_told(); }},
    {"lookups", open_slow_names},
    {"paths", open_slow_paths},
    {"listener", listen_at_slow_path},
    {"many-lines", many_lines},
    {"stuck-terminals", stuck_terminals},
    {"unanswered-rekey", attack_by_unanswered_rekey},
    {"long-strings", attack_by_long_strings},
    {"compressed", send_compressed_zeros},
    {"channels", open_many_channels},
    {"closed-readers", leave_readers_behind},
};

void run(const std::vector<std::string>& arguments) {
  if (arguments.size() < 4) throw std::invalid_argument("usage: attack_tool PORT USER KEYFILE ATTACK [ARGUMENT...]");
  const AttackTask task{static_cast<std::uint16_t>(std::stoul(arguments[0])),
                        arguments[1],
                        load_private_key(arguments[2]).key,
                        {arguments.begin() + 4, arguments.end()}};
  for (const Row& row : attacks) {
    if (row.name == arguments[3]) return row.attack(task);
  }
  throw std::invalid_argument("unknown attack " + arguments[3]);
}

}  // namespace
}  // namespace glassh::test

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    glassh::test::run({argv + 1, argv + argc});
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "attack_tool: {}\n", error.what());
    return 1;
  }
}
