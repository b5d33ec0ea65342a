// Valid messages in any order, at any moment of a session between two real cores, in both directions. They are sealed
// by the peer's own writer, so that they get through every cipher. Each side carries on, or ends in Disconnected.
#include "test/fuzz/applications.h"
#include "test/fuzz/input.h"

namespace {

using namespace glassh;
using namespace glassh::fuzz;

struct Session {
  FuzzClient client;
  FuzzServer server;
  std::size_t chunk = 1;

  // One flight of bytes each way. False: there were none.
  bool round() {
    const std::vector<std::uint8_t> to_server = client.take_output();
    const std::vector<std::uint8_t> to_client = server.take_output();
    server.feed(to_server, chunk);
    client.feed(to_client, chunk);
    return !to_server.empty() || !to_client.empty();
  }
  void run() {
    // A session has some twenty flights, each injected message adds a few. More than this never ends.
    for (unsigned rounds = 0; round(); ++rounds) check(rounds < 5000);
  }
};

// RFC 4254: messages 91 to 100 begin with the recipient channel, here one that may exist.
void aim(std::vector<std::uint8_t>& payload, std::uint32_t channel) {
  if (payload.size() >= 5 && payload[0] > message_number::channel_open &&
      payload[0] <= message_number::channel_failure) {
    put_u32(payload.data() + 1, channel);
  }
}

template <class Side>
void inject(Side& from, Bytes payload) {
  PacketWriter& writer = from.core.transport().writer();
  if (from.core.closed() || payload.empty() || payload.size() > PacketWriter::max_payload) return;
  if (writer.holding() && payload[0] >= 50) return;  // it would wait for keys that perhaps never come
  writer.send_payload(payload);
}

template <class Side>
void start_key_exchange(Side& side) {
  if (!side.core.closed() && side.core.transport().key_exchange().first_done()) side.core.start_key_exchange();
}

// What else happens before a message: bytes move, keys change, time passes.
void stir(Session& session, std::uint8_t act) {
  if ((act & 0x30) == 0x30) session.round();
  if ((act & 0xc0) == 0x40) start_key_exchange(session.client);
  if ((act & 0xc0) == 0x80) start_key_exchange(session.server);
  if ((act & 0xc8) == 0xc0) session.client.pass_time(std::chrono::seconds(16));
  if ((act & 0xc8) == 0xc8) session.server.pass_time(std::chrono::seconds(16));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  Session session;
  session.chunk = std::size_t{input.number()} * 64 + 1;
  session.client.pass_time(std::chrono::hours(1));
  session.server.pass_time(std::chrono::hours(1));
  for (unsigned rounds = input.number() % 20U; rounds > 0; --rounds) session.round();
  while (!input.empty()) {
    const std::uint8_t act = input.number();
    stir(session, act);
    std::vector<std::uint8_t> payload = input.valid_payload();
    if ((act & 2) != 0) aim(payload, (act >> 2) % 4U);
    if ((act & 1) != 0) {
      inject(session.client, payload);
    } else {
      inject(session.server, payload);
    }
  }
  session.run();
  session.client.hang_up();
  session.server.hang_up();
  return 0;
}
