// How a message travels: the data types of RFC 4251 section 5, and the visitors that walk a message's declaration.
//
// A message is a plain struct in glassh::msg with the RFC's field names and one `fields(auto& self, auto& field)` that
// calls `field("name", self.name)` once per RFC field. Everything else is a visitor over that declaration:
//   decode<M>(payload)   views into the payload; throws ProtocolError naming message, field and offset
//   measure(m), encode_into(m, out), encode(m)
//   walk_fields<M>(payload, report), map_fields<M>(payload)   the byte range of each field
// (trace.h prints, random_fill.h invents.) A struct with a `number` begins with that byte; one without is the tail of
// another message (the part that depends on a method or a request type). No other file needs template cleverness.
#pragma once

#include <array>
#include <cassert>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <fmt/format.h>

#include "proto/bytes.h"
#include "proto/error.h"

namespace glassh {

// Field types beyond bool, uint8_t, uint32_t, uint64_t, std::array<uint8_t, N> (byte[N]), std::string_view (a string
// that is text) and Bytes (a string that is data).
struct NameList {  // names separated by commas; first preference first
  std::string_view text;
};
struct Mpint {  // a non-negative integer, most significant byte first, no leading zero once decoded
  Bytes magnitude;
};
struct Rest {  // whatever is left, without a length in front
  Bytes bytes;
};
struct Hidden {  // a string that never prints: passwords, passphrases, private keys
  Bytes bytes;
};
struct HiddenMpint {  // an mpint that never prints: the private numbers of a key
  Bytes magnitude;
};
template <class Item>
struct RestOf {  // items until the message ends, without a count in front
  std::vector<Item> items;
};
// std::vector<Item> is a uint32 count and then that many items. Item is a struct with fields() of its own.

template <class M>
concept Numbered = requires {
  M::number;
};

// ----------------------------------------------------------------------------------------------------------------
// decode

// Reads fields in order. Throws ProtocolError on anything short, long or malformed; the offset is into the payload.
class Decoder {
 public:
  // `base` is where `in` begins in the payload, for the texts of errors: a tail is only a part of it.
  Decoder(std::string_view message, Bytes in, std::size_t base = 0) : message_(message), in_(in), base_(base) {}

  std::size_t offset() const { return at_; }
  std::size_t left() const { return in_.size() - at_; }

  Bytes take(std::size_t size, std::string_view name) {
    if (size > left()) {
      fail(name, fmt::format("needs {} bytes at offset {}, has {}", size, base_ + at_, left()));
    }
    const Bytes taken = in_.subspan(at_, size);
    at_ += size;
    return taken;
  }

  // RFC 4251 section 5 [4251-5-1]: any non-zero octet is TRUE.
  void operator()(std::string_view name, bool& value) { value = take(1, name)[0] != 0; }
  void operator()(std::string_view name, std::uint8_t& value) { value = take(1, name)[0]; }
  void operator()(std::string_view name, std::uint32_t& value) { value = get_u32(take(4, name).data()); }
  void operator()(std::string_view name, std::uint64_t& value) { value = get_u64(take(8, name).data()); }

  // RFC 4251 section 5 [4251-5-5]: a length, then exactly that many octets of any value.
  void operator()(std::string_view name, Bytes& value) {
    std::uint32_t size = 0;
    (*this)(name, size);
    value = take(size, name);
  }
  void operator()(std::string_view name, std::string_view& value) {
    Bytes bytes;
    (*this)(name, bytes);
    value = text_of(bytes);
  }
  void operator()(std::string_view name, Hidden& value) { (*this)(name, value.bytes); }
  void operator()(std::string_view name, Rest& value) { value.bytes = take(left(), name); }
  template <std::size_t N>
  void operator()(std::string_view name, std::array<std::uint8_t, N>& value) {
    std::memcpy(value.data(), take(N, name).data(), N);
  }

  void operator()(std::string_view name, NameList& value) {
    (*this)(name, value.text);
    check_names(name, value.text);
  }

