// The longest string that each field of a request or of a channel's open may have.
//
// RFC 4251 section 6 limits names, the operating system limits paths and commands, and the other limits are ours. They
// keep a peer from filling our memory with what we have to remember, and our answers shorter than a packet. Which
// strings make sense is not decided here. A string that is too long refuses its request or open, and nothing more.
//
//   if (const std::string why = over_limit(wanted); !why.empty()) return refuse(wanted.channel, reason, why);
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "proto/wire.h"

namespace glassh {

// In bytes, by the field's name. A field that is not in the table has the limit of names.
std::size_t longest_string(std::string_view field);

namespace limits_detail {

// Visits the fields of a message.
struct LimitCheck {
  std::string_view message;
  std::string why = {};

  void check(std::string_view field, std::size_t size);
  void operator()(std::string_view field, std::string_view text) { check(field, text.size()); }
  void operator()(std::string_view field, Bytes data) { check(field, data.size()); }
  void operator()(std::string_view field, Hidden data) { check(field, data.bytes.size()); }
  template <class Number>
  void operator()(std::string_view, const Number&) {}
};

}  // namespace limits_detail

// Returns which field is too long, and what its limit is; empty if none is.
template <class Message>
std::string over_limit(const Message& message) {
  limits_detail::LimitCheck check{Message::name};
  Message::fields(message, check);
  return std::move(check.why);
}

}  // namespace glassh
