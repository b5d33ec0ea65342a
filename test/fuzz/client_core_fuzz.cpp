// Any bytes into a client core either work or end in Disconnected: no other exception, no crash, nothing after the end.
#include "test/fuzz/cores.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  glassh::test::Pair pair;
  const auto stream = glassh::test::stream_of({data, size}, pair.server.transport().writer());
  glassh::test::feed_to_the_end(pair.client, pair.to_client, stream, [&] { return pair.step_client(); });
  return 0;
}
