// What can be done with the messages of one type, without naming the type: tests go through all messages in a plain
// loop, and their bodies are compiled once instead of once per message.
//
//   for (const Codec& codec : all_codecs()) EXPECT_FALSE(codec.section.empty()) << codec.name;
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/any_message.h"
#include "proto/random_fill.h"

namespace glassh::test {

// A message's values, field by field, so that decoded ones are compared without the encoder.
struct Values {
  std::vector<std::string> lines;

  void operator()(std::string_view name, bool v) { add(name, v ? "true" : "false"); }
  void operator()(std::string_view name, std::uint8_t v) { add(name, std::to_string(v)); }
  void operator()(std::string_view name, std::uint32_t v) { add(name, std::to_string(v)); }
  void operator()(std::string_view name, std::uint64_t v) { add(name, std::to_string(v)); }
  void operator()(std::string_view name, std::string_view v) { add(name, std::string(v)); }
  void operator()(std::string_view name, NameList v) { add(name, std::string(v.text)); }
  void operator()(std::string_view name, Bytes v) { add(name, hex(v)); }
  void operator()(std::string_view name, Hidden v) { add(name, hex(v.bytes)); }
  void operator()(std::string_view name, Rest v) { add(name, hex(v.bytes)); }
  void operator()(std::string_view name, Mpint v) { add(name, hex(v.magnitude)); }
  void operator()(std::string_view name, HiddenMpint v) { add(name, hex(v.magnitude)); }
  template <std::size_t N>
  void operator()(std::string_view name, const std::array<std::uint8_t, N>& v) {
    add(name, hex(v));
  }
  template <class Item>
  void operator()(std::string_view name, const std::vector<Item>& items) {
    add(name, std::to_string(items.size()) + " items");
    for (const Item& item : items) Item::fields(item, *this);
  }
  template <class Item>
  void operator()(std::string_view name, const RestOf<Item>& v) {
    (*this)(name, v.items);
  }
  void add(std::string_view name, const std::string& v) { lines.push_back(std::string(name) + " = " + v); }
};

template <class M>
std::vector<std::string> values(const M& message) {
  Values visitor;
  M::fields(message, visitor);
  return visitor.lines;
}

struct Codec {
  std::string_view name;
  std::string_view section;
  std::optional<std::uint8_t> number;  // nothing: a tail, or what a signature covers
  // These decode, and throw as decode() does.
  std::vector<std::uint8_t> (*again)(Bytes);  // decoded and encoded
  std::size_t (*measured)(Bytes);             // decoded and measured
  std::vector<std::string> (*values)(Bytes);
  std::vector<FieldSpan> (*map)(Bytes);
  // A message with random values, encoded.
  std::vector<std::uint8_t> (*random)(RandomFill&);
};

template <class M>
constexpr std::optional<std::uint8_t> number_of() {
  if constexpr (Numbered<M>) return M::number;
  return std::nullopt;
}

template <class M>
const Codec& codec_of() {
  static constexpr Codec codec = {
      .name = M::name,
      .section = M::section,
      .number = number_of<M>(),
      .again = [](Bytes bytes) { return encode(decode<M>(bytes)); },
      .measured = [](Bytes bytes) { return measure(decode<M>(bytes)); },
      .values = [](Bytes bytes) { return test::values(decode<M>(bytes)); },
      .map = [](Bytes bytes) { return map_fields<M>(bytes); },
      .random = [](RandomFill& fill) { return encode(fill.make<M>()); },
  };
  return codec;
}

template <class... M>
std::vector<Codec> codecs(MessageList<M...>) {
  return {codec_of<M>()...};
}

inline std::vector<Codec> all_codecs() { return codecs(AllMessages{}); }

}  // namespace glassh::test
