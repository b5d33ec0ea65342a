// Any bytes into a server core either work or end in Disconnected: no other exception, no crash, nothing after the end.
#include "test/fuzz/cores.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  glassh::test::Pair pair;
  const auto stream = glassh::test::stream_of({data, size}, pair.client.transport().writer());
  glassh::test::feed_to_the_end(pair.server, pair.to_server, stream, [&] { return pair.step_server(); });
  return 0;
}
