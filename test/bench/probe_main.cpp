// What libcrypto and the kernel leave of this machine's speed: one thread seals 32 KiB packets and writes them to a
// TCP connection over the loopback, another reads and opens them. Nothing of SSH but the packet is in it, so it is the
// limit for the bulk speed of a server and a client with one busy thread each. Prints MiB/s of payload.
//
//   probe CIPHER MEBIBYTES
#include <algorithm>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channels/io/fd.h"
#include "crypto/ciphers/packet_cipher.h"
#include "crypto/rng.h"
#include "test/support/cipher_suites.h"

namespace {

using namespace glassh;

constexpr std::size_t data_size = 32 * 1024;
constexpr std::size_t packets_per_write = 2;  // as many as a block of the packet writer holds
constexpr std::size_t read_size = 68 * 1024;  // and a block of the packet reader

std::size_t checked(ssize_t result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return static_cast<std::size_t>(result);
}

struct Connection {
  Fd from, to;
};

Connection connect_over_loopback() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  void* const generic = &address;  // sockets' functions take sockaddr*
  socklen_t size = sizeof address;
  const Fd listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  checked(::bind(listening.get(), static_cast<sockaddr*>(generic), size), "bind");
  checked(::listen(listening.get(), 1), "listen");
  checked(::getsockname(listening.get(), static_cast<sockaddr*>(generic), &size), "getsockname");
  Connection connection;
  connection.from = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  checked(::connect(connection.from.get(), static_cast<sockaddr*>(generic), size), "connect");
  connection.to = Fd(::accept(listening.get(), nullptr, nullptr));
  checked(connection.to.get(), "accept");
  return connection;
}

// CHANNEL_DATA: number, channel and length before the data, four bytes of padding at least.
std::size_t size_of_packet(const PacketShape& shape) {
  const std::size_t least = 5 + 9 + data_size + 4 - shape.unpadded_prefix;
  return shape.unpadded_prefix + (least + shape.block - 1) / shape.block * shape.block + shape.tag;
}

void send_packets(int to, Sealer& sealer, std::size_t count) {
  const PacketShape shape = sealer.shape();
  const std::size_t size = size_of_packet(shape);
  std::vector<std::uint8_t> block(size * packets_per_write);
  std::uint32_t sequence_number = 0;
  while (sequence_number < count) {
    for (std::size_t i = 0; i < packets_per_write; ++i) {
      std::uint8_t* const packet = block.data() + i * size;
      put_u32(packet, static_cast<std::uint32_t>(size - 4 - shape.tag));
      sealer.seal(sequence_number++, {packet, size});
    }
    for (std::size_t done = 0; done < block.size();) {
      done += checked(::write(to, block.data() + done, block.size() - done), "write");
    }
  }
}

void receive_packets(int from, Opener& opener, std::size_t count) {
  const std::size_t size = size_of_packet(opener.shape());
  std::vector<std::uint8_t> block(read_size);
  std::size_t begin = 0, end = 0;
  for (std::uint32_t sequence_number = 0; sequence_number < count; ++sequence_number) {
    while (end - begin < size) {
      if (begin > 0) std::memmove(block.data(), block.data() + begin, end - begin);
      end -= std::exchange(begin, 0);
      const std::size_t got = checked(::read(from, block.data() + end, block.size() - end), "read");
      if (got == 0) throw std::runtime_error("the sender has gone");
      end += got;
    }
    const MutableBytes packet(block.data() + begin, size);
    if (opener.packet_length(sequence_number, packet) != size - 4 - opener.shape().tag ||
        !opener.open(sequence_number, packet)) {
      throw std::runtime_error("a packet did not open");
    }
    begin += size;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: probe CIPHER MEBIBYTES\n");
    return 2;
  }
  const CipherNames names{argv[1], ""};
  const std::size_t wanted = std::stoul(argv[2]) * (1 << 20) / data_size;
  const std::size_t count = std::max(packets_per_write, wanted / packets_per_write * packets_per_write);
  const auto sealer = make_sealer(names, test::random_keys(names, 1));
  const auto opener = make_opener(names, test::random_keys(names, 1));
  const Connection connection = connect_over_loopback();
  const auto start = std::chrono::steady_clock::now();
  std::thread sender([&] { send_packets(connection.from.get(), *sealer, count); });
  receive_packets(connection.to.get(), *opener, count);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  sender.join();
  fmt::print("{:.1f}\n", static_cast<double>(count * data_size) / (1 << 20) / seconds.count());
}
