// Every message against its bytes, drawn by hand in golden_*.h: encoded, decoded, cut short at each byte, made one byte
// longer, and mapped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <typeindex>

#include "proto/any_message.h"
#include "test/proto/golden_agent.h"
#include "test/proto/golden_auth.h"
#include "test/proto/golden_connection.h"
#include "test/proto/golden_transport.h"

namespace glassh::test {
namespace {

// check(message, drawing) for each.
void all_goldens(auto&& check) {
  transport_goldens(check);
  kex_goldens(check);
  auth_goldens(check);
  keyboard_interactive_goldens(check);
  signed_data_goldens(check);
  connection_goldens(check);
  session_goldens(check);
  forward_goldens(check);
  agent_goldens(check);
  agent_key_goldens(check);
  agent_destination_goldens(check);
}

// The values of a message, field by field, so that decoded ones are compared without the encoder.
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
    add(name, fmt::format("{} items", items.size()));
    for (const Item& item : items) Item::fields(item, *this);
  }
  template <class Item>
  void operator()(std::string_view name, const RestOf<Item>& v) {
    (*this)(name, v.items);
  }
  void add(std::string_view name, const std::string& v) { lines.push_back(fmt::format("{} = {}", name, v)); }
};

template <class M>
std::vector<std::string> values(const M& message) {
  Values visitor;
  M::fields(message, visitor);
  return visitor.lines;
}

// What decode() says of these bytes; empty if it takes them.
template <class M>
std::string refusal(Bytes bytes) {
  try {
    decode<M>(bytes);
  } catch (const ProtocolError& error) {
    EXPECT_EQ(error.reason(), DisconnectReason::protocol_error);
    return error.what();
  }
  return {};
}

// "echo" of "prompts[1].echo", and "prompts": the decoder names either.
std::vector<std::string> names_in(const std::string& path) {
  const std::size_t bracket = path.find('[');
  const std::size_t dot = path.rfind('.');
  if (bracket == std::string::npos) return {path};
  return {path.substr(dot + 1), path.substr(0, bracket)};
}

TEST(Golden, EncodeGivesTheBytes) {
  all_goldens([](const auto& message, std::string_view drawing) {
    const std::vector<std::uint8_t> bytes = golden_bytes(drawing);
    EXPECT_EQ(hex(encode(message)), hex(bytes)) << message.name;
    EXPECT_EQ(measure(message), bytes.size()) << message.name;
  });
}

TEST(Golden, DecodeGivesTheValues) {
  all_goldens([](const auto& message, std::string_view drawing) {
    using M = std::decay_t<decltype(message)>;
    const std::vector<std::uint8_t> bytes = golden_bytes(drawing);
    EXPECT_EQ(values(decode<M>(bytes)), values(message)) << message.name;
  });
}

// A cut inside a field is refused with the message's name and the field's. After a whole field it is refused as well,
// unless what follows may be absent: a Rest, or items without a count.
TEST(Golden, EveryTruncationNamesMessageAndField) {
  std::size_t refused = 0;
  all_goldens([&refused](const auto& message, std::string_view drawing) {
    using M = std::decay_t<decltype(message)>;
    const std::vector<std::uint8_t> bytes = golden_bytes(drawing);
    const std::vector<FieldSpan> map = map_fields<M>(bytes);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      SCOPED_TRACE(fmt::format("{} cut to {} of {} bytes", M::name, size, bytes.size()));
      const Bytes cut = Bytes(bytes).first(size);
      const auto field = std::find_if(map.begin(), map.end(), [&](const FieldSpan& span) { return span.end > size; });
      const std::string text = refusal<M>(cut);
      if (text.empty()) {
        EXPECT_EQ(hex(encode(decode<M>(cut))), hex(cut));
        const bool open_ended = field->name.ends_with("data") || field->name.ends_with("contents") ||
                                field->name.ends_with("details") || field->name.ends_with("fields") ||
                                field->name.find('[') != std::string::npos;
        EXPECT_TRUE(open_ended) << field->name;
        continue;
      }
      ++refused;
      const std::vector<std::string> names = names_in(field->name);
      EXPECT_THAT(text, testing::StartsWith(fmt::format("{}: ", M::name)));
      const auto named = [&](const std::string& name) { return text.find(": " + name + " ") != std::string::npos; };
      EXPECT_TRUE(std::any_of(names.begin(), names.end(), named)) << text << "; expected " << field->name;
    }
  });
  EXPECT_GT(refused, 1500u);
}

TEST(Golden, OneTrailingByteIsRefused) {
  std::size_t refused = 0;
  all_goldens([&refused](const auto& message, std::string_view drawing) {
    using M = std::decay_t<decltype(message)>;
    std::vector<std::uint8_t> bytes = golden_bytes(drawing);
    const std::string offset = std::to_string(bytes.size());
    bytes.push_back(0);
    const std::string text = refusal<M>(bytes);
    if (text.empty()) {
      EXPECT_EQ(hex(encode(decode<M>(bytes))), hex(bytes)) << M::name;  // it went to a Rest
      return;
    }
    ++refused;
    EXPECT_THAT(text, testing::StartsWith(fmt::format("{}: ", M::name)));
    EXPECT_THAT(text, testing::HasSubstr("offset " + offset));
  });
  EXPECT_GT(refused, 80u);
}

TEST(Golden, TheMapCoversEveryByteOnce) {
  all_goldens([](const auto& message, std::string_view drawing) {
    using M = std::decay_t<decltype(message)>;
    const std::vector<std::uint8_t> bytes = golden_bytes(drawing);
    std::size_t end = 0;
    for (const FieldSpan& span : map_fields<M>(bytes)) {
      EXPECT_EQ(span.begin, end) << M::name << " " << span.name;
      end = span.end;
    }
    EXPECT_EQ(end, bytes.size()) << M::name;
  });
}

TEST(Golden, EveryMessageHasOne) {
  std::set<std::type_index> drawn;
  all_goldens([&drawn](const auto& message, std::string_view) { drawn.insert(typeid(message)); });
  for_each(AllMessages{}, [&drawn](auto type) {
    using M = typename decltype(type)::type;
    EXPECT_TRUE(drawn.contains(typeid(M))) << M::name;
  });
}

TEST(Golden, TheMapNamesItemsByTheirPlace) {
  const auto bytes =
      encode(msg::UserauthInfoRequest{.prompts = {{.prompt = "a", .echo = false}, {.prompt = "bc", .echo = true}}});
  std::vector<std::string> names;
  for (const FieldSpan& span : map_fields<msg::UserauthInfoRequest>(bytes)) {
    names.push_back(fmt::format("{} {}..{}", span.name, span.begin, span.end));
  }
  EXPECT_THAT(names, testing::ElementsAre("message number 0..1", "name 1..5", "instruction 5..9", "language_tag 9..13",
                                          "prompts 13..17", "prompts[0].prompt 17..22", "prompts[0].echo 22..23",
                                          "prompts[1].prompt 23..29", "prompts[1].echo 29..30"));
}

}  // namespace
}  // namespace glassh::test
