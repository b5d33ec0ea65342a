// Any stream of bytes to an agent gets answers, one for each request, or ends the stream. A locked agent shows and does
// nothing, and a key that came with limits is never used without them.
//
// The stream is what a client sends: lengths and requests.
#include <algorithm>
#include <cstdlib>

#include "auth/agent.h"
#include "auth/agent_requests.h"
#include "test/fuzz/input.h"

namespace {

using namespace glassh;

void check(bool holds) {
  if (!holds) std::abort();
}

// Nobody agrees, nobody waits.
std::vector<std::uint8_t> answer(AgentConnection& session, Bytes request, AgentTime& now) {
  while (true) {
    AgentAnswer answer = session.on_request(request, now);
    if (auto* const reply = std::get_if<AgentReply>(&answer)) return std::move(reply->payload);
    if (std::holds_alternative<ConfirmationWanted>(answer)) {
      AgentReply reply = session.confirmed(false);
      check(!read_signature(reply.payload).has_value());
      return std::move(reply.payload);
    }
    check(std::get<WaitWanted>(answer).until > now);
    now = std::get<WaitWanted>(answer).until;
  }
}

void feed(AgentFrames& frames, Bytes bytes) {
  while (!bytes.empty()) {
    const MutableBytes space = frames.space();
    const std::size_t size = std::min(space.size(), bytes.size());
    std::copy_n(bytes.begin(), size, space.begin());
    frames.filled(size);
    bytes = bytes.subspan(size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  SeededRng rng(1);
  Agent agent({std::nullopt, HashName::sha256, {}}, rng);
  AgentConnection session(agent);
  AgentFrames frames;
  AgentTime now{std::chrono::seconds(1)};
  try {
    while (!input.empty()) {
      const std::size_t piece = 1 + input.number();
      feed(frames, input.take(piece));
      while (const auto request = frames.next()) {
        const std::size_t keys = agent.key_count();
        const bool was_locked = agent.locked();
        const auto reply = answer(session, *request, now);
        check(!reply.empty());
        if (was_locked) check(agent.key_count() <= keys && reply[0] != agent_number::sign_response);
        check(session.bindings().size() <= 16);
      }
    }
  } catch (const ProtocolError&) {
    // a length that cannot be
  }
  parse_login_to_sign({data, size});
  try {
    const auto rules = decode_destinations({data, size});
    check(encode_destinations(decode_destinations(encode_destinations(rules))) == encode_destinations(rules));
  } catch (const ProtocolError&) {
  }
  // The other direction: what an agent says.
  for (auto* const read : {+[](Bytes bytes) { read_identities(bytes); }, +[](Bytes bytes) { read_signature(bytes); },
                           +[](Bytes bytes) { read_success(bytes); }}) {
    try {
      read({data, size});
    } catch (const ProtocolError&) {
    }
  }
  return 0;
}
