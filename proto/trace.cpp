#include "proto/trace.h"

#include <algorithm>
#include <optional>

#include "proto/any_message.h"
#include "proto/safe_text.h"
#include "proto/terminal_mode_list.h"

namespace glassh {

namespace {

struct Row {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string name;
  std::string value;
  bool hidden = false;
  bool list = false;  // of names, to be broken into lines
};

// Says of a message type whether any field of it is a secret.
struct SecretFinder {
  bool found = false;

  void operator()(std::string_view, const Hidden&) { found = true; }
  void operator()(std::string_view, const HiddenMpint&) { found = true; }
  template <class Item>
  void operator()(std::string_view, const std::vector<Item>&) {
    Item item;
    Item::fields(item, *this);
  }
  template <class Item>
  void operator()(std::string_view, const RestOf<Item>&) {
    Item item;
    Item::fields(item, *this);
  }
  template <class T>
  void operator()(std::string_view, const T&) {}
};

template <class M>
bool has_secrets() {
  SecretFinder finder;
  M message;
  M::fields(message, finder);
  return finder.found;
}

// All of 50..79 is guarded: a password may stand where the method's name was misspelt.
bool is_authentication(Bytes payload) { return !payload.empty() && payload[0] >= 50 && payload[0] <= 79; }

// ----------------------------------------------------------------------------------------------------------------
// values

std::string shortened_hex(Bytes bytes, std::size_t limit) {
  if (bytes.size() <= limit) return hex(bytes);
  return hex(bytes.first(limit)) + "...";
}

bool is_text(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](std::uint8_t c) { return (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\r' || c == '\t'; });
}

// Keys and signatures begin with the name of their algorithm, as a string (RFC 4253 section 6.6).
std::optional<std::string_view> leading_name(Bytes blob) {
  if (blob.size() < 5) return std::nullopt;
  const std::size_t size = get_u32(blob.data());
  if (size == 0 || size > 64 || size > blob.size() - 4) return std::nullopt;
  const Bytes name = blob.subspan(4, size);
  const bool printable = std::all_of(name.begin(), name.end(), [](std::uint8_t c) { return c > 0x20 && c < 0x7f; });
  if (!printable) return std::nullopt;
  return text_of(name);
}

std::size_t bit_length(Bytes magnitude) {
  while (!magnitude.empty() && magnitude[0] == 0) magnitude = magnitude.subspan(1);
  if (magnitude.empty()) return 0;
  std::size_t bits = magnitude.size() * 8;
  for (std::uint8_t top = magnitude[0]; (top & 0x80) == 0; top = static_cast<std::uint8_t>(top << 1)) --bits;
  return bits;
}

// What a number stands for, where the RFC gives it a name.
template <class M>
std::string_view meaning(std::string_view name, std::uint32_t value) {
  if constexpr (std::is_same_v<M, msg::Disconnect>) {
    if (name == "reason_code") return disconnect_reason_name(value);
  }
  if constexpr (std::is_same_v<M, msg::ChannelOpenFailure>) {
    if (name == "reason_code") return open_failure_reason_name(value);
  }
  if constexpr (std::is_same_v<M, msg::ChannelExtendedData>) {
    if (name == "data_type_code" && value == extended_data_type::standard_error) return "SSH_EXTENDED_DATA_STDERR";
  }
  return {};
}

// "VINTR=3,ECHO=1": a list like those of names.
std::string text_of_modes(Bytes encoded) {
  constexpr std::size_t most_shown = 159;  // each once
  std::string text;
  auto modes = parse_terminal_modes(encoded);
  const std::size_t count = modes.size();
  modes.resize(std::min(count, most_shown));
  for (const TerminalMode& mode : modes) {
    const std::string_view name = terminal_mode_name(mode.opcode);
    text += text.empty() ? "" : ",";
    text += name.empty() ? fmt::format("{}={}", mode.opcode, mode.argument) : fmt::format("{}={}", name, mode.argument);
  }
  if (count > most_shown) text += fmt::format(",... ({} modes)", count);
  return text.empty() ? "(no modes)" : text;
}

// A value of each field type as text.
class ValueText {
 public:
  explicit ValueText(const TraceStyle& style) : style_(style) {}

  std::string operator()(bool value) const { return value ? "TRUE" : "FALSE"; }
  std::string operator()(std::uint8_t value) const { return std::to_string(value); }
  std::string operator()(std::uint32_t value) const { return std::to_string(value); }
  std::string operator()(std::uint64_t value) const { return std::to_string(value); }
  std::string operator()(ItemCount count) const { return fmt::format("{} items", count.value); }
  std::string operator()(std::string_view value) const { return quoted(value, style_.text_shown); }
  std::string operator()(Hidden value) const { return fmt::format("(hidden, {} bytes)", value.bytes.size()); }
  std::string operator()(HiddenMpint value) const { return fmt::format("(hidden, {} bytes)", value.magnitude.size()); }
  std::string operator()(Rest value) const { return (*this)(value.bytes); }
  std::string operator()(Mpint value) const {
    if (value.magnitude.empty()) return "0";
    return fmt::format("0x{} ({} bits)", shortened_hex(value.magnitude, style_.bytes_shown),
                       bit_length(value.magnitude));
  }
  std::string operator()(NameList value) const {
    if (value.text.empty()) return "(no names)";
    // The decoder let printable characters through only.
    if (value.text.size() <= style_.text_shown) return std::string(value.text);
    return fmt::format("{}... ({} bytes)", value.text.substr(0, style_.text_shown), value.text.size());
  }
  std::string operator()(Bytes value) const {
    if (value.empty()) return "(empty)";
    const std::string size = fmt::format("({} bytes)", value.size());
    if (is_text(value)) return fmt::format("{} {}", quoted(text_of(value), style_.bytes_shown * 2), size);
    const std::string digits = shortened_hex(value, style_.bytes_shown);
    if (const auto name = leading_name(value)) return fmt::format("{} {} {}", *name, digits, size);
    return fmt::format("{} {}", digits, size);
  }
  template <std::size_t N>
  std::string operator()(const std::array<std::uint8_t, N>& value) const {
    return hex(value);
  }

 private:
  const TraceStyle& style_;
};

// ----------------------------------------------------------------------------------------------------------------
// one payload

class Description {
 public:
  Description(Bytes payload, const TraceContext& context, const TraceStyle& style)
      : payload_(payload), context_(context), style_(style) {}

  std::string text();

 private:
  template <class M>
  void message(std::type_identity<M>);
  template <class M>
  std::optional<M> fields(Bytes bytes, std::size_t base);
  template <class List>
  void tail(List list, std::string_view kind, std::string_view name);
  template <class List>
  bool numbered(List list) {
    return with_number(list, payload_[0], [this](auto type) { this->message(type); });
  }
  bool by_context();
  void hide_row(Row& row) const;
  void hide_from(std::size_t begin);

  std::string headline() const;
  std::string table() const;
  std::string dump() const;
  std::string paint(std::string_view colour, std::string_view text) const;

  const Bytes payload_;
  const TraceContext& context_;
  const TraceStyle& style_;
  std::string name_;
  std::string detail_;  // the tail's name
  std::string section_;
  std::string problem_;
  std::vector<Row> rows_;
};

constexpr std::string_view bold = "\x1b[1m";
constexpr std::string_view red = "\x1b[31m";
constexpr std::string_view cyan = "\x1b[36m";
constexpr std::string_view dim = "\x1b[2m";

std::string Description::text() {
  if (payload_.empty()) {
    problem_ = "a payload has at least its message number";
    return headline() + table();
  }
  if (!numbered(CommonMessages{}) && !by_context()) {
    problem_ = fmt::format("no message known here has number {}", payload_[0]);
    if (is_authentication(payload_)) hide_from(1);
  }
  std::string out = headline() + table();
  if (style_.hex_dump || !problem_.empty()) out += dump();
  return out;
}

// Numbers whose meaning was settled by an earlier message.
bool Description::by_context() {
  const std::string_view method = context_.auth_method;
  if (payload_[0] >= 60) {
    if (method == msg::PublicKeyRequest::name || method == msg::PublicKeyHostboundRequest::name) {
      return numbered(PublicKeyMessages{});
    }
    if (method == msg::PasswordRequest::name) return numbered(PasswordMessages{});
    if (method == msg::KeyboardInteractiveRequest::name) return numbered(KeyboardInteractiveMessages{});
    return false;
  }
  switch (context_.kex) {
    case KexFamily::dh:
      return numbered(KexDhMessages{});
    case KexFamily::ecdh:
      return numbered(KexEcdhMessages{});
    case KexFamily::group_exchange:
      return numbered(KexDhGexMessages{});
    case KexFamily::unknown:
      break;
  }
  return false;
}

template <class M>
void Description::message(std::type_identity<M>) {
  name_ = M::name;
  section_ = M::section;
  const std::optional<M> decoded = fields<M>(payload_, 0);
  if (!decoded) return;
  const M& result = *decoded;
  if constexpr (std::is_same_v<M, msg::UserauthRequest>) tail(MethodTails{}, "method", result.method_name);
  if constexpr (std::is_same_v<M, msg::GlobalRequest>) tail(GlobalRequestTails{}, "request", result.request_name);
  if constexpr (std::is_same_v<M, msg::ChannelOpen>) tail(ChannelOpenTails{}, "channel type", result.channel_type);
  if constexpr (std::is_same_v<M, msg::ChannelRequest>) tail(ChannelRequestTails{}, "request", result.request_type);
  if constexpr (std::is_same_v<M, msg::RequestSuccess>) {
    const bool bound = context_.global_request == msg::TcpipForward::name && payload_.size() > 1;
    if (bound) tail(RequestSuccessTails{}, "request", msg::TcpipForwardReply::name);
    if (context_.global_request == msg::HostKeysProve::name) {
      tail(RequestSuccessTails{}, "request", msg::HostKeysProveReply::name);
    }
  }
}

// Appends a row for each field of `bytes`, which begin at `base` in the payload; nothing if they cannot be decoded.
template <class M>
std::optional<M> Description::fields(Bytes bytes, std::size_t base) {
  const ValueText value_text(style_);
  std::size_t decoded = base;
  const auto report = [&](const FieldSpan& span, const auto& value) {
    using T = std::decay_t<decltype(value)>;
    Row row{base + span.begin, base + span.end, span.name, value_text(value), false, false};
    if constexpr (std::is_same_v<T, std::uint32_t>) {
      const std::string_view name = meaning<M>(span.name, value);
      if (!name.empty()) row.value += fmt::format(" {}", name);
    }
    constexpr bool secret = std::is_same_v<T, Hidden> || std::is_same_v<T, HiddenMpint>;
    constexpr bool channel_data = std::is_same_v<M, msg::ChannelData> || std::is_same_v<M, msg::ChannelExtendedData>;
    row.hidden = secret;
    row.list = std::is_same_v<T, NameList>;
    if constexpr (std::is_same_v<M, msg::PtyReq> && std::is_same_v<T, Bytes>) {
      row.value = text_of_modes(value);
      row.list = true;
    }
    if (channel_data && context_.hide_channel_data && span.name == "data") hide_row(row);
    decoded = row.end;
    rows_.push_back(std::move(row));
  };
  try {
    return walk_fields<M>(bytes, report, base);
  } catch (const ProtocolError& error) {
    problem_ = error.what();
    const bool data =
        payload_[0] == message_number::channel_data || payload_[0] == message_number::channel_extended_data;
    if (has_secrets<M>() || is_authentication(payload_) || (data && context_.hide_channel_data)) hide_from(decoded);
    return std::nullopt;
  }
}

// Replaces the last row, a Rest, by the fields that it holds for this name.
template <class List>
void Description::tail(List list, std::string_view kind, std::string_view name) {
  const Row rest = rows_.back();
  const Bytes bytes = payload_.subspan(rest.begin);
  const bool known = with_name(list, name, [&](auto type) {
    using M = typename decltype(type)::type;
    rows_.pop_back();
    detail_ = M::name;
    section_ = M::section;
    fields<M>(bytes, rest.begin);
  });
  if (known) return;
  detail_ = fmt::format("{} (a {} that is not known here)", quoted(name, 64), kind);
  if (is_authentication(payload_)) hide_row(rows_.back());
}

void Description::hide_row(Row& row) const {
  row.hidden = true;
  row.value = fmt::format("(hidden, {} bytes)", row.end - row.begin);
}

void Description::hide_from(std::size_t begin) {
  if (begin >= payload_.size()) return;
  Row row{begin, payload_.size(), "(not decoded)", {}, false, false};
  hide_row(row);
  rows_.push_back(row);
}

// ----------------------------------------------------------------------------------------------------------------
// layout

std::string Description::paint(std::string_view colour, std::string_view text) const {
  if (!style_.colours) return std::string(text);
  return fmt::format("{}{}\x1b[0m", colour, text);
}

std::string Description::headline() const {
  std::string out = paint(bold, name_.empty() ? "message" : name_);
  if (!payload_.empty()) out += fmt::format(" ({})", payload_[0]);
  if (!detail_.empty()) out += " " + paint(bold, detail_);
  out += fmt::format(", {} bytes", payload_.size());
  if (!section_.empty()) out += paint(dim, ", " + section_);
  return out + "\n";
}

// Continues after a comma on the next line, under the value's first character.
std::string broken_list(std::string_view names, std::size_t indent) {
  constexpr std::size_t widest = 120;
  const std::size_t room = indent + 40 < widest ? widest - indent : 40;
  std::string out;
  while (names.size() > room) {
    const std::size_t comma = names.substr(0, room).rfind(',');
    if (comma == std::string_view::npos) break;
    out += names.substr(0, comma + 1);
    out += "\n" + std::string(indent, ' ');
    names.remove_prefix(comma + 1);
  }
  return out.append(names);
}

std::string Description::table() const {
  std::size_t width = 0;
  for (const Row& row : rows_) width = std::max(width, row.name.size());
  std::string out;
  for (const Row& row : rows_) {
    const std::string range = row.begin == row.end       ? fmt::format("at {}", row.begin)
                              : row.begin + 1 == row.end ? fmt::format("{}", row.begin)
                                                         : fmt::format("{}..{}", row.begin, row.end - 1);
    const std::string value = row.list ? broken_list(row.value, 16 + width) : row.value;
    out += fmt::format("  {} {} {}\n", paint(dim, fmt::format("{:>12}", range)),
                       paint(cyan, fmt::format("{:<{}}", row.name, width)), row.hidden ? paint(red, value) : value);
  }
  if (!problem_.empty())
    out += fmt::format("  {}\n", paint(red, "not understood: " + made_safe(problem_, TextFor::trace)));
  return out;
}

std::string Description::dump() const {
  std::vector<bool> hidden(payload_.size(), false);
  for (const Row& row : rows_) {
    if (row.hidden) std::fill(hidden.begin() + row.begin, hidden.begin() + row.end, true);
  }
  std::string out;
  for (std::size_t at = 0; at < payload_.size(); at += 16) {
    std::string digits;
    std::string characters;
    for (std::size_t i = at; i < std::min(at + 16, payload_.size()); ++i) {
      const std::uint8_t byte = payload_[i];
      digits += hidden[i] ? " **" : fmt::format(" {:02x}", byte);
      characters += hidden[i] ? '*' : byte >= 0x20 && byte < 0x7f ? static_cast<char>(byte) : '.';
    }
    out += paint(dim, fmt::format("    {:06x} {:<48}  {}", at, digits, characters)) + "\n";
  }
  return out;
}

}  // namespace

std::string describe_payload(Bytes payload, const TraceContext& context, const TraceStyle& style) {
  return Description(payload, context, style).text();
}

std::string_view disconnect_reason_name(std::uint32_t reason_code) {
  switch (static_cast<DisconnectReason>(reason_code)) {
    case DisconnectReason::host_not_allowed_to_connect:
      return "SSH_DISCONNECT_HOST_NOT_ALLOWED_TO_CONNECT";
    case DisconnectReason::protocol_error:
      return "SSH_DISCONNECT_PROTOCOL_ERROR";
    case DisconnectReason::key_exchange_failed:
      return "SSH_DISCONNECT_KEY_EXCHANGE_FAILED";
    case DisconnectReason::reserved:
      return "SSH_DISCONNECT_RESERVED";
    case DisconnectReason::mac_error:
      return "SSH_DISCONNECT_MAC_ERROR";
    case DisconnectReason::compression_error:
      return "SSH_DISCONNECT_COMPRESSION_ERROR";
    case DisconnectReason::service_not_available:
      return "SSH_DISCONNECT_SERVICE_NOT_AVAILABLE";
    case DisconnectReason::protocol_version_not_supported:
      return "SSH_DISCONNECT_PROTOCOL_VERSION_NOT_SUPPORTED";
    case DisconnectReason::host_key_not_verifiable:
      return "SSH_DISCONNECT_HOST_KEY_NOT_VERIFIABLE";
    case DisconnectReason::connection_lost:
      return "SSH_DISCONNECT_CONNECTION_LOST";
    case DisconnectReason::by_application:
      return "SSH_DISCONNECT_BY_APPLICATION";
    case DisconnectReason::too_many_connections:
      return "SSH_DISCONNECT_TOO_MANY_CONNECTIONS";
    case DisconnectReason::auth_cancelled_by_user:
      return "SSH_DISCONNECT_AUTH_CANCELLED_BY_USER";
    case DisconnectReason::no_more_auth_methods_available:
      return "SSH_DISCONNECT_NO_MORE_AUTH_METHODS_AVAILABLE";
    case DisconnectReason::illegal_user_name:
      return "SSH_DISCONNECT_ILLEGAL_USER_NAME";
  }
  return {};
}

std::string_view open_failure_reason_name(std::uint32_t reason_code) {
  switch (reason_code) {
    case open_failure_reason::administratively_prohibited:
      return "SSH_OPEN_ADMINISTRATIVELY_PROHIBITED";
    case open_failure_reason::connect_failed:
      return "SSH_OPEN_CONNECT_FAILED";
    case open_failure_reason::unknown_channel_type:
      return "SSH_OPEN_UNKNOWN_CHANNEL_TYPE";
    case open_failure_reason::resource_shortage:
      return "SSH_OPEN_RESOURCE_SHORTAGE";
    default:
      return {};
  }
}

}  // namespace glassh
