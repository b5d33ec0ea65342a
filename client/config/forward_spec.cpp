#include "client/config/forward_spec.h"

#include <algorithm>
#include <span>

#include <arpa/inet.h>
#include <netdb.h>

#include <fmt/format.h>

#include "config/syntax.h"

namespace glassh {

namespace {

constexpr std::size_t longest_host_name = 1024;  // what getaddrinfo(3) may be asked for

struct Field {
  std::string text;
  bool is_path() const { return text.find('/') != text.npos; }
};

// Nothing for a bracket that is not closed, or closed in the middle of a field.
std::optional<std::vector<Field>> split_fields(std::string_view text) {
  std::vector<Field> fields(1);
  std::size_t at = 0;
  bool at_start = true;
  while (at < text.size()) {
    const char each = text[at++];
    if (each == ':') {
      fields.emplace_back();
      at_start = true;
      continue;
    }
    if (each == '[' && at_start) {
      const std::size_t end = text.find(']', at);
      if (end == text.npos || (end + 1 < text.size() && text[end + 1] != ':')) return std::nullopt;
      fields.back().text = text.substr(at, end - at);
      at = end + 1;
    } else if (each == '\\' && at < text.size()) {
      fields.back().text += text[at++];
    } else {
      fields.back().text += each;
    }
    at_start = false;
  }
  return fields;
}

enum class Zero { allowed, refused };

std::optional<std::uint16_t> port_of(const Field& field, Zero zero) {
  if (const auto number = parse_number(field.text, 65535)) {
    if (*number == 0 && zero == Zero::refused) return std::nullopt;
    return static_cast<std::uint16_t>(*number);
  }
  const servent* const service = ::getservbyname(field.text.c_str(), "tcp");
  if (service == nullptr) return std::nullopt;
  return ntohs(static_cast<std::uint16_t>(service->s_port));
}

std::optional<ForwardEndpoint> endpoint(const Field* host, const Field& port, Zero zero) {
  ForwardEndpoint end;
  if (host != nullptr) end.host = host->text;
  const auto number = port_of(port, zero);
  if (!number || end.host.size() > longest_host_name || (host != nullptr && host->is_path())) return std::nullopt;
  end.port = *number;
  return end;
}

ForwardEndpoint socket(const Field& path) {
  ForwardEndpoint end;
  end.path = path.text;
  return end;
}

// One or two fields. An empty address means every one, as "*" does; where none is written the default counts.
std::optional<ForwardEndpoint> listen_at(std::span<const Field> fields, Zero zero) {
  if (fields.size() == 1 && fields[0].is_path()) return socket(fields[0]);
  if (fields.size() == 1) return endpoint(nullptr, fields[0], zero);
  if (fields.size() != 2) return std::nullopt;
  auto end = endpoint(&fields[0], fields[1], zero);
  if (end && end->host.empty()) end->host = "*";
  return end;
}

std::optional<ForwardEndpoint> connect_to(std::span<const Field> fields) {
  if (fields.size() == 1 && fields[0].is_path()) return socket(fields[0]);
  return fields.size() == 2 ? endpoint(&fields[0], fields[1], Zero::refused) : std::nullopt;
}

// How many of the fields say where to listen. The others say where to connect to; there may be none.
std::size_t listening_fields(Forward::Kind kind, std::span<const Field> fields) {
  if (fields.size() <= 1 || kind == Forward::Kind::dynamic) return fields.size();
  if (fields.size() == 2) {
    const bool alone = kind == Forward::Kind::remote && !fields[1].is_path();  // address:port, for SOCKS
    return alone ? 2 : 1;
  }
  if (fields.size() == 3) return fields[2].is_path() && !fields[0].is_path() ? 2 : 1;
  return 2;
}

std::optional<std::vector<Field>> fields_of(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return split_fields(text);
}

std::string text_of(const ForwardEndpoint& end, bool with_default_host) {
  if (!end.path.empty()) return end.path;
  if (end.host.empty() && !with_default_host) return std::to_string(end.port);
  return fmt::format("[{}]:{}", end.host, end.port);
}

std::string_view keyword_of(Forward::Kind kind) {
  return kind == Forward::Kind::local    ? "localforward"
         : kind == Forward::Kind::remote ? "remoteforward"
                                         : "dynamicforward";
}

}  // namespace

std::optional<Forward> parse_forward(Forward::Kind kind, std::string_view text) {
  const auto all = fields_of(text);
  if (!all) return std::nullopt;
  const std::span<const Field> fields(*all);
  const std::size_t listening = listening_fields(kind, fields);
  // RFC 4254 section 7.1: only a server can be left to choose a port.
  const auto listen = listen_at(fields.first(listening), kind == Forward::Kind::remote ? Zero::allowed : Zero::refused);
  if (!listen) return std::nullopt;
  Forward forward{kind, *listen, {}};
  if (listening == fields.size()) {
    if (kind == Forward::Kind::local) return std::nullopt;
    return forward;
  }
  forward.connect = connect_to(fields.subspan(listening));
  if (!forward.connect) return std::nullopt;
  return forward;
}

std::optional<ForwardEndpoint> parse_listen_endpoint(std::string_view text) {
  const auto fields = fields_of(text);
  return fields ? listen_at(*fields, Zero::allowed) : std::nullopt;
}

std::optional<ForwardEndpoint> parse_stdio_forward(std::string_view text) {
  const auto fields = fields_of(text);
  return fields ? connect_to(*fields) : std::nullopt;
}

Forward parse_forward_words(Forward::Kind kind, const std::vector<std::string>& words) {
  const bool has_target = words.size() > 1;
  const auto bad = [](std::string_view what, const std::string& word, std::string_view expected) {
    throw ConfigError(fmt::format("bad {} '{}': expected {}", what, word, expected));
  };
  if (kind == Forward::Kind::local && !has_target) throw ConfigError("a value is missing: where to connect to");
  if (kind == Forward::Kind::dynamic && has_target) {
    throw ConfigError(fmt::format("'{}' is too much: expected [bind_address:]port", words[1]));
  }
  Forward forward;
  forward.kind = kind;
  const Zero zero = kind == Forward::Kind::remote ? Zero::allowed : Zero::refused;
  const auto first = fields_of(words[0]);
  const auto listen = first ? listen_at(*first, zero) : std::nullopt;
  if (!listen) bad("place to listen", words[0], "[bind_address:]port or the path of a socket");
  forward.listen = *listen;
  if (has_target) {
    forward.connect = parse_stdio_forward(words[1]);
    if (!forward.connect) bad("destination", words[1], "host:port or the path of a socket");
  }
  return forward;
}

std::optional<PermittedTarget> parse_permitted_target(std::string_view text) {
  const auto fields = split_fields(text);
  if (!fields || fields->size() != 2 || fields->at(0).text.empty()) return std::nullopt;
  PermittedTarget target;
  target.host = fields->at(0).text;
  if (fields->at(1).text == "*") return target;
  const auto port = port_of(fields->at(1), Zero::refused);
  if (!port) return std::nullopt;
  target.port = *port;
  return target;
}

bool remote_open_permitted(const std::vector<std::string>& words, std::string_view host, std::uint16_t port) {
  if (words.empty() || equal_ignoring_case(words[0], "any")) return true;
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    const auto target = parse_permitted_target(word);
    return target && (target->host == "*" || target->host == host) && (target->port == 0 || target->port == port);
  });
}

std::string listen_text(const Forward& forward) { return text_of(forward.listen, false); }

std::string connect_text(const Forward& forward) {
  return forward.connect ? text_of(*forward.connect, true) : "[socks]:0";
}

std::string config_line_of(const Forward& forward) {
  const std::string_view keyword = keyword_of(forward.kind);
  if (forward.kind == Forward::Kind::dynamic) return fmt::format("{} {}", keyword, listen_text(forward));
  return fmt::format("{} {} {}", keyword, listen_text(forward), connect_text(forward));
}

}  // namespace glassh
