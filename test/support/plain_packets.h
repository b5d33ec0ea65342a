// A PacketWriter without keys, and what was sent through it: for machines that write packets and need no transport.
//
//   PlainWriter out;  Channels channels(out.writer, …);  auto sent = out.take();  decode<msg::ChannelEof>(sent.at(0));
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "crypto/rng.h"
#include "proto/error.h"
#include "transport/packet_reader.h"
#include "transport/packet_writer.h"

namespace glassh::test {

using Payload = std::vector<std::uint8_t>;

struct PlainWriter {
  SeededRng rng{1};
  PacketWriter writer{rng};
  PacketReader reader;

  // The payloads sent since the last call.
  std::vector<Payload> take() {
    std::vector<Payload> payloads;
    while (writer.backlog() > 0) {
      const Bytes ready = writer.ready().at(0);
      const MutableBytes space = reader.space();
      const std::size_t size = std::min(ready.size(), space.size());
      std::copy_n(ready.begin(), size, space.begin());
      reader.filled(size);
      writer.written(size);
      while (const auto payload = reader.next_payload()) payloads.push_back(copy_of(*payload));
    }
    return payloads;
  }

  // Exactly one message of type M must have been sent; the result is a view into `kept`.
  template <class M>
  M take_only() {
    std::vector<Payload> sent = take();
    if (sent.size() != 1 || sent[0][0] != M::number) {
      std::string numbers;
      for (const Payload& payload : sent) numbers += " " + std::to_string(payload[0]);
      throw std::runtime_error("expected " + std::string(M::name) + " alone, sent were:" + numbers);
    }
    kept = std::move(sent[0]);
    return decode<M>(kept);
  }

  Payload kept;
};

// The text of the ProtocolError that `action` throws; empty if it throws none.
template <class Action>
std::string protocol_error_of(Action action) {
  try {
    action();
  } catch (const ProtocolError& error) {
    return error.what();
  }
  return {};
}

}  // namespace glassh::test
