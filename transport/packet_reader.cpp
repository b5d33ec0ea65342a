#include "transport/packet_reader.h"

#include <algorithm>
#include <cassert>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "proto/error.h"

namespace glassh {

namespace {

constexpr std::size_t least_padding = 4;
// A read into less than this would be too small to be worth the system call: what there is moves to the front first.
constexpr std::size_t least_space = 40 * 1024;

}  // namespace

PacketReader::PacketReader(TraceSink* trace, DirectionState state)
    : trace_(trace),
      opener_(make_opener(
          state.names, keys_after(state.names, std::move(state.keys), state.packets_under_key, state.bytes_under_key))),
      shape_(opener_->shape()),
      cipher_name_(std::move(state.names.cipher)),
      delayed_zlib_(state.delayed_zlib),
      sequence_number_(state.sequence_number),
      packets_under_key_(state.packets_under_key),
      bytes_under_key_(state.bytes_under_key) {
  if (state.bytes.empty()) return;
  block_ = BlockPool::of_this_thread().lease(state.bytes.size());
  std::copy(state.bytes.begin(), state.bytes.end(), block_.data());
  end_ = used_ = state.bytes.size();
}

void PacketReader::hand_over(DirectionState& state) {
  if (packet_length_ != 0 || opener_ == nullptr || decompressor_ != nullptr) {
    throw std::logic_error("PacketReader: handed over within a packet, without keys or behind the login");
  }
  state.sequence_number = sequence_number_;
  state.packets_under_key = packets_under_key_;
  state.bytes_under_key = bytes_under_key_;
  state.delayed_zlib = delayed_zlib_;
  if (end_ > begin_) state.bytes.assign(block_.data() + begin_, block_.data() + end_);
  begin_ = end_;
  release_if_empty();
  opener_.reset();  // and its keys
}

PacketReader::~PacketReader() {
  if (block_) wipe({block_.data(), used_});
}

MutableBytes PacketReader::space() {
  if (!block_) {
    block_ = BlockPool::of_this_thread().lease();
    begin_ = end_ = used_ = 0;
  }
  if (begin_ == end_) begin_ = end_ = 0;
  if (begin_ > 0 && block_.size() - end_ < least_space) {
    std::memmove(block_.data(), block_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == block_.size() && end_ < 4 + packet_length_ + shape_.tag) grow();
  return {block_.data() + end_, block_.size() - end_};
}

// A packet that is longer than a block: memory is taken as its bytes arrive, never because its length is announced.
void PacketReader::grow() {
  BlockLease larger = BlockPool::of_this_thread().lease(std::min(2 * end_, 4 + packet_length_ + shape_.tag));
  std::memcpy(larger.data(), block_.data(), end_);
  wipe({block_.data(), used_});
  block_ = std::move(larger);
  used_ = end_;
}

void PacketReader::filled(std::size_t size) {
  assert(size <= block_.size() - end_);
  end_ += size;
  used_ = std::max(used_, end_);
  if (size == 0) release_if_empty();
}

std::optional<std::string_view> PacketReader::next_line(std::size_t limit) {
  const std::string_view arrived = text_of({block_.data() + begin_, end_ - begin_});
  const std::size_t end = arrived.substr(0, limit).find('\n');
  if (end == arrived.npos) {
    if (arrived.size() >= limit) {
      throw ProtocolError(fmt::format("identification: a line of more than {} bytes", limit));
    }
    release_if_empty();
    return std::nullopt;
  }
  begin_ += end + 1;
  return arrived.substr(0, end);
}

std::optional<Bytes> PacketReader::next_payload() {
  const std::size_t arrived = end_ - begin_;
  // RFC 4253 section 6 [4253-6-9]: the length is looked at as soon as it is there.
  if (arrived < shape_.needed_for_length) {
    release_if_empty();
    return std::nullopt;
  }
  std::uint8_t* const first = block_.data() + begin_;
  if (packet_length_ == 0) {
    const std::uint32_t length = opener_ == nullptr
                                     ? get_u32(first)
                                     : opener_->packet_length(sequence_number_, {first, shape_.needed_for_length});
    check_length(length);
    packet_length_ = length;
  }
  const std::size_t packet_size = 4 + packet_length_ + shape_.tag;
  if (arrived < packet_size) return std::nullopt;

  const MutableBytes packet(first, packet_size);
  // RFC 4251 section 9.3.5 [4251-9.3.5-1]: a wrong byte ends the connection, and so does an impossible length.
  if (opener_ != nullptr && !opener_->open(sequence_number_, packet)) {
    throw ProtocolError(DisconnectReason::mac_error,
                        fmt::format("packet {}: the {} tag is wrong", sequence_number_, cipher_name_));
  }
  Bytes payload = payload_of(packet);
  if (decompressor_ != nullptr) {
    if (trace_ != nullptr) trace_->compressed(Direction::received, payload.size());
    payload = decompressor_->decompress(sequence_number_, payload);
  }
  if (trace_ != nullptr) trace_->packet(Direction::received, sequence_number_, cipher_name_, payload);

  begin_ += packet_size;
  packet_length_ = 0;
  // RFC 4253 section 6.4 [4253-6.4-3]: every packet counts, and the count wraps. OpenSSH PROTOCOL section 1.9
  // [openssh-strict-kex-1.9-10]: but never before there are keys.
  ++sequence_number_;
  if (sequence_number_ == 0 && opener_ == nullptr) {
    throw ProtocolError("packet: the sequence number wrapped before the first key exchange ended");
  }
  ++packets_under_key_;
  bytes_under_key_ += packet_size;
  return payload;
}

// RFC 4253 section 6.1 [4253-6.1-4]: an implausible length is refused before anything waits for it. RFC 4254
// section 5.2 [4254-5.2-6]: the limit is never below 32768.
void PacketReader::check_length(std::uint32_t length) const {
  if (length < 1 + least_padding + 1 || length > max_packet_length) {
    throw ProtocolError(
        fmt::format("packet {}: packet_length is {}, outside 6 to {}", sequence_number_, length, max_packet_length));
  }
  if (length > longest_) {
    throw ProtocolError(fmt::format("packet {}: packet_length is {}; before the login is over at most {} are taken",
                                    sequence_number_, length, longest_));
  }
  // RFC 4253 section 6 [4253-6-6] [4253-6-7]: whole blocks, for stream ciphers too.
  if ((4 + length - shape_.unpadded_prefix) % shape_.block != 0) {
    throw ProtocolError(fmt::format("packet {}: packet_length is {}, which does not fill blocks of {}",
                                    sequence_number_, length, shape_.block));
  }
}

// RFC 4253 section 6 [4253-6-2] [4253-6-4]: four bytes of padding at least, and no more than the packet has beside a
// payload.
Bytes PacketReader::payload_of(Bytes packet) const {
  const std::size_t padding_size = packet[4];
  if (padding_size < least_padding) {
    throw ProtocolError(fmt::format("packet {}: padding_length is {}, less than 4", sequence_number_, padding_size));
  }
  if (padding_size + 1 >= packet_length_) {
    throw ProtocolError(fmt::format("packet {}: padding_length {} leaves no payload in a packet_length of {}",
                                    sequence_number_, padding_size, packet_length_));
  }
  return packet.subspan(5, packet_length_ - 1 - padding_size);
}

void PacketReader::use(std::unique_ptr<Opener> opener, std::string cipher_name, bool reset_sequence_number,
                       std::string_view compression) {
  assert(packet_length_ == 0);
  opener_ = std::move(opener);
  shape_ = opener_->shape();
  cipher_name_ = std::move(cipher_name);
  if (reset_sequence_number) sequence_number_ = 0;
  packets_under_key_ = 0;
  bytes_under_key_ = 0;
  // RFC 4253 section 6.2 [4253-6.2-8], section 9 [4253-9-7]: each key exchange begins another context.
  delayed_zlib_ = compression == delayed_zlib;
  decompressor_.reset();
  if (login_over_) start_delayed_compression(CompressedFrom::next_packet);
}

void PacketReader::start_delayed_compression(CompressedFrom from) {
  login_over_ = true;
  if (!delayed_zlib_ || from == CompressedFrom::next_keys) return;
  decompressor_ = std::make_unique<Decompressor>(max_packet_length);
  if (trace_ != nullptr) trace_->note("compression", "what the peer sends goes through zlib from here on");
}

void PacketReader::release_if_empty() {
  if (!block_ || begin_ != end_) return;
  if (decompressor_ != nullptr) decompressor_->release();
  wipe({block_.data(), used_});
  block_.give_back();
  begin_ = end_ = used_ = 0;
}

}  // namespace glassh
