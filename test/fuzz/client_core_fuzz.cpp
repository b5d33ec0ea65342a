// Any bytes into a client without ciphers, from the lines before the identification on: they work, or end in
// Disconnected.
#include "test/fuzz/applications.h"
#include "test/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace glassh;
  using namespace glassh::fuzz;
  Input input(data, size);
  const std::size_t chunk = std::size_t{input.number()} * 16 + 1;
  const std::vector<std::uint8_t> stream = clear_stream(input, nullptr);
  FuzzClient client;
  client.pass_time(std::chrono::hours(1));
  client.feed(stream, chunk);
  client.hang_up();
  return 0;
}
