// A payload in words: the message's name, number and section of the RFC, then each field with its bytes and its value.
//
// For people who read along with the RFC. Everything that comes from the peer is escaped, so that the text may go to a
// terminal; Hidden fields are counted, never shown, in the hex dump neither; what cannot be decoded is dumped with the
// reason, unless it may hold a password. Nothing throws ProtocolError. It keeps no state: what the overloaded numbers
// mean comes in a TraceContext, and trace_writer.h keeps one up to date.
//
//   fmt::print("{}", describe_payload(payload, {.kex = KexFamily::ecdh}, {}));
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/bytes.h"
#include "proto/message_name.h"

namespace glassh {

struct TraceContext {
  KexFamily kex = KexFamily::unknown;
  std::string_view auth_method = {};     // of the last USERAUTH_REQUEST: says what 60..79 are
  std::string_view global_request = {};  // the one that a REQUEST_SUCCESS answers
  bool hide_channel_data = false;        // this channel may carry passwords or keys
};

struct TraceStyle {
  bool colours = false;           // ANSI sequences, for a terminal
  bool hex_dump = false;          // the whole payload after the fields; hidden bytes as **
  std::size_t bytes_shown = 32;   // of a value that is data
  std::size_t text_shown = 2000;  // of a value that is text
};

// Several lines, each with its '\n', the first for the message and the others for its fields.
std::string describe_payload(Bytes payload, const TraceContext& context, const TraceStyle& style);

// "SSH_DISCONNECT_PROTOCOL_ERROR"; empty for a reason without a name.
std::string_view disconnect_reason_name(std::uint32_t reason_code);
std::string_view open_failure_reason_name(std::uint32_t reason_code);

}  // namespace glassh
