#include "transport/packet_writer.h"

#include <algorithm>
#include <cassert>
#include <stdexcept>
#include <utility>

namespace glassh {

namespace {

constexpr std::size_t header_size = 5;    // packet_length and padding_length
constexpr std::size_t least_padding = 4;  // RFC 4253 section 6
constexpr std::size_t hiding_step = 64;   // of the lengths that are hidden
// What may wait for the end of a key exchange, in bytes, and what keeping one payload takes beside it: a million
// answers of one byte are not a megabyte (past vulnerability 33).
constexpr std::size_t most_held = 1024 * 1024;
constexpr std::size_t cost_of_holding = 64;

// RFC 4253 section 7.1 [4253-7.1-30] [4253-7.1-31]: what may leave between our KEXINIT and our NEWKEYS.
bool may_leave_during_key_exchange(std::uint8_t number) {
  if (number == message_number::service_request || number == message_number::service_accept) return false;
  return number < 50;
}

}  // namespace

PacketWriter::PacketWriter(Rng& rng, TraceSink* trace, DirectionState state)
    : rng_(rng),
      trace_(trace),
      sealer_(make_sealer(
          state.names, keys_after(state.names, std::move(state.keys), state.packets_under_key, state.bytes_under_key))),
      shape_(sealer_->shape()),
      cipher_name_(std::move(state.names.cipher)),
      sequence_number_(state.sequence_number),
      packets_under_key_(state.packets_under_key),
      bytes_under_key_(state.bytes_under_key),
      delayed_zlib_(state.delayed_zlib) {
  if (!state.bytes.empty()) send_raw(state.bytes);
}

void PacketWriter::hand_over(DirectionState& state) {
  if (begun_ != 0 || holding_ || sealer_ == nullptr || compressor_ != nullptr) {
    throw std::logic_error("PacketWriter: handed over within a packet or a key exchange, or behind the login");
  }
  state.sequence_number = sequence_number_;
  state.packets_under_key = packets_under_key_;
  state.bytes_under_key = bytes_under_key_;
  state.delayed_zlib = delayed_zlib_;
  for (const Bytes part : ready()) state.bytes.insert(state.bytes.end(), part.begin(), part.end());
  written(backlog_);
  ready_.clear();
  sealer_.reset();  // and its keys
}

void PacketWriter::send_payload(Bytes payload) {
  const MutableBytes place = begin(payload.size());
  std::copy(payload.begin(), payload.end(), place.begin());
  finish(payload.size());
}

void PacketWriter::send_raw(Bytes bytes) {
  OutBlock& block = block_with(bytes.size());
  std::copy(bytes.begin(), bytes.end(), block.memory.data() + block.end);
  block.end += bytes.size();
  backlog_ += bytes.size();
}

MutableBytes PacketWriter::begin(std::size_t size) {
  assert(begun_ == 0);
  if (size > longest_answer) {
    throw std::length_error(fmt::format("a payload of {} bytes does not fit in a packet", size));
  }
  OutBlock& block = block_with(most_in_packet(compressor_ == nullptr ? size : compressor_->bound(size)));
  begun_ = size;
  if (compressor_ != nullptr) return compressor_->space(size);
  return {block.memory.data() + block.end + header_size, size};
}

void PacketWriter::finish(std::size_t size, Length length) {
  assert(size >= 1 && size <= begun_);
  begun_ = 0;
  const OutBlock& block = blocks_.back();
  const MutableBytes in_packet(block.memory.data() + block.end + header_size,
                               block.memory.size() - block.end - header_size);
  const Bytes payload = compressor_ == nullptr ? Bytes(in_packet.first(size)) : compressor_->payload(size);
  const std::uint8_t number = payload[0];
  const bool waits_for_keys = !may_leave_during_key_exchange(number);
  // RFC 4253 section 9 [4253-9-8]: the packet that would pass the limit is the first one under the next keys.
  if (waits_for_keys && reaches_limit(size)) holding_ = wants_new_keys_ = true;
  if (holding_ && waits_for_keys) {
    held_bytes_ += size + cost_of_holding;
    if (held_bytes_ > most_held) {
      throw ProtocolError(
          fmt::format("{} answers wait for the key exchange to end: too many requests", held_.size() + 1));
    }
    held_.push_back({SecretBytes(payload), length});
    if (compressor_ != nullptr) compressor_->release();
    return;
  }
  // RFC 4253 section 6.2 [4253-6.2-1]: the payload alone, before everything else is computed from it.
  const std::size_t size_in_packet = compressor_ == nullptr ? size : compressor_->compress(size, in_packet);
  if (trace_ != nullptr) {
    if (compressor_ != nullptr) trace_->compressed(Direction::sent, size_in_packet);
    trace_->packet(Direction::sent, sequence_number_, cipher_name_, payload);
  }
  seal_packet(size_in_packet, length);
  if (compressor_ != nullptr) compressor_->release();
  // draft-miller-secsh-compression-delayed-00 section 3: the server's first packet behind it is compressed.
  if (number == message_number::userauth_success) start_delayed_compression();
}

std::size_t PacketWriter::most_in_packet(std::size_t payload_size) const {
  return header_size + payload_size + least_padding + std::max<std::size_t>(shape_.block, 8) + hiding_step + shape_.tag;
}

bool PacketWriter::reaches_limit(std::size_t payload_size) const {
  if (bytes_limit_ == 0 || packets_under_key_ == 0) return false;
  return bytes_under_key_ + most_in_packet(payload_size) > bytes_limit_;
}

void PacketWriter::abandon() {
  begun_ = 0;
  if (compressor_ != nullptr) compressor_->release();
}

void PacketWriter::seal_packet(std::size_t payload_size, Length length) {
  OutBlock& block = blocks_.back();
  std::uint8_t* const packet = block.memory.data() + block.end;

  // RFC 4253 section 6 [4253-6-2] [4253-6-6] [4253-6-7]: at least four bytes of padding, and a whole number of blocks;
  // where the length travels apart (AEAD, ETM) it is not counted. That makes 16 bytes at least [4253-6-8].
  const std::size_t counted = header_size - shape_.unpadded_prefix + payload_size;
  std::size_t padding_size = shape_.block - counted % shape_.block;
  if (padding_size < least_padding) padding_size += shape_.block;
  if (length == Length::hidden) {
    const std::size_t steps = (payload_size + least_padding + hiding_step - 1) / hiding_step;
    // RFC 5647 section 7.2 [5647-7.2-1]: 255 is the most, and this is far from it.
    while (payload_size + padding_size < steps * hiding_step) padding_size += shape_.block;
  }

  const std::size_t untagged_size = header_size + payload_size + padding_size;
  put_u32(packet, static_cast<std::uint32_t>(untagged_size - 4));
  packet[4] = static_cast<std::uint8_t>(padding_size);
  fill_padding({packet + header_size + payload_size, padding_size});

  const std::size_t packet_size = untagged_size + shape_.tag;
  if (sealer_ != nullptr) sealer_->seal(sequence_number_, {packet, packet_size});
  // RFC 4253 section 6.4 [4253-6.4-3]: every packet counts, and the count wraps.
  ++sequence_number_;
  ++packets_under_key_;
  bytes_under_key_ += packet_size;
  block.end += packet_size;
  backlog_ += packet_size;
}

// RFC 4253 section 6 [4253-6-3]: padding is random. Drawn in batches, for a draw costs as much as a small packet.
void PacketWriter::fill_padding(MutableBytes padding) {
  if (random_left_ < padding.size()) {
    rng_.fill(random_);
    random_left_ = random_.size();
  }
  random_left_ -= padding.size();
  std::copy_n(random_.begin() + static_cast<std::ptrdiff_t>(random_left_), padding.size(), padding.begin());
}

void PacketWriter::use(std::unique_ptr<Sealer> sealer, std::string cipher_name, bool reset_sequence_number,
                       std::string_view compression) {
  assert(begun_ == 0);
  sealer_ = std::move(sealer);
  shape_ = sealer_->shape();
  cipher_name_ = std::move(cipher_name);
  if (reset_sequence_number) sequence_number_ = 0;
  packets_under_key_ = 0;
  bytes_under_key_ = 0;
  // RFC 4253 section 6.2 [4253-6.2-8], section 9 [4253-9-7]: each key exchange begins another context.
  delayed_zlib_ = compression == delayed_zlib;
  compressor_.reset();
  if (login_over_) start_delayed_compression();
  holding_ = wants_new_keys_ = false;
  // RFC 4253 section 9 [4253-9-9]: what waited goes on, and nobody above noticed.
  const std::vector<Held> released = std::exchange(held_, {});
  held_bytes_ = 0;
  for (const Held& held : released) {
    const Bytes payload = held.payload.reveal();
    const MutableBytes place = begin(payload.size());
    std::copy(payload.begin(), payload.end(), place.begin());
    finish(payload.size(), held.length);
  }
}

void PacketWriter::start_delayed_compression() {
  assert(begun_ == 0);
  login_over_ = true;
  if (!delayed_zlib_ || compressor_ != nullptr) return;
  compressor_ = std::make_unique<Compressor>();
  if (trace_ != nullptr) trace_->note("compression", "what we send goes through zlib from here on");
}

void PacketWriter::drop_held() {
  held_.clear();
  held_bytes_ = 0;
}

PacketWriter::OutBlock& PacketWriter::block_with(std::size_t room) {
  if (blocks_.empty() || blocks_.back().end + room > blocks_.back().memory.size()) {
    blocks_.push_back(OutBlock{BlockPool::of_this_thread().lease(room)});
  }
  return blocks_.back();
}

const std::vector<Bytes>& PacketWriter::ready() {
  ready_.clear();
  for (const OutBlock& block : blocks_) {
    if (block.end > block.begin) ready_.emplace_back(block.memory.data() + block.begin, block.end - block.begin);
  }
  return ready_;
}

void PacketWriter::written(std::size_t size) {
  assert(size <= backlog_ && begun_ == 0);
  backlog_ -= size;
  std::size_t done = 0;
  for (OutBlock& block : blocks_) {
    const std::size_t part = std::min(size, block.end - block.begin);
    block.begin += part;
    size -= part;
    if (block.begin < block.end) break;
    ++done;
  }
  blocks_.erase(blocks_.begin(), blocks_.begin() + static_cast<std::ptrdiff_t>(done));
}

}  // namespace glassh
