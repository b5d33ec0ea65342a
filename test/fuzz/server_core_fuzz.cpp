// Any bytes into a server without ciphers, from the identification on: they work, or end in Disconnected.
#include "test/fuzz/applications.h"
#include "test/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace glassh;
  using namespace glassh::fuzz;
  Input input(data, size);
  const std::size_t chunk = std::size_t{input.number()} * 16 + 1;
  const std::vector<std::uint8_t> share(32, 9);
  const msg::KexEcdhInit init{share};
  const std::vector<std::uint8_t> stream = clear_stream(input, &init);
  FuzzServer server;
  server.pass_time(std::chrono::hours(1));
  server.feed(stream, chunk);
  server.hang_up();
  return 0;
}
