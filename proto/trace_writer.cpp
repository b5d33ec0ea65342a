#include "proto/trace_writer.h"

#include <utility>

#include "proto/messages_auth.h"
#include "proto/messages_connection.h"
#include "proto/messages_forward.h"
#include "proto/messages_session.h"
#include "proto/messages_transport.h"
#include "proto/safe_text.h"

namespace glassh {

namespace {

// A peer that never answers must not make the trace grow without end.
constexpr std::size_t most_remembered = 1024;

Direction opposite(Direction direction) { return direction == Direction::sent ? Direction::received : Direction::sent; }

bool list_contains(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (list.substr(0, comma) == name) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
  return false;
}

// RFC 4253 section 7.1 [4253-7.1-8]: the client's first that the server has, too.
std::string_view first_common(std::string_view client, std::string_view server) {
  while (!client.empty()) {
    const std::size_t comma = client.find(',');
    const std::string_view name = client.substr(0, comma);
    if (list_contains(server, name)) return name;
    if (comma == std::string_view::npos) break;
    client.remove_prefix(comma + 1);
  }
  return {};
}

bool carries_secrets(std::string_view channel_type) {
  return channel_type == msg::AuthAgentOpen::name || channel_type == msg::AgentConnect::name ||
         channel_type == msg::X11Open::name;
}

}  // namespace

TraceWriter::TraceWriter(Side side, std::function<void(std::string_view)> write, TraceStyle style)
    : side_(side), write_(std::move(write)), style_(style) {}

void TraceWriter::packet(Direction direction, std::uint32_t sequence_number, std::string_view cipher, Bytes payload) {
  const std::string_view arrow = direction == Direction::sent ? ">>> sent" : "<<< received";
  std::string text = fmt::format("{} packet {}, cipher {}", arrow, sequence_number, made_safe(cipher, TextFor::trace));
  if (const auto size = std::exchange(way(direction).compressed, std::nullopt)) {
    text += fmt::format(", {} bytes compressed to {}", payload.size(), *size);
  }
  text += ": ";
  text += describe_payload(payload, context_of(direction, payload), style_);
  write_(text);
  remember(direction, payload);
}

void TraceWriter::compressed(Direction direction, std::size_t size) { way(direction).compressed = size; }

void TraceWriter::note(std::string_view topic, std::string_view text) {
  std::string out = fmt::format("--- {}: ", made_safe(topic, TextFor::trace));
  for (const char character : made_safe(text, TextFor::trace)) {
    out.push_back(character);
    if (character == '\n') out += "      ";
  }
  write_(out + "\n");
}

// ----------------------------------------------------------------------------------------------------------------
// what this payload means

TraceContext TraceWriter::context_of(Direction direction, Bytes payload) {
  TraceContext context;
  context.kex = kex_family_of(direction);
  context.auth_method = auth_method_;
  if (payload.empty()) return context;
  const auto& asked = way(opposite(direction)).global_requests;
  if (payload[0] == message_number::request_success && !asked.empty()) context.global_request = asked.front();
  const bool data = payload[0] == message_number::channel_data || payload[0] == message_number::channel_extended_data;
  if (data && payload.size() >= 5) {
    context.hide_channel_data = way(direction).secret_channels.contains(get_u32(payload.data() + 1));
  }
  return context;
}

KexFamily TraceWriter::kex_family_of(Direction direction) {
  const Way& client = way(from_client());
  const Way& server = way(opposite(from_client()));
  if (client.has_kexinit && server.has_kexinit) {
    return kex_family(first_common(client.kex_algorithms, server.kex_algorithms));
  }
  // RFC 4253 section 7.1 [4253-7.1-3]: a packet before the other's KEXINIT is a guess, for the first name.
  const std::string_view own = way(direction).kex_algorithms;
  return kex_family(own.substr(0, own.find(',')));
}

// ----------------------------------------------------------------------------------------------------------------
// what it says about later ones

void TraceWriter::remember(Direction direction, Bytes payload) {
  if (payload.empty()) return;
  try {
    switch (payload[0]) {
      case message_number::kexinit:
        on_kexinit(direction, payload);
        break;
      case message_number::userauth_request:
        auth_method_ = decode<msg::UserauthRequest>(payload).method_name;
        break;
      case message_number::global_request: {
        const auto request = decode<msg::GlobalRequest>(payload);
        auto& asked = way(direction).global_requests;
        if (request.want_reply && asked.size() < most_remembered) asked.emplace_back(request.request_name);
        break;
      }
      // RFC 4254 section 4 [4254-4-5]: answers come in the order of the requests.
      case message_number::request_success:
      case message_number::request_failure: {
        auto& asked = way(opposite(direction)).global_requests;
        if (!asked.empty()) asked.pop_front();
        break;
      }
      default:
        on_channel_message(direction, payload);
    }
  } catch (const ProtocolError&) {
    // It was described as not understood; there is nothing to learn from it.
  }
}

void TraceWriter::on_kexinit(Direction direction, Bytes payload) {
  const auto kexinit = decode<msg::KexInit>(payload);
  Way& own = way(direction);
  Way& other = way(opposite(direction));
  if (own.has_kexinit) other.has_kexinit = false;  // a new key exchange begins
  own.kex_algorithms = kexinit.kex_algorithms.text;
  own.has_kexinit = true;
}

void TraceWriter::on_channel_message(Direction direction, Bytes payload) {
  Way& own = way(direction);
  Way& other = way(opposite(direction));
  switch (payload[0]) {
    case message_number::channel_open: {
      const auto open = decode<msg::ChannelOpen>(payload);
      if (!carries_secrets(open.channel_type)) break;
      own.secret_openings.insert(open.sender_channel);
      other.secret_channels.insert(open.sender_channel);
      break;
    }
    case message_number::channel_open_confirmation: {
      const auto confirmation = decode<msg::ChannelOpenConfirmation>(payload);
      const bool secret = other.secret_openings.erase(confirmation.recipient_channel) > 0;
      if (secret) other.secret_channels.insert(confirmation.sender_channel);
      break;
    }
    case message_number::channel_open_failure: {
      const auto failure = decode<msg::ChannelOpenFailure>(payload);
      const bool secret = other.secret_openings.erase(failure.recipient_channel) > 0;
      if (secret) own.secret_channels.erase(failure.recipient_channel);
      break;
    }
    case message_number::channel_request: {
      // What is typed at a terminal may be a password.
      const auto request = decode<msg::ChannelRequest>(payload);
      const bool terminal = request.request_type == msg::PtyReq::name && direction == from_client();
      if (terminal) own.secret_channels.insert(request.recipient_channel);
      break;
    }
    case message_number::channel_close:
      own.secret_channels.erase(decode<msg::ChannelClose>(payload).recipient_channel);
      break;
    default:
      break;
  }
}

}  // namespace glassh