  void operator()(std::string_view name, Mpint& value) {
    Bytes bytes;
    (*this)(name, bytes);
    if (bytes.empty()) {  // RFC 4251 section 5 [4251-5-10]: zero is the empty string
      value.magnitude = bytes;
      return;
    }
    // RFC 4251 section 5 [4251-5-7]: the top bit says negative; no field of SSH may be.
    if (bytes[0] & 0x80) fail(name, "is a negative mpint");
    if (bytes[0] == 0) {
      // RFC 4251 section 5 [4251-5-8] [4251-5-9]: a zero in front only where it keeps the top bit clear.
      if (bytes.size() == 1 || (bytes[1] & 0x80) == 0) fail(name, "is an mpint with a redundant zero in front");
      bytes = bytes.subspan(1);
    }
    value.magnitude = bytes;
  }
  void operator()(std::string_view name, HiddenMpint& value) {
    Mpint number;
    (*this)(name, number);
    value.magnitude = number.magnitude;
  }

  // The count is the peer's word: memory grows only with the items that really arrived.
  template <class Item>
  void operator()(std::string_view name, std::vector<Item>& items) {
    std::uint32_t count = 0;
    (*this)(name, count);
    items.clear();
    for (std::uint32_t i = 0; i < count; ++i) {
      if (left() == 0) fail(name, fmt::format("announces {} items, has {}", count, i));
      Item::fields(items.emplace_back(), *this);
    }
  }
  template <class Item>
  void operator()(std::string_view, RestOf<Item>& value) {
    value.items.clear();
    while (left() > 0) Item::fields(value.items.emplace_back(), *this);
  }

  void finish() const {
    if (left() > 0) {
      throw ProtocolError(
          fmt::format("{}: {} bytes after the last field, at offset {}", message_, left(), base_ + at_));
    }
  }

 private:
  [[noreturn]] void fail(std::string_view name, const std::string& what) const {
    throw ProtocolError(fmt::format("{}: {} {}", message_, name, what));
  }

  void check_names(std::string_view name, std::string_view names) const {
    // RFC 4251 section 5 [4251-5-16]: no names at all is a legal list.
    if (names.empty()) return;
    std::size_t length = 0;
    for (std::size_t i = 0; i <= names.size(); ++i) {
      if (i == names.size() || names[i] == ',') {
        // RFC 4251 section 5 [4251-5-12] and section 6 [4251-6-3]: between 1 and 64 characters.
        // Deviation: libssh 0.10 ends its list of ciphers with a comma.
        if (length == 0 && (i == 0 || i < names.size()))
          fail(name, fmt::format("has an empty name at character {}", i));
        if (length > 64) fail(name, fmt::format("has a name of {} characters; 64 is the limit", length));
        length = 0;
        continue;
      }
      // RFC 4251 section 5 [4251-5-14] [4251-5-15]: US-ASCII, printable, no NUL.
      if (names[i] <= 0x20 || names[i] > 0x7e) {
        fail(name, fmt::format("has byte {:#04x} in a name", static_cast<std::uint8_t>(names[i])));
      }
      ++length;
    }
  }

  std::string_view message_;
  Bytes in_;
  std::size_t base_;
  std::size_t at_ = 0;
};

// The payload of a message, its number included; or, for a struct without a number, just its fields.
// The result is a view into the payload. Throws ProtocolError.
template <class M>
M decode(Bytes payload) {
  Decoder decoder(M::name, payload);
  if constexpr (Numbered<M>) {
    std::uint8_t number = 0;
    decoder("message number", number);
    assert(number == M::number);
  }
  M message;
  M::fields(message, decoder);
  decoder.finish();
  return message;
}

// ----------------------------------------------------------------------------------------------------------------
// encode

namespace wire_detail {
// RFC 4251 section 5 [4251-5-9]: no redundant octets in front.
inline Bytes without_leading_zeros(Bytes magnitude) {
  while (!magnitude.empty() && magnitude[0] == 0) magnitude = magnitude.subspan(1);
  return magnitude;
}
// RFC 4251 section 5 [4251-5-8]: a positive number whose top bit is set gets one zero in front.
inline bool needs_zero(Bytes stripped) { return !stripped.empty() && (stripped[0] & 0x80) != 0; }
}  // namespace wire_detail

// Counts the bytes of a message.
struct Measurer {
  std::size_t size = 0;

