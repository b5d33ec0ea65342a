// The connection protocol: global requests, channels, and the parts of them that depend on a request or channel type.
//
// RFC 4254, RFC 4335 (break), OpenSSH PROTOCOL section 2. A struct without a number is a tail: what the Rest of
// GlobalRequest, ChannelOpen or ChannelRequest holds for the request or channel type called `name`. Tails of session
// channels are in messages_session.h, those of forwarding in messages_forward.h. Neither windows nor channel numbers
// are checked here.
//
//   const auto open = decode<msg::ChannelOpen>(payload);
//   if (open.channel_type == msg::SessionOpen::name) …
#pragma once

#include "proto/numbers.h"
#include "proto/wire.h"

namespace glassh::msg {

struct GlobalRequest {
  static constexpr std::uint8_t number = message_number::global_request;
  static constexpr std::string_view name = "SSH_MSG_GLOBAL_REQUEST";
  static constexpr std::string_view section = "RFC 4254 section 4";

  std::string_view request_name = {};
  bool want_reply = false;
  Rest request_specific_data = {};

  static void fields(auto& self, auto& field) {
    field("request_name", self.request_name);
    field("want_reply", self.want_reply);
    field("request_specific_data", self.request_specific_data);
  }
};

struct RequestSuccess {
  static constexpr std::uint8_t number = message_number::request_success;
  static constexpr std::string_view name = "SSH_MSG_REQUEST_SUCCESS";
  static constexpr std::string_view section = "RFC 4254 section 4";

  Rest response_specific_data = {};

  static void fields(auto& self, auto& field) { field("response_specific_data", self.response_specific_data); }
};

struct RequestFailure {
  static constexpr std::uint8_t number = message_number::request_failure;
  static constexpr std::string_view name = "SSH_MSG_REQUEST_FAILURE";
  static constexpr std::string_view section = "RFC 4254 section 4";

  static void fields(auto&, auto&) {}
};

struct ChannelOpen {
  static constexpr std::uint8_t number = message_number::channel_open;
  static constexpr std::string_view name = "SSH_MSG_CHANNEL_OPEN";
  static constexpr std::string_view section = "RFC 4254 section 5.1";

  std::string_view channel_type = {};
  std::uint32_t sender_channel = 0;
  std::uint32_t initial_window_size = 0;
  std::uint32_t maximum_packet_size = 0;
  Rest channel_type_specific_data = {};

  static void fields(auto& self, auto& field) {
    field("channel_type", self.channel_type);
    field("sender_channel", self.sender_channel);
    field("initial_window_size", self.initial_window_size);
    field("maximum_packet_size", self.maximum_packet_size);
    field("channel_type_specific_data", self.channel_type_specific_data);
  }
};

struct ChannelOpenConfirmation {
  static constexpr std::uint8_t number = message_number::channel_open_confirmation;
  static constexpr std::string_view name = "SSH_MSG_CHANNEL_OPEN_CONFIRMATION";
  static constexpr std::string_view section = "RFC 4254 section 5.1";

  std::uint32_t recipient_channel = 0;
  std::uint32_t sender_channel = 0;
  std::uint32_t initial_window_size = 0;
  std::uint32_t maximum_packet_size = 0;
  Rest channel_type_specific_data = {};

  static void fields(auto& self, auto& field) {
    field("recipient_channel", self.recipient_channel);
    field("sender_channel", self.sender_channel);
    field("initial_window_size", self.initial_window_size);
    field("maximum_packet_size", self.maximum_packet_size);
    field("channel_type_specific_data", self.channel_type_specific_data);
  }
};

struct ChannelOpenFailure {
  static constexpr std::uint8_t number = message_number::channel_open_failure;
  static constexpr std::string_view name = "SSH_MSG_CHANNEL_OPEN_FAILURE";
  static constexpr std::string_view section = "RFC 4254 section 5.1";

  std::uint32_t recipient_channel = 0;
  std::uint32_t reason_code = 0;  // open_failure_reason, or one that we do not know
  std::string_view description = {};
  std::string_view language_tag = {};

