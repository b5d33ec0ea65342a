// A peer that has logged in and sends any bytes as compressed payloads, in packets that are right otherwise: they
// inflate within the limit or end the connection, and take no more memory than that. What was really compressed comes
// back, until something else came between.
#include <cstdlib>

#include "test/fuzz/input.h"
#include "transport/compression.h"
#include "transport/packet_reader.h"

namespace {

using namespace glassh;
using namespace glassh::fuzz;

constexpr const char* cipher = "aes128-gcm@openssh.com";

CipherKeys keys() {
  const CipherKeySizes sizes = cipher_key_sizes({cipher, ""});
  return {SecretBytes(sizes.iv), SecretBytes(sizes.key), SecretBytes(sizes.mac_key)};
}

void check(bool holds) {
  if (!holds) std::abort();
}

std::vector<std::uint8_t> compressed(Compressor& compressor, Bytes payload) {
  const MutableBytes place = compressor.space(payload.size());
  std::copy(payload.begin(), payload.end(), place.begin());
  std::vector<std::uint8_t> out(compressor.bound(payload.size()));
  out.resize(compressor.compress(payload.size(), out));
  compressor.release();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  SeededRng rng(1);
  PacketWriter writer(rng);  // of packets whose payload is what "compression" made
  PacketReader reader;
  writer.use(make_sealer({cipher, ""}, keys()), cipher, false);
  reader.use(make_opener({cipher, ""}, keys()), cipher, false, delayed_zlib);
  reader.start_delayed_compression(PacketReader::CompressedFrom::next_packet);
  Compressor compressor;
  bool honest = true;
  try {
    while (!input.empty()) {
      const bool compress = input.number() % 2 == 0;
      const Bytes piece = input.cut_payload();
      if (piece.empty()) continue;
      honest = honest && compress;
      writer.send_payload(compress ? compressed(compressor, piece) : copy_of(piece));
      const Bytes ready = writer.ready().at(0);
      const MutableBytes space = reader.space();
      check(space.size() >= ready.size());
      std::copy(ready.begin(), ready.end(), space.begin());
      reader.filled(ready.size());
      writer.written(ready.size());
      const auto payload = reader.next_payload();
      check(payload && !payload->empty() && payload->size() <= PacketReader::max_packet_length);
      check(!honest || equal(*payload, piece));
      check(!reader.next_payload() && !reader.holds_block());
    }
  } catch (const ProtocolError& error) {
    check(!honest && error.reason() == DisconnectReason::compression_error);
  }
  return 0;
}
