// The two ends of the probe (probe_main.cpp): data read from a descriptor become packets of RFC 4253 section 6 on
// another, and packets become data again. Blocking calls, several packets with each, sealed and opened in place,
// without a copy in user space but the rest of a packet that came in two parts. No key exchange, no windows, no
// channels.
//
//   send_packets(file, socket, sealer);  …  PacketReceiver(socket, pipe, opener).run();
#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "crypto/ciphers/packet_cipher.h"
#include "proto/bytes.h"

namespace glassh::bench {

constexpr std::size_t most_data = 32 * 1024;  // in one packet
constexpr std::size_t packets_at_once = 4;    // read with one call, and written with one
constexpr std::size_t block_of_receiver = 256 * 1024;
constexpr std::size_t before_data =
    4 + 1 + 1 + 4 + 4;  // packet and padding length; CHANNEL_DATA, its channel, a length
constexpr std::size_t length_of_data = before_data - 4;

inline std::size_t checked(ssize_t result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return static_cast<std::size_t>(result);
}

inline std::size_t padding_for(std::size_t data, const PacketShape& shape) {
  const std::size_t counted = before_data + data - shape.unpadded_prefix;
  const std::size_t padding = shape.block - counted % shape.block;
  return padding < 4 ? padding + shape.block : padding;
}

inline void write_all(int to, const std::uint8_t* begin, std::size_t size) {
  for (std::size_t done = 0; done < size;) done += checked(::write(to, begin + done, size - done), "write");
}

// Until the end of `from`. `sealer` may be null. Several packets' data are read with one call, each into its place;
// full packets lie back to back.
inline void send_packets(int from, int to, Sealer* sealer) {
  const PacketShape shape = sealer == nullptr ? PacketShape{} : sealer->shape();
  const std::size_t full = before_data + most_data + padding_for(most_data, shape) + shape.tag;
  std::vector<std::uint8_t> block(full * packets_at_once);
  std::array<iovec, packets_at_once> places{};
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = {block.data() + i * full + before_data, most_data};
  std::uint32_t sequence_number = 0;
  while (std::size_t left = checked(::readv(from, places.data(), static_cast<int>(places.size())), "readv")) {
    std::uint8_t* packet = block.data();
    while (left > 0) {
      const std::size_t data = std::min(left, most_data);
      const std::size_t padding = padding_for(data, shape);
      const std::size_t size = before_data + data + padding + shape.tag;
      put_u32(packet, static_cast<std::uint32_t>(size - 4 - shape.tag));
      packet[4] = static_cast<std::uint8_t>(padding);
      put_u32(packet + length_of_data, static_cast<std::uint32_t>(data));
      if (sealer != nullptr) sealer->seal(sequence_number, {packet, size});
      ++sequence_number;
      left -= data;
      packet += size;
    }
    write_all(to, block.data(), static_cast<std::size_t>(packet - block.data()));
  }
  checked(::shutdown(to, SHUT_WR), "shutdown");
}

class PacketReceiver {
 public:
  // `opener` may be null. A pipe is better non-blocking: packets are then opened while its reader works.
  PacketReceiver(int from, int to, Opener* opener)
      : from_(from), to_(to), opener_(opener), shape_(opener == nullptr ? PacketShape{} : opener->shape()) {}

  // Until the sender has ended; returns how many bytes of data came.
  std::size_t run() {
    while (!ended_ || !pieces_.empty()) {
      wait();
      if (readable_) {
        ended_ = !read_more();
        for (MutableBytes data = next_data(); !data.empty(); data = next_data()) {
          pieces_.push_back({data.data(), data.size()});
        }
      }
      write_pieces();
    }
    return received_;
  }

 private:
  // For something to read, if there is a place for it, or until the reader takes what waits for it.
  void wait() {
    if (pieces_.empty() && begin_ > 0) {  // the packet that has begun, to where there is room behind it
      std::memmove(block_.data(), block_.data() + begin_, end_ - begin_);
      end_ -= std::exchange(begin_, 0);
    }
    readable_ = !ended_ && block_.size() > end_;
    if (pieces_.empty()) return;  // then read() waits
    std::array<pollfd, 2> asked{{{to_, POLLOUT, 0}, {readable_ ? from_ : -1, POLLIN, 0}}};
    checked(::poll(asked.data(), asked.size(), -1), "poll");
    readable_ = asked[1].revents != 0;
  }

  bool read_more() {
    const std::size_t got = checked(::read(from_, block_.data() + end_, block_.size() - end_), "read");
    end_ += got;
    if (got == 0 && begin_ != end_) throw std::runtime_error("the last packet is not whole");
    return got > 0;
  }

  // Empty: its packet is not here yet.
  MutableBytes next_data() {
    std::uint8_t* const packet = block_.data() + begin_;
    const std::size_t available = end_ - begin_;
    if (size_ == 0) {
      if (available < std::max<std::size_t>(shape_.needed_for_length, 4)) return {};
      const std::uint32_t length =
          opener_ == nullptr ? get_u32(packet) : opener_->packet_length(sequence_number_, {packet, available});
      size_ = 4 + length + shape_.tag;
    }
    if (available < size_) return {};
    if (opener_ != nullptr && !opener_->open(sequence_number_, {packet, size_})) {
      throw std::runtime_error("a packet did not open");
    }
    ++sequence_number_;
    begin_ += std::exchange(size_, 0);
    const std::size_t data = get_u32(packet + length_of_data);
    received_ += data;
    return {packet + before_data, data};
  }

  void write_pieces() {
    std::size_t first = 0;
    while (first < pieces_.size()) {
      const ssize_t result = ::writev(to_, &pieces_[first], static_cast<int>(pieces_.size() - first));
      if (result < 0 && errno == EAGAIN) break;
      std::size_t put = checked(result, "writev");
      for (; first < pieces_.size() && put >= pieces_[first].iov_len; ++first) put -= pieces_[first].iov_len;
      if (put == 0) continue;
      pieces_[first].iov_base = static_cast<std::uint8_t*>(pieces_[first].iov_base) + put;
      pieces_[first].iov_len -= put;
    }
    pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(first));
  }

  int from_, to_;
  Opener* opener_;
  PacketShape shape_;
  std::vector<std::uint8_t> block_ = std::vector<std::uint8_t>(block_of_receiver);
  std::vector<iovec> pieces_;  // data in block_ that are not written yet
  bool readable_ = false, ended_ = false;
  std::size_t begin_ = 0, end_ = 0;
  std::size_t size_ = 0;  // of the packet at begin_, once its length was asked
  std::uint32_t sequence_number_ = 0;
  std::size_t received_ = 0;
};

}  // namespace glassh::bench