  void operator()(std::string_view, bool) { size += 1; }
  void operator()(std::string_view, std::uint8_t) { size += 1; }
  void operator()(std::string_view, std::uint32_t) { size += 4; }
  void operator()(std::string_view, std::uint64_t) { size += 8; }
  void operator()(std::string_view, Bytes value) { size += 4 + value.size(); }
  void operator()(std::string_view, std::string_view value) { size += 4 + value.size(); }
  void operator()(std::string_view, NameList value) { size += 4 + value.text.size(); }
  void operator()(std::string_view, Hidden value) { size += 4 + value.bytes.size(); }
  void operator()(std::string_view, Rest value) { size += value.bytes.size(); }
  void operator()(std::string_view, Mpint value) {
    const Bytes stripped = wire_detail::without_leading_zeros(value.magnitude);
    size += 4 + stripped.size() + (wire_detail::needs_zero(stripped) ? 1 : 0);
  }
  void operator()(std::string_view name, HiddenMpint value) { (*this)(name, Mpint{value.magnitude}); }
  template <std::size_t N>
  void operator()(std::string_view, const std::array<std::uint8_t, N>&) {
    size += N;
  }
  template <class Item>
  void operator()(std::string_view, const std::vector<Item>& items) {
    size += 4;
    for (const Item& item : items) Item::fields(item, *this);
  }
  template <class Item>
  void operator()(std::string_view, const RestOf<Item>& value) {
    for (const Item& item : value.items) Item::fields(item, *this);
  }
};

// Writes fields in order into memory that a Measurer sized.
class Encoder {
 public:
  explicit Encoder(std::uint8_t* out) : out_(out) {}

  // RFC 4251 section 5 [4251-5-2]: a boolean leaves as 0 or 1.
  void operator()(std::string_view, bool value) { *out_++ = value ? 1 : 0; }
  void operator()(std::string_view, std::uint8_t value) { *out_++ = value; }
  void operator()(std::string_view, std::uint32_t value) {
    put_u32(out_, value);
    out_ += 4;
  }
  void operator()(std::string_view, std::uint64_t value) {
    put_u64(out_, value);
    out_ += 8;
  }
  void operator()(std::string_view name, Bytes value) {
    (*this)(name, static_cast<std::uint32_t>(value.size()));
    copy(value);
  }
  void operator()(std::string_view name, std::string_view value) { (*this)(name, bytes_of(value)); }
  void operator()(std::string_view name, NameList value) { (*this)(name, bytes_of(value.text)); }
  void operator()(std::string_view name, Hidden value) { (*this)(name, value.bytes); }
  void operator()(std::string_view, Rest value) { copy(value.bytes); }
  void operator()(std::string_view name, Mpint value) {
    const Bytes stripped = wire_detail::without_leading_zeros(value.magnitude);
    const bool zero = wire_detail::needs_zero(stripped);
    (*this)(name, static_cast<std::uint32_t>(stripped.size() + (zero ? 1 : 0)));
    if (zero) *out_++ = 0;
    copy(stripped);
  }
  void operator()(std::string_view name, HiddenMpint value) { (*this)(name, Mpint{value.magnitude}); }
  template <std::size_t N>
  void operator()(std::string_view, const std::array<std::uint8_t, N>& value) {
    copy(value);
  }
  template <class Item>
  void operator()(std::string_view name, const std::vector<Item>& items) {
    (*this)(name, static_cast<std::uint32_t>(items.size()));
    for (const Item& item : items) Item::fields(item, *this);
  }
  template <class Item>
  void operator()(std::string_view, const RestOf<Item>& value) {
    for (const Item& item : value.items) Item::fields(item, *this);
  }

