#include "transport/compression.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>
#include <stdexcept>

#include <fmt/format.h>
#include <zlib.h>

#include "proto/error.h"
#include "proto/secret_bytes.h"

namespace glassh {

namespace {

// zlib's own default, and OpenSSH's.
constexpr int level = 6;
// deflateBound() speaks of a stream that ends with this payload. Here it goes on: a few bits of the last payload come
// along, and the flush adds an empty block.
constexpr std::size_t flush_size = 16;

uInt zlib_size(std::size_t size) { return static_cast<uInt>(size); }

ProtocolError compression_error(std::uint32_t sequence_number, std::string_view what) {
  return {DisconnectReason::compression_error, fmt::format("packet {}: {}: {}", sequence_number, delayed_zlib, what)};
}

}  // namespace

const std::vector<std::string_view>& compression_names() {
  static const std::vector<std::string_view> names = {"none", delayed_zlib};
  return names;
}

// RFC 4253 section 6.2 [4253-6.2-3]: one context for each direction.
Compressor::Compressor() : stream_(new z_stream_s{}) {
  if (deflateInit(stream_.get(), level) != Z_OK) throw std::bad_alloc();
}

void Compressor::End::operator()(z_stream_s* stream) const {
  deflateEnd(stream);
  delete stream;
}

std::size_t Compressor::bound(std::size_t size) const { return deflateBound(stream_.get(), size) + flush_size; }

MutableBytes Compressor::space(std::size_t size) {
  if (memory_.size() < size || !memory_) memory_ = BlockPool::of_this_thread().lease(size);
  used_ = size;
  return {memory_.data(), size};
}

// [4253-6.2-8]: the context goes on from packet to packet, and each ends in a partial flush, which has the receiver
// know all of it.
std::size_t Compressor::compress(std::size_t size, MutableBytes out) {
  assert(size <= used_ && out.size() >= bound(size));
  stream_->next_in = memory_.data();
  stream_->avail_in = zlib_size(size);
  stream_->next_out = out.data();
  stream_->avail_out = zlib_size(out.size());
  const int result = deflate(stream_.get(), Z_PARTIAL_FLUSH);
  if (result != Z_OK || stream_->avail_in != 0 || stream_->avail_out == 0) {
    throw std::logic_error(fmt::format("deflate: {} ({} bytes left over)", result, stream_->avail_in));
  }
  return out.size() - stream_->avail_out;
}

void Compressor::release() {
  if (!memory_) return;
  wipe({memory_.data(), used_});
  memory_.give_back();
}

Decompressor::Decompressor(std::size_t limit) : limit_(limit), stream_(new z_stream_s{}) {
  if (inflateInit(stream_.get()) != Z_OK) throw std::bad_alloc();
}

void Decompressor::End::operator()(z_stream_s* stream) const {
  inflateEnd(stream);
  delete stream;
}

// Past vulnerability 46: memory is taken as it fills and up to the limit, and a round that brings nothing is the last.
Bytes Decompressor::decompress(std::uint32_t sequence_number, Bytes compressed) {
  if (!memory_) memory_ = BlockPool::of_this_thread().lease();
  used_ = 0;
  stream_->next_in = compressed.data();
  stream_->avail_in = zlib_size(compressed.size());
  while (true) {
    const std::size_t room = std::min(memory_.size(), limit_ + 1) - used_;
    stream_->next_out = memory_.data() + used_;
    stream_->avail_out = zlib_size(room);
    const int result = inflate(stream_.get(), Z_SYNC_FLUSH);
    used_ += room - stream_->avail_out;
    high_water_ = std::max(high_water_, used_);
    // Z_BUF_ERROR: there was nothing more to do.
    if (result != Z_OK && result != Z_BUF_ERROR) {
      const bool ended = result == Z_STREAM_END;
      const char* const why = stream_->msg != nullptr ? stream_->msg : zError(result);
      throw compression_error(sequence_number, ended ? "the stream ends, but the connection does not" : why);
    }
    if (used_ > limit_) {
      throw compression_error(sequence_number, fmt::format("the payload inflates to more than {} bytes", limit_));
    }
    if (stream_->avail_out > 0) break;
    grow();
  }
  // A payload has a message number at least.
  if (used_ == 0) {
    throw compression_error(sequence_number, fmt::format("a payload of {} bytes inflates to none", compressed.size()));
  }
  return {memory_.data(), used_};
}

void Decompressor::grow() {
  BlockLease larger = BlockPool::of_this_thread().lease(std::min(2 * used_, limit_ + 1));
  std::memcpy(larger.data(), memory_.data(), used_);
  wipe({memory_.data(), high_water_});
  memory_ = std::move(larger);
  high_water_ = used_;
}

void Decompressor::release() {
  if (!memory_) return;
  wipe({memory_.data(), high_water_});
  memory_.give_back();
  used_ = high_water_ = 0;
}

}  // namespace glassh
