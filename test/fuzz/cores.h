// What the fuzzers of the two cores share: how their input becomes bytes on a connection whose ciphers are off.
//
// The first byte chooses: bit 0, the bytes go behind a valid identification; bit 1, they are cut into payloads (two
// bytes of length each) and framed as valid packets, so that they get past the checks of a packet's outside; bit 2, a
// KEXINIT that would be accepted comes first.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "test/support/pair.h"

namespace glassh::test {

inline void append(std::vector<std::uint8_t>& to, Bytes bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

inline std::vector<std::uint8_t> take_all(PacketWriter& writer) {
  std::vector<std::uint8_t> bytes;
  for (const Bytes part : writer.ready()) append(bytes, part);
  writer.written(bytes.size());
  return bytes;
}

// `other_side` has queued its identification and its KEXINIT.
inline std::vector<std::uint8_t> stream_of(Bytes input, PacketWriter& other_side) {
  std::vector<std::uint8_t> stream;
  if (input.empty()) return stream;
  const std::uint8_t mode = input[0];
  input = input.subspan(1);
  const std::vector<std::uint8_t> opening = take_all(other_side);
  const auto line_end = std::find(opening.begin(), opening.end(), '\n') + 1;
  if ((mode & 1) != 0) stream.assign(opening.begin(), line_end);
  if ((mode & 4) != 0) stream.insert(stream.end(), line_end, opening.end());
  if ((mode & 2) == 0) {
    append(stream, input);
    return stream;
  }
  SeededRng rng(7);
  PacketWriter writer(rng);
  while (input.size() > 2) {
    const std::size_t size = std::clamp<std::size_t>(std::size_t{input[0]} << 8 | input[1], 1, input.size() - 2);
    writer.send_payload(input.subspan(2, std::min(size, PacketWriter::max_payload)));
    input = input.subspan(2 + size);
  }
  append(stream, take_all(writer));
  return stream;
}

// Feeds everything and then the end of input: the core must have ended by then, and must stay silent.
template <class Core, class Step>
void feed_to_the_end(Core& core, std::vector<std::uint8_t>& queue, const std::vector<std::uint8_t>& stream, Step step) {
  append(queue, stream);
  while (step()) {
  }
  core.end_of_input();
  step();
  if (!core.closed() && !core.waiting()) std::abort();
  if (core.closed() && core.next_event()) std::abort();
}

}  // namespace glassh::test