  std::uint8_t* position() const { return out_; }

 private:
  void copy(Bytes bytes) {
    if (!bytes.empty()) std::memcpy(out_, bytes.data(), bytes.size());
    out_ += bytes.size();
  }

  std::uint8_t* out_;
};

// Bytes that encode_into() will write, the message number included.
template <class M>
std::size_t measure(const M& message) {
  Measurer measurer;
  if constexpr (Numbered<M>) measurer.size = 1;
  M::fields(message, measurer);
  return measurer.size;
}

// `out` must hold measure(message) bytes. Returns how many were written.
template <class M>
std::size_t encode_into(const M& message, MutableBytes out) {
  Encoder encoder(out.data());
  if constexpr (Numbered<M>) encoder("message number", M::number);
  M::fields(message, encoder);
  return static_cast<std::size_t>(encoder.position() - out.data());
}

template <class M>
std::vector<std::uint8_t> encode(const M& message) {
  std::vector<std::uint8_t> out(measure(message));
  encode_into(message, out);
  return out;
}

// ----------------------------------------------------------------------------------------------------------------
// byte map

// The place of a field in the payload: [begin, end), with its length field.
struct FieldSpan {
  std::string name;
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct ItemCount {  // the uint32 in front of a std::vector's items
  std::uint32_t value;
};

// Decodes, and calls report(const FieldSpan&, const auto& value) after each field, so that the listener has seen all
// good fields when a later one throws. The count in front of a std::vector is reported as an ItemCount; a field of
// the third prompt is named "prompts[2].echo".
template <class Report>
class Walker {
 public:
  Walker(Decoder& decoder, Report& report) : decoder_(decoder), report_(report) {}

  template <class T>
  void operator()(std::string_view name, T& value) {
    const std::size_t begin = decoder_.offset();
    decoder_(name, value);
    report(name, begin, value);
  }
  template <class Item>
  void operator()(std::string_view name, std::vector<Item>& items) {
    const std::size_t begin = decoder_.offset();
    ItemCount count{};
    decoder_(name, count.value);
    report(name, begin, count);
    for (std::uint32_t i = 0; i < count.value; ++i) walk_item(name, i, items.emplace_back());
  }
  template <class Item>
  void operator()(std::string_view name, RestOf<Item>& value) {
    for (std::size_t i = 0; decoder_.left() > 0; ++i) walk_item(name, i, value.items.emplace_back());
  }

 private:
  template <class T>
  void report(std::string_view name, std::size_t begin, const T& value) {
    report_(FieldSpan{prefix_ + std::string(name), begin, decoder_.offset()}, value);
  }
  template <class Item>
  void walk_item(std::string_view name, std::size_t index, Item& item) {
    const std::string outer = prefix_;
    prefix_ += fmt::format("{}[{}].", name, index);
    Item::fields(item, *this);
    prefix_ = outer;
  }

  Decoder& decoder_;
  Report& report_;
  std::string prefix_;
};

// decode() that reports each field; the spans count from the beginning of `payload`. Throws like decode().
template <class M, class Report>
M walk_fields(Bytes payload, Report&& report, std::size_t base = 0) {
  Decoder decoder(M::name, payload, base);
  Walker walker(decoder, report);
  M message;
  if constexpr (Numbered<M>) {
    std::uint8_t number = 0;
    walker("message number", number);
  }
  M::fields(message, walker);
  decoder.finish();
  return message;
}

// The field map of a payload; throws like decode().
template <class M>
std::vector<FieldSpan> map_fields(Bytes payload) {
  std::vector<FieldSpan> spans;
  walk_fields<M>(payload, [&spans](const FieldSpan& span, const auto&) { spans.push_back(span); });
  return spans;
}

}  // namespace glassh
