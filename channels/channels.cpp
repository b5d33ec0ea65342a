#include "channels/channels.h"

#include <stdexcept>

#include <fmt/format.h>

#include "proto/error.h"
#include "proto/message_name.h"

namespace glassh {

namespace {
// Global requests that want an answer and have none yet; see the same limit in channel.cpp.
constexpr std::size_t most_replies_owed = 4096;
// RFC 4254 section 5.1: the text of a refusal is for people. It may quote what was asked for.
constexpr std::size_t longest_description = 4096;
}  // namespace

Channels::Channels(PacketWriter& writer, ChannelLimits limits, std::size_t maximum_channels, TraceSink* trace)
    : writer_(writer),
      limits_(limits),
      maximum_channels_(maximum_channels),
      trace_(trace),
      pace_(window_pace(limits)) {}

void Channels::set_pace(TimePoint now, const std::optional<std::chrono::nanoseconds>& round_trip) {
  pace_.now = now;
  pace_.round_trip = round_trip;
}

std::optional<ChannelEvent> Channels::on_payload(Bytes payload) {
  bury_dead();
  switch (payload[0]) {
    case msg::ChannelData::number:
      return on_data(decode<msg::ChannelData>(payload));
    case msg::ChannelExtendedData::number:
      return on_extended_data(decode<msg::ChannelExtendedData>(payload));
    case msg::ChannelWindowAdjust::number:
      on_window_adjust(decode<msg::ChannelWindowAdjust>(payload));
      return std::nullopt;
    case msg::ChannelOpen::number:
      return on_open(decode<msg::ChannelOpen>(payload));
    case msg::ChannelOpenConfirmation::number:
      return on_open_confirmation(decode<msg::ChannelOpenConfirmation>(payload));
    case msg::ChannelOpenFailure::number:
      return on_open_failure(decode<msg::ChannelOpenFailure>(payload));
    case msg::ChannelEof::number:
      return on_eof(decode<msg::ChannelEof>(payload));
    case msg::ChannelClose::number:
      return on_close(decode<msg::ChannelClose>(payload));
    case msg::ChannelRequest::number:
      return on_request(decode<msg::ChannelRequest>(payload));
    case msg::ChannelSuccess::number: {
      const auto message = decode<msg::ChannelSuccess>(payload);
      return on_answer(message.recipient_channel, true, message.name);
    }
    case msg::ChannelFailure::number: {
      const auto message = decode<msg::ChannelFailure>(payload);
      return on_answer(message.recipient_channel, false, message.name);
    }
    case msg::GlobalRequest::number:
      return on_global_request(decode<msg::GlobalRequest>(payload));
    case msg::RequestSuccess::number: {
      const auto message = decode<msg::RequestSuccess>(payload);
      return on_global_answer(true, message.response_specific_data.bytes, message.name);
    }
    case msg::RequestFailure::number: {
      const auto message = decode<msg::RequestFailure>(payload);
      return on_global_answer(false, {}, message.name);
    }
  }
  throw ProtocolError(fmt::format("{}: the connection protocol has none of that number", message_name(payload[0])));
}

// ----------------------------------------------------------------------------------------------------------------
// data

std::optional<ChannelEvent> Channels::on_data(const msg::ChannelData& message) {
  Channel& channel = recipient(message.recipient_channel, message.name);
  if (!channel.on_data(message.data.size(), message.name)) return std::nullopt;
  return DataArrived{channel.id(), message.data, 0};
}

std::optional<ChannelEvent> Channels::on_extended_data(const msg::ChannelExtendedData& message) {
  Channel& channel = recipient(message.recipient_channel, message.name);
  // RFC 4254 section 5.2 [4254-5.2-9]: it takes from the window like any data.
  if (!channel.on_data(message.data.size(), message.name)) return std::nullopt;
  if (message.data_type_code != extended_data_type::standard_error) {
    // Nobody has defined another type, so nobody could want it.
    channel.consumed(message.data.size());
    return std::nullopt;
  }
  return DataArrived{channel.id(), message.data, message.data_type_code};
}

// Gives no event: a source looks for room() in each turn.
void Channels::on_window_adjust(const msg::ChannelWindowAdjust& message) {
  recipient(message.recipient_channel, message.name).on_window_adjust(message.bytes_to_add);
}

std::optional<ChannelEvent> Channels::on_eof(const msg::ChannelEof& message) {
  Channel& channel = recipient(message.recipient_channel, message.name);
  if (!channel.on_eof()) return std::nullopt;
  return EofArrived{channel.id()};
}

// ----------------------------------------------------------------------------------------------------------------
// opening and closing

std::uint32_t Channels::open(std::string_view type, Bytes details) {
  Channel& channel = create(type);
  // RFC 4254 section 5.2 [4254-5.2-7]: the maximum that we announce is one that our transport accepts.
  const std::uint32_t id = channel.id();
  try {
    writer_.send(msg::ChannelOpen{type, id, channel.window_from_peer().size(), limits_.maximum_packet, Rest{details}});
  } catch (...) {
    remove(id);  // the peer has not heard of it
    throw;
  }
  return id;
}

// RFC 4254 section 5.1 [4254-5.1-1]: every open is answered, now or by the application.
std::optional<ChannelEvent> Channels::on_open(const msg::ChannelOpen& message) {
  if (count_ >= maximum_channels_) {
    refuse_sender(message, open_failure_reason::resource_shortage,
                  fmt::format("{} channels are open; that is the limit", count_));
    return std::nullopt;
  }
  if (message.maximum_packet_size == 0) {
    refuse_sender(message, open_failure_reason::resource_shortage,
                  "with a maximum_packet_size of 0 nothing could be sent");
    return std::nullopt;
  }
  Channel& channel = create(message.channel_type);
  channel.stage_ = Channel::Stage::open_wanted;
  channel.peer_is(message.sender_channel, message.initial_window_size, message.maximum_packet_size);
  return ChannelOpenWanted{channel.id(), channel.type(), message.channel_type_specific_data.bytes};
}

void Channels::refuse_sender(const msg::ChannelOpen& message, std::uint32_t reason, std::string_view description) {
  if (trace_ != nullptr) {
    trace_->note("channels", fmt::format("refused channel type \"{}\": {}", message.channel_type, description));
  }
  writer_.send(msg::ChannelOpenFailure{message.sender_channel, reason, description, ""});
}

void Channels::accept_open(std::uint32_t id, Bytes details) {
  Channel& channel = at(id);
  if (channel.stage_ != Channel::Stage::open_wanted) throw std::logic_error("accept_open() without ChannelOpenWanted");
  become_open(channel);
  writer_.send(msg::ChannelOpenConfirmation{channel.peer_id_, id, channel.window_from_peer().size(),
                                            limits_.maximum_packet, Rest{details}});
}

void Channels::refuse_open(std::uint32_t id, std::uint32_t reason, std::string_view description) {
  Channel& channel = at(id);
  if (channel.stage_ != Channel::Stage::open_wanted) throw std::logic_error("refuse_open() without ChannelOpenWanted");
  writer_.send(msg::ChannelOpenFailure{channel.peer_id_, reason, description.substr(0, longest_description), ""});
  remove(id);
}

std::optional<ChannelEvent> Channels::on_open_confirmation(const msg::ChannelOpenConfirmation& message) {
  Channel& channel = opening(message.recipient_channel, message.name);
  if (message.maximum_packet_size == 0) {
    throw ProtocolError(fmt::format("{}: recipient_channel {}: maximum_packet_size is 0; nothing could be sent",
                                    message.name, message.recipient_channel));
  }
  channel.peer_is(message.sender_channel, message.initial_window_size, message.maximum_packet_size);
  become_open(channel);
  if (channel.close_when_open_) {
    channel.close();
    return std::nullopt;
  }
  return ChannelOpened{channel.id(), message.channel_type_specific_data.bytes};
}

void Channels::become_open(Channel& channel) {
  channel.stage_ = Channel::Stage::open;
  idle_.watch(channel.id(), channel.type());
}

std::optional<ChannelEvent> Channels::on_open_failure(const msg::ChannelOpenFailure& message) {
  const Channel& channel = opening(message.recipient_channel, message.name);
  remove(channel.id());
  return ChannelOpenRefused{message.recipient_channel, message.reason_code, message.description};
}

std::optional<ChannelEvent> Channels::on_close(const msg::ChannelClose& message) {
  Channel& channel = recipient(message.recipient_channel, message.name);
  channel.on_close();
  // RFC 4254 section 5.3 [4254-5.3-4]: both CLOSEs have gone; the number may be used again. The owner may still look at
  // the channel while it handles this event.
  dead_ = channel.id();
  return CloseArrived{channel.id()};
}

// ----------------------------------------------------------------------------------------------------------------
// requests

// RFC 4254 section 5.4 [4254-5.4-2]: known or not, it is the application's to answer.
std::optional<ChannelEvent> Channels::on_request(const msg::ChannelRequest& message) {
  Channel& channel = recipient(message.recipient_channel, message.name);
  if (!channel.on_request(message.want_reply)) return std::nullopt;
  return ChannelRequested{channel.id(), message.request_type, message.want_reply, message.type_specific_data.bytes};
}

std::optional<ChannelEvent> Channels::on_answer(std::uint32_t id, bool success, std::string_view name) {
  Channel& channel = recipient(id, name);
  if (!channel.on_answer(name)) return std::nullopt;
  return ChannelRequestAnswered{id, success};
}

// RFC 4254 section 4 [4254-4-1] [4254-4-2]: at any time, and the application's to answer.
std::optional<ChannelEvent> Channels::on_global_request(const msg::GlobalRequest& message) {
  if (message.want_reply && ++global_replies_owed_ > most_replies_owed) {
    throw ProtocolError(fmt::format("{}: more than {} requests without an answer", message.name, most_replies_owed));
  }
  return GlobalRequested{message.request_name, message.want_reply, message.request_specific_data.bytes};
}

std::optional<ChannelEvent> Channels::on_global_answer(bool success, Bytes details, std::string_view name) {
  // RFC 4254 section 4 [4254-4-3]: an answer belongs to a request that wanted one.
  if (globals_answered_ == globals_sent_) {
    throw ProtocolError(fmt::format("{}: no global request awaits an answer", name));
  }
  // RFC 4254 section 4 [4254-4-5]: answers come in the order of the requests.
  return GlobalRequestAnswered{success, details, ++globals_answered_};
}

std::uint64_t Channels::send_global(std::string_view name, bool want_reply, Bytes details) {
  writer_.send(msg::GlobalRequest{name, want_reply, Rest{details}});
  return want_reply ? ++globals_sent_ : 0;
}

// RFC 4254 section 4 [4254-4-5]: one queue for all, so answers cannot overtake each other.
void Channels::answer_global(bool success, Bytes details) {
  if (global_replies_owed_ == 0) throw std::logic_error("answer_global() without GlobalRequested");
  --global_replies_owed_;
  if (success) {
    writer_.send(msg::RequestSuccess{Rest{details}});
  } else {
    writer_.send(msg::RequestFailure{});
  }
}

// ----------------------------------------------------------------------------------------------------------------
// the table

Channel* Channels::find(std::uint32_t id) { return id < slots_.size() ? slots_[id].get() : nullptr; }

Channel* Channels::find(ChannelHandle handle) {
  Channel* const channel = find(handle.id);
  return channel != nullptr && channel->serial_ == handle.serial ? channel : nullptr;
}

Channel& Channels::at(std::uint32_t id) {
  if (Channel* const channel = find(id)) return *channel;
  throw std::out_of_range(fmt::format("there is no channel {}", id));
}

// RFC 4254 section 5 [4254-5-2]: messages carry the number that their recipient chose, so it is one of ours.
Channel& Channels::recipient(std::uint32_t id, std::string_view message) {
  if (Channel* const channel = find(id)) return *channel;
  throw ProtocolError(fmt::format("{}: recipient_channel {}: there is no such channel", message, id));
}

Channel& Channels::opening(std::uint32_t id, std::string_view message) {
  Channel& channel = recipient(id, message);
  if (channel.stage_ == Channel::Stage::opening) return channel;
  throw ProtocolError(fmt::format("{}: recipient_channel {}: we are not opening it", message, id));
}

Channel& Channels::create(std::string_view type) {
  std::uint32_t id = 0;
  if (free_slots_.empty()) {
    id = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    id = free_slots_.back();
    free_slots_.pop_back();
  }
  ++count_;
  slots_[id].reset(new Channel({id, ++last_serial_}, std::string(type), limits_, pace_, writer_));
  slots_[id]->idle_ = &idle_;
  return *slots_[id];
}

void Channels::remove(std::uint32_t id) {
  idle_.forget(id);
  slots_[id].reset();
  free_slots_.push_back(id);
  --count_;
}

void Channels::bury_dead() {
  if (!dead_) return;
  remove(*dead_);
  dead_.reset();
}

}  // namespace glassh
