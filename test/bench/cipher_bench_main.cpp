// How fast each suite seals and opens packets, in memory, on one core: MiB/s and ns per packet, for bulk and for
// keystrokes. The best of several rounds is printed, so that other work on the machine disturbs little.
//
//   cipher_bench [part of a cipher's name]
#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "crypto/ciphers/packet_cipher.h"
#include "crypto/rng.h"
#include "test/support/cipher_suites.h"

namespace {

using namespace glassh;
using Clock = std::chrono::steady_clock;

struct Best {
  double seal = 1e18;  // ns per packet
  double open = 1e18;
};

double nanoseconds_each(Clock::time_point from, Clock::time_point to, std::size_t count) {
  return std::chrono::duration<double, std::nano>(to - from).count() / static_cast<double>(count);
}

// Packets lie back to back, as they do in a connection's buffers; together they fit into a second-level cache.
Best measure(const CipherNames& names, std::size_t padded_size) {
  const auto sealer = make_sealer(names, test::random_keys(names, 1));
  const auto opener = make_opener(names, test::random_keys(names, 1));
  const PacketShape shape = sealer->shape();
  const std::size_t size = shape.unpadded_prefix + padded_size + shape.tag;
  const std::size_t count = std::max<std::size_t>(8, 256 * 1024 / size);
  std::vector<std::uint8_t> packets(size * count);
  for (std::size_t i = 0; i < count; ++i) {
    put_u32(packets.data() + i * size, static_cast<std::uint32_t>(size - 4 - shape.tag));
  }
  Best best;
  std::uint32_t sequence_number = 0;
  const Clock::time_point end = Clock::now() + std::chrono::milliseconds(300);
  while (Clock::now() < end) {
    const Clock::time_point start = Clock::now();
    for (std::size_t i = 0; i < count; ++i) {
      sealer->seal(sequence_number + static_cast<std::uint32_t>(i), MutableBytes(packets).subspan(i * size, size));
    }
    const Clock::time_point sealed = Clock::now();
    bool good = true;
    for (std::size_t i = 0; i < count; ++i) {
      const MutableBytes packet = MutableBytes(packets).subspan(i * size, size);
      const std::uint32_t number = sequence_number + static_cast<std::uint32_t>(i);
      good = good && opener->packet_length(number, packet) == size - 4 - shape.tag && opener->open(number, packet);
    }
    const Clock::time_point opened = Clock::now();
    if (!good) throw std::runtime_error("a packet did not open");
    best.seal = std::min(best.seal, nanoseconds_each(start, sealed, count));
    best.open = std::min(best.open, nanoseconds_each(sealed, opened, count));
    sequence_number += static_cast<std::uint32_t>(count);
  }
  return best;
}

void print_suite(const CipherNames& names) {
  constexpr std::size_t bulk = 32 * 1024;
  constexpr std::size_t tiny = 64;
  const auto mebibytes_per_second = [](std::size_t size, double ns) {
    return static_cast<double>(size) / (1 << 20) / ns * 1e9;
  };
  const Best large = measure(names, bulk);
  const Best small = measure(names, tiny);
  fmt::print("{:<30}{:<30}{:>9.0f}{:>9.0f}{:>9.0f}{:>9.0f}{:>9.0f}{:>9.0f}\n", names.cipher, names.mac,
             mebibytes_per_second(bulk, large.seal), mebibytes_per_second(bulk, large.open), large.seal, large.open,
             small.seal, small.open);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view wanted = argc > 1 ? argv[1] : "";
  fmt::print("{:60}{:^18}{:^18}{:^18}\n", "", "32 KiB, MiB/s", "32 KiB, ns", "64 bytes, ns");
  fmt::print("{:<30}{:<30}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}\n", "cipher", "MAC", "seal", "open", "seal", "open", "seal",
             "open");
  for (const std::string_view cipher : cipher_names()) {
    if (cipher.find(wanted) == std::string_view::npos) continue;
    if (is_aead(cipher)) {
      print_suite({std::string(cipher), ""});
      continue;
    }
    for (const std::string_view mac : mac_names()) print_suite({std::string(cipher), std::string(mac)});
  }
}
