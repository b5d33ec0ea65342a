// Valid packets in any order, at any moment of a session, from either side: both cores either go on or end in
// Disconnected.
//
// The input is a script: how far the session gets, and then who says what. The payloads are made from the declarations
// of the messages and sealed with the session's own keys.
#include "proto/random_payload.h"
#include "test/fuzz/cores.h"

namespace {

using namespace glassh;

// Numbers out of the input; zeros when it is used up.
class Script {
 public:
  explicit Script(Bytes input) : input_(input) {}
  bool empty() const { return input_.empty(); }
  std::uint32_t next() {
    std::uint32_t value = 0;
    for (int i = 0; i < 2 && !input_.empty(); ++i) {
      value = value << 8 | input_[0];
      input_ = input_.subspan(1);
    }
    return value;
  }

 private:
  Bytes input_;
};

void inject(PacketWriter& writer, Bytes payload) {
  if (payload.empty() || payload.size() > PacketWriter::max_payload) return;
  try {
    writer.send_payload(payload);
  } catch (const ProtocolError&) {  // more is held than a session may hold back
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Script script({data, size});
  test::PairOptions options;
  options.payload_size = 3000;
  options.chunk = 400;
  test::Pair pair(options);
  for (std::uint32_t round = script.next() % 24; round > 0; --round) pair.round();

  RandomFill fill([&] { return script.next(); });
  for (int messages = 0; messages < 64 && !script.empty(); ++messages) {
    const std::uint32_t how = script.next();
    const std::vector<std::uint8_t> payload = random_payload(fill);
    if ((how & 1) != 0) {
      inject(pair.client.transport().writer(), payload);
    } else {
      inject(pair.server.transport().writer(), payload);
    }
    if ((how & 2) != 0) pair.round();
    if ((how & 12) == 12) pair.server.start_key_exchange();
  }
  for (int rounds = 0; rounds < 2000 && pair.round(); ++rounds) {
  }
  pair.client.end_of_input();
  pair.server.end_of_input();
  pair.step_client();
  pair.step_server();
  return 0;
}
