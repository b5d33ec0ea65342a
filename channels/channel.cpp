#include "channels/channel.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "proto/error.h"

namespace glassh {

namespace {

// Bytes before the data: message number, recipient channel, length; and the type code of extended data.
constexpr std::size_t data_header = 1 + 4 + 4;
constexpr std::size_t extended_data_header = data_header + 4;
// Requests that want an answer and have none yet. A peer that has more is not waiting for answers but for our memory.
constexpr std::size_t most_replies_owed = 4096;
// After so many full packets in a row a channel moves bulk, and has this part of the backlog.
constexpr unsigned bulk_begins = 4;
constexpr std::size_t share_of_bulk = 4;

[[noreturn]] void refuse(std::string_view message, std::uint32_t id, std::string_view what) {
  throw ProtocolError(fmt::format("{}: recipient_channel {}: {}", message, id, what));
}

}  // namespace

Channel::Channel(ChannelHandle handle, std::string type, const ChannelLimits& limits, WindowPace& pace,
                 PacketWriter& writer)
    : id_(handle.id),
      serial_(handle.serial),
      type_(std::move(type)),
      limits_(limits),
      writer_(writer),
      window_from_peer_(limits, pace) {}

// RFC 4254 section 5.1: both messages that open a channel tell the same three numbers.
void Channel::peer_is(std::uint32_t peer_id, std::uint32_t window, std::uint32_t maximum_packet) {
  peer_id_ = peer_id;
  window_to_peer_ = window;
  peer_maximum_packet_ = maximum_packet;
}

// ----------------------------------------------------------------------------------------------------------------
// out

std::size_t Channel::room() const {
  if (stage_ != Stage::open || eof_sent_ || close_sent_) return 0;
  const std::size_t backlog = full_packets_ < bulk_begins ? limits_.backlog : limits_.backlog / share_of_bulk;
  if (writer_.holding() || writer_.backlog() >= backlog) return 0;
  // RFC 4254 section 5 [4254-5-1] and section 5.2 [4254-5.2-4]: no more than the peer's window and maximum packet size;
  // [4254-5.2-8]: nor than our own transport sends, whatever the peer allows.
  constexpr std::size_t transport_limit = PacketWriter::bulk_payload - extended_data_header;
  return std::min<std::size_t>({window_to_peer_, peer_maximum_packet_, transport_limit});
}

MutableBytes Channel::data_space(std::size_t at_most, std::uint32_t extended_type) {
  const std::size_t all = room();
  const std::size_t size = std::min(at_most, all);
  assert(size > 0);
  fills_room_ = size == all;
  extended_type_ = extended_type;
  const std::size_t header = extended_type == 0 ? data_header : extended_data_header;
  packet_ = writer_.begin(header + size);
  return packet_.subspan(header);
}

void Channel::commit(std::size_t size) {
  const std::size_t header = extended_type_ == 0 ? data_header : extended_data_header;
  assert(size <= packet_.size() - header);
  full_packets_ = fills_room_ && size == packet_.size() - header ? std::min(full_packets_ + 1, bulk_begins) : 0;
  if (size == 0) {
    writer_.abandon();
    return;
  }
  // The data is in its place already, so only what stands before it is encoded.
  Encoder field(packet_.data());
  field("message number", extended_type_ == 0 ? msg::ChannelData::number : msg::ChannelExtendedData::number);
  field("recipient_channel", peer_id_);
  if (extended_type_ != 0) field("data_type_code", extended_type_);
  field("length of data", static_cast<std::uint32_t>(size));
  writer_.finish(header + size);
  // RFC 4254 section 5.2 [4254-5.2-9]: extended data takes from the same window.
  window_to_peer_ -= static_cast<std::uint32_t>(size);
  idle_->sent(id_);
}

// RFC 4254 section 5.3 [4254-5.3-1] [4254-5.3-7]: whatever the window is.
void Channel::send_eof() {
  if (stage_ != Stage::open || eof_sent_ || close_sent_) return;
  eof_sent_ = true;
  writer_.send(msg::ChannelEof{peer_id_});
}

// RFC 4254 section 5.3 [4254-5.3-5]: with or without an EOF before it.
void Channel::close() {
  if (stage_ == Stage::opening) close_when_open_ = true;
  if (stage_ != Stage::open || close_sent_) return;
  close_sent_ = true;
  writer_.send(msg::ChannelClose{peer_id_});
}

// RFC 4254 section 5.4 [4254-5.4-3] [4254-5.4-4]: no window is needed, and no answer to the one before.
void Channel::send_request(std::string_view type, bool want_reply, Bytes details) {
  if (stage_ != Stage::open || close_sent_) return;
  if (want_reply) ++requests_unanswered_;
  writer_.send(msg::ChannelRequest{peer_id_, type, want_reply, Rest{details}});
}

// RFC 4254 section 4 [4254-4-6]: counted, not matched, so answers cannot overtake each other on a channel; [4254-4-7]:
// other channels may be faster.
void Channel::answer_request(bool success) {
  assert(replies_owed_ > 0);
  --replies_owed_;
  if (stage_ != Stage::open || close_sent_) return;
  if (success) {
    writer_.send(msg::ChannelSuccess{peer_id_});
  } else {
    writer_.send(msg::ChannelFailure{peer_id_});
  }
}

void Channel::consumed(std::size_t size) {
  window_from_peer_.consumed(size);
  adjust_window();
}

void Channel::adjust_window() {
  if (stage_ != Stage::open || eof_received_ || close_sent_) return;
  if (const std::uint32_t bytes_to_add = window_from_peer_.take_adjust(); bytes_to_add > 0) {
    writer_.send(msg::ChannelWindowAdjust{peer_id_, bytes_to_add});
  }
}

// ----------------------------------------------------------------------------------------------------------------
// in

// RFC 4254 section 5.1: until the open is answered there is nothing to talk about.
void Channel::expect_open(std::string_view message) const {
  if (stage_ != Stage::open) refuse(message, id_, "the channel is not open yet");
}

bool Channel::on_data(std::size_t size, std::string_view message) {
  expect_open(message);
  idle_->received(id_);
  // RFC 4254 section 5.3: EOF was the promise that none would come.
  if (eof_received_) refuse(message, id_, "data after SSH_MSG_CHANNEL_EOF");
  // RFC 4254 section 5.2 [4254-5.2-4]: within the maximum packet size that we announced, and within the window.
  if (size > limits_.maximum_packet) {
    refuse(message, id_, fmt::format("{} bytes of data, maximum_packet_size is {}", size, limits_.maximum_packet));
  }
  // It might also be ignored [4254-5.2-5]; but then the two windows would never agree again.
  if (size > window_from_peer_.available()) {
    refuse(message, id_, fmt::format("{} bytes of data, the window has {}", size, window_from_peer_.available()));
  }
  // After our CLOSE, what was under way still counts, but nobody is there to take it.
  if (close_sent_) {
    window_from_peer_.discarded(size);
    return false;
  }
  window_from_peer_.arrived(size);
  return size > 0;
}

void Channel::on_window_adjust(std::uint32_t bytes_to_add) {
  expect_open(msg::ChannelWindowAdjust::name);
  // RFC 4254 section 5.2 [4254-5.2-2] [4254-5.2-3]: a window has up to 2^32 - 1 bytes, never more.
  if (bytes_to_add > std::numeric_limits<std::uint32_t>::max() - window_to_peer_) {
    refuse(msg::ChannelWindowAdjust::name, id_,
           fmt::format("bytes_to_add {} raises the window of {} above 2^32 - 1", bytes_to_add, window_to_peer_));
  }
  // RFC 4254 section 5.2 [4254-5.2-1]: so many more bytes may be sent.
  window_to_peer_ += bytes_to_add;
}

// RFC 4254 section 5.3 [4254-5.3-2]: the channel stays open, and our own data may still flow.
bool Channel::on_eof() {
  expect_open(msg::ChannelEof::name);
  if (eof_received_) refuse(msg::ChannelEof::name, id_, "it has come before");
  eof_received_ = true;
  return !close_sent_;
}

void Channel::on_close() {
  expect_open(msg::ChannelClose::name);
  close_received_ = true;
  // RFC 4254 section 5.3 [4254-5.3-3]: CLOSE is answered with CLOSE, unless ours went first.
  close();
  stage_ = Stage::closed;
}

bool Channel::on_request(bool want_reply) {
  expect_open(msg::ChannelRequest::name);
  if (close_sent_) return false;
  if (want_reply && ++replies_owed_ > most_replies_owed) {
    refuse(msg::ChannelRequest::name, id_, fmt::format("more than {} requests without an answer", most_replies_owed));
  }
  return true;
}

// RFC 4254 section 5.4 [4254-5.4-1]: an answer belongs to a request that wanted one.
bool Channel::on_answer(std::string_view message) {
  expect_open(message);
  if (requests_unanswered_ == 0) refuse(message, id_, "no request awaits an answer");
  --requests_unanswered_;
  return !close_sent_;
}

}  // namespace glassh