  static void fields(auto& self, auto& field) {
    field("recipient_channel", self.recipient_channel);
    field("reason_code", self.reason_code);
    field("description", self.description);
    field("language_tag", self.language_tag);
  }
};

struct ChannelWindowAdjust {
  static constexpr std::uint8_t number = message_number::channel_window_adjust;
  static constexpr std::string_view name = "SSH_MSG_CHANNEL_WINDOW_ADJUST";
  static constexpr std::string_view section = "RFC 4254 section 5.2";

  std::uint32_t recipient_channel = 0;
  std::uint32_t bytes_to_add = 0;

  static void fields(auto& self, auto& field) {
    field("recipient_channel", self.recipient_channel);
    field("bytes_to_add", self.bytes_to_add);
  }
};

struct ChannelData {
  static constexpr std::uint8_t number = message_number::channel_data;
  static constexpr std::string_view name = "SSH_MSG_CHANNEL_DATA";
  static constexpr std::string_view section = "RFC 4254 section 5.2";

  std::uint32_t recipient_channel = 0;
  Bytes data = {};

  static void fields(auto& self, auto& field) {
    field("recipient_channel", self.recipient_channel);
    field("data", self.data);
  }
};

struct ChannelExtendedData {
  static constexpr std::uint8_t number = message_number::channel_extended_data;
  static constexpr std::string_view name = "SSH_MSG_CHANNEL_EXTENDED_DATA";
  static constexpr std::string_view section = "RFC 4254 section 5.2";

  std::uint32_t recipient_channel = 0;
  std::uint32_t data_type_code = 0;  // extended_data_type, or one that we do not know
  Bytes data = {};

  static void fields(auto& self, auto& field) {
    field("recipient_channel", self.recipient_channel);
    field("data_type_code", self.data_type_code);
    field("data", self.data);
  }
};

struct ChannelEof {
  static constexpr std::uint8_t number = message_number::channel_eof;
  static constexpr std::string_view name = "SSH_MSG_CHANNEL_EOF";
  static constexpr std::string_view section = "RFC 4254 section 5.3";

  std::uint32_t recipient_channel = 0;

  static void fields(auto& self, auto& field) { field("recipient_channel", self.recipient_channel); }
};

struct ChannelClose {
  static constexpr std::uint8_t number = message_number::channel_close;
  static constexpr std::string_view name = "SSH_MSG_CHANNEL_CLOSE";
  static constexpr std::string_view section = "RFC 4254 section 5.3";

  std::uint32_t recipient_channel = 0;

  static void fields(auto& self, auto& field) { field("recipient_channel", self.recipient_channel); }
};

struct ChannelRequest {
  static constexpr std::uint8_t number = message_number::channel_request;
  static constexpr std::string_view name = "SSH_MSG_CHANNEL_REQUEST";
  static constexpr std::string_view section = "RFC 4254 section 5.4";

  std::uint32_t recipient_channel = 0;
  std::string_view request_type = {};
  bool want_reply = false;
  Rest type_specific_data = {};

  static void fields(auto& self, auto& field) {
    field("recipient_channel", self.recipient_channel);
    field("request_type", self.request_type);
    field("want_reply", self.want_reply);
    field("type_specific_data", self.type_specific_data);
  }
};

struct ChannelSuccess {
  static constexpr std::uint8_t number = message_number::channel_success;
  static constexpr std::string_view name = "SSH_MSG_CHANNEL_SUCCESS";
  static constexpr std::string_view section = "RFC 4254 section 5.4";

  std::uint32_t recipient_channel = 0;

  static void fields(auto& self, auto& field) { field("recipient_channel", self.recipient_channel); }
};

struct ChannelFailure {
  static constexpr std::uint8_t number = message_number::channel_failure;
  static constexpr std::string_view name = "SSH_MSG_CHANNEL_FAILURE";
  static constexpr std::string_view section = "RFC 4254 section 5.4";

  std::uint32_t recipient_channel = 0;

  static void fields(auto& self, auto& field) { field("recipient_channel", self.recipient_channel); }
};

}  // namespace glassh::msg
