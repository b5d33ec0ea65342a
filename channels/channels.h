// All channels of a connection, and its global requests: RFC 4254 sections 4 and 5, either role, without I/O.
//
// Messages 80 to 127 come in, events come out. A message for a channel that does not exist, or that may not come any
// more, throws ProtocolError. Nothing is answered on the application's behalf but what the RFC leaves no choice about.
//
//   const auto id = channels.open("session");  …  channels.at(id).request(msg::Exec{"date"}, true);
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "channels/channel.h"
#include "channels/idle_channels.h"
#include "proto/trace_sink.h"

namespace glassh {

// Views in events live until the next next_event() of the connection.
struct ChannelOpenWanted {  // the peer opens: answer accept_open() or refuse_open(), now or later
  std::uint32_t channel = 0;
  std::string_view type;
  Bytes details;
};
struct ChannelOpened {  // the peer accepted ours
  std::uint32_t channel = 0;
  Bytes details;
};
struct ChannelOpenRefused {  // the channel is gone
  std::uint32_t channel = 0;
  std::uint32_t reason = 0;  // RFC 4250 section 4.3
  std::string_view description;
};
struct DataArrived {
  std::uint32_t channel = 0;
  Bytes data;
  std::uint32_t extended_type = 0;  // 1: stderr
};
struct EofArrived {
  std::uint32_t channel = 0;
};
struct CloseArrived {  // the peer sent CLOSE; ours goes out by itself if it has not; the channel is gone after this
                       // event
  std::uint32_t channel = 0;
};
struct ChannelRequested {  // if want_reply: answer with Channel::answer_request(), in order
  std::uint32_t channel = 0;
  std::string_view type;
  bool want_reply = false;
  Bytes details;
};
struct ChannelRequestAnswered {
  std::uint32_t channel = 0;
  bool success = false;
};
struct GlobalRequested {  // if want_reply: answer with answer_global(), in order
  std::string_view name;
  bool want_reply = false;
  Bytes details;
};
struct GlobalRequestAnswered {
  bool success = false;
  Bytes details;
  std::uint64_t request = 0;  // what send_global() returned for it
};
using ChannelEvent =
    std::variant<ChannelOpenWanted, ChannelOpened, ChannelOpenRefused, DataArrived, EofArrived, CloseArrived,
                 ChannelRequested, ChannelRequestAnswered, GlobalRequested, GlobalRequestAnswered>;

class Channels {
 public:
  // `writer` must outlive it; `trace` may be null. `maximum_channels`: more are refused with RESOURCE_SHORTAGE, without
  // an event.
  Channels(PacketWriter& writer, ChannelLimits limits, std::size_t maximum_channels, TraceSink* trace);

  std::optional<ChannelEvent> on_payload(Bytes payload);  // messages 80 to 127
  // What windows need to grow: the time, and the path's round trip if it is known.
  void set_pace(TimePoint now, const std::optional<std::chrono::nanoseconds>& round_trip);

  std::uint32_t open(std::string_view type,
                     Bytes details = {});  // our identifier; ChannelOpened or ChannelOpenRefused follows
  void accept_open(std::uint32_t channel, Bytes details = {});
  void refuse_open(std::uint32_t channel, std::uint32_t reason, std::string_view description);

  Channel* find(std::uint32_t channel);  // null if there is none
  Channel* find(ChannelHandle handle);   // null if that channel is gone, even when its number is in use again
  Channel& at(std::uint32_t channel);    // throws std::out_of_range
  std::size_t count() const { return count_ - (dead_ ? 1 : 0); }

  IdleChannels& idle() { return idle_; }

  // A number that no other request of this connection has, for its answer to bear; 0 if none is wanted.
  std::uint64_t send_global(std::string_view name, bool want_reply, Bytes details = {});
  void answer_global(bool success, Bytes details = {});

 private:
  using Event = std::optional<ChannelEvent>;

  Event on_data(const msg::ChannelData& message);
  Event on_extended_data(const msg::ChannelExtendedData& message);
  void on_window_adjust(const msg::ChannelWindowAdjust& message);
  Event on_eof(const msg::ChannelEof& message);
  Event on_open(const msg::ChannelOpen& message);
  Event on_open_confirmation(const msg::ChannelOpenConfirmation& message);
  Event on_open_failure(const msg::ChannelOpenFailure& message);
  Event on_close(const msg::ChannelClose& message);
  Event on_request(const msg::ChannelRequest& message);
  Event on_answer(std::uint32_t channel, bool success, std::string_view message);
  Event on_global_request(const msg::GlobalRequest& message);
  Event on_global_answer(bool success, Bytes details, std::string_view message);

  void refuse_sender(const msg::ChannelOpen& message, std::uint32_t reason, std::string_view description);
  Channel& recipient(std::uint32_t channel, std::string_view message);
  Channel& opening(std::uint32_t channel, std::string_view message);
  Channel& create(std::string_view type);
  void become_open(Channel& channel);
  void remove(std::uint32_t channel);
  void bury_dead();

  PacketWriter& writer_;
  ChannelLimits limits_;
  std::size_t maximum_channels_;
  TraceSink* trace_;
  IdleChannels idle_;
  WindowPace pace_;
  std::vector<std::unique_ptr<Channel>> slots_;  // by our identifier
  std::vector<std::uint32_t> free_slots_;
  std::size_t count_ = 0;
  std::uint64_t last_serial_ = 0;
  std::uint64_t globals_sent_ = 0;  // of those that want an answer, as the next
  std::uint64_t globals_answered_ = 0;
  std::size_t global_replies_owed_ = 0;
  std::optional<std::uint32_t> dead_;  // closed on both sides, removed at the next call
};

}  // namespace glassh
