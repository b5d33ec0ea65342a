// One channel of RFC 4254 section 5: two windows, two half-closes, requests in order. All its transitions are in
// channel.cpp.
//
// Outgoing data is built where it will be sealed: room() says how much may go, data_space() gives the place inside the
// next packet, commit() sends it. Incoming data is delivered by event; consumed() says that it has left our hands,
// which opens the window again. A channel belongs to Channels, which alone creates it and routes messages to it.
//
//   if (auto n = channel.room()) { auto place = channel.data_space(n); channel.commit(::read(fd, place.data(),
//   place.size())); }
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "channels/idle_channels.h"
#include "channels/window.h"
#include "proto/messages_connection.h"
#include "transport/packet_writer.h"

namespace glassh {

// Names one channel for as long as a connection lives. A channel number is used again, a serial number is not.
struct ChannelHandle {
  std::uint32_t id = 0;
  std::uint64_t serial = 0;  // 0 names no channel
};

class Channel {
 public:
  std::uint32_t id() const { return id_; }  // ours
  ChannelHandle handle() const { return {id_, serial_}; }
  std::string_view type() const { return type_; }  // "session", …
  bool open() const { return stage_ == Stage::open; }

  // How many bytes data_space() would give now: the peer's window and maximum packet, our backlog, and 0 while the
  // writer holds what is for new keys (RFC 4253 sections 7.1 and 9), after send_eof() and after close(). Bulk may fill
  // only a part of the backlog, so that a key press neither waits for room nor stands behind much.
  std::size_t room() const;
  // A place for up to min(at_most, room()) bytes inside the next packet; nothing else may be sent before commit().
  // Neither may be 0. `extended_type` 0 is CHANNEL_DATA; 1 is stderr (RFC 4254 section 5.2).
  MutableBytes data_space(std::size_t at_most, std::uint32_t extended_type = 0);
  void commit(std::size_t size);  // 0: nothing is sent

  // `size` bytes of DataArrived have been passed on, or thrown away on purpose.
  void consumed(std::size_t size);

  void send_eof();  // once; later calls do nothing
  // Sends CLOSE once, or as soon as the peer has accepted the channel; it dies when the peer's has come as well. Until
  // then nothing is delivered any more but CloseArrived, and nothing more is sent.
  void close();

  // A request of RFC 4254 section 5.4 on an open channel; `tail` is one of the tails of messages_session.h. If
  // want_reply, the answer comes as ChannelRequestAnswered, in the order of the requests.
  template <class Tail>
  void request(const Tail& tail, bool want_reply) {
    send_request(Tail::name, want_reply, encode(tail));
  }
  void send_request(std::string_view type, bool want_reply, Bytes details);
  void answer_request(bool success);  // the oldest ChannelRequested with want_reply that has no answer yet

  bool eof_received() const { return eof_received_; }
  bool eof_sent() const { return eof_sent_; }
  bool close_sent() const { return close_sent_; }
  std::uint32_t window_to_peer() const { return window_to_peer_; }
  const ReceiveWindow& window_from_peer() const { return window_from_peer_; }

 private:
  friend class Channels;
  enum class Stage { opening, open_wanted, open, closed };

  Channel(ChannelHandle handle, std::string type, const ChannelLimits& limits, WindowPace& pace, PacketWriter& writer);

  void peer_is(std::uint32_t peer_id, std::uint32_t window, std::uint32_t maximum_packet);
  // Each throws ProtocolError where the message breaks a rule; those that return something say whether the owner should
  // hear of it.
  bool on_data(std::size_t size, std::string_view message);
  void on_window_adjust(std::uint32_t bytes_to_add);
  bool on_eof();
  void on_close();
  bool on_request(bool want_reply);
  bool on_answer(std::string_view message);
  void expect_open(std::string_view message) const;
  void adjust_window();

  std::uint32_t id_;
  std::uint64_t serial_;
  std::uint32_t peer_id_ = 0;
  std::string type_;
  const ChannelLimits& limits_;
  PacketWriter& writer_;
  Stage stage_ = Stage::opening;
  std::uint32_t window_to_peer_ = 0;  // bytes we may still send
  std::uint32_t peer_maximum_packet_ = 0;
  ReceiveWindow window_from_peer_;
  MutableBytes packet_;                  // that data_space() began
  std::uint32_t extended_type_ = 0;      // of the same
  bool fills_room_ = false;              // alike
  unsigned full_packets_ = 0;            // in a row: one who fills them all moves bulk
  std::size_t requests_unanswered_ = 0;  // ours, awaiting the peer
  std::size_t replies_owed_ = 0;         // the peer's, awaiting answer_request()
  bool eof_received_ = false, eof_sent_ = false, close_received_ = false, close_sent_ = false;
  bool close_when_open_ = false;
  IdleChannels* idle_ = nullptr;  // the connection's
};

}  // namespace glassh
