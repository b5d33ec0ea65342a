// Attacks of a client with one ordinary key against glasshd, once it is logged in. Each attack is a function in a file
// of its own, and a row in attack_tool_main.cpp's table.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "crypto/keys/key.h"

namespace glassh::test {

struct AttackTask {
  std::uint16_t port = 0;  // on 127.0.0.1
  std::string user;
  PrivateKey key;
  std::vector<std::string> arguments;  // the attack's own
};

// Returns when all has been sent; the attack's own description says in which state it leaves its connections.
using Attack = void (*)(const AttackTask&);

void open_slow_names(const AttackTask& task);
void open_slow_paths(const AttackTask& task);
void listen_at_slow_path(const AttackTask& task);
void many_lines(const AttackTask& task);
void stuck_terminals(const AttackTask& task);
void attack_by_unanswered_rekey(const AttackTask&);
void attack_by_long_strings(const AttackTask&);
void send_compressed_zeros(const AttackTask& task);
void open_many_channels(const AttackTask& task);
void leave_readers_behind(const AttackTask& task);

// After each attack: prints "ready", and keeps what it holds until standard input ends.
void hold_until_told();

}  // namespace glassh::test
