// The program that `./dev step` opens in a debugger: a client core and a server core in one process, joined by two
// queues. No socket, no clock, randomness from a seed: every run prints the same bytes. docs/STEPPING.md walks through
// it.
//
//   step [SEED]
#include <cstdlib>
#include <string>

#include <fmt/format.h>

#include "test/support/pair.h"

namespace {

using glassh::test::Pair;

void print_flight(const char* direction, const std::vector<std::uint8_t>& bytes) {
  if (!bytes.empty()) fmt::print("{} {} bytes: {}\n", direction, bytes.size(), glassh::hex(bytes));
}

}  // namespace

int main(int argc, char** argv) {
  glassh::test::PairOptions options;
  options.seed = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
  options.payload_size = 16;
  Pair pair(options);
  pair.on_flight = print_flight;
  pair.run();
  fmt::print("session identifier {}\n", glassh::hex(pair.client.transport().session_id()));
  for (const std::string& line : pair.client_log) fmt::print("client: {}\n", line);
  for (const std::string& line : pair.server_log) fmt::print("server: {}\n", line);
  return pair.complete() ? EXIT_SUCCESS : EXIT_FAILURE;
}
