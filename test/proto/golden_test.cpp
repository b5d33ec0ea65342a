// Every message against its bytes, drawn by hand in golden_*.h: encoded, decoded, cut short at each byte, made one byte
// longer, and mapped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "test/proto/codec.h"
#include "test/proto/golden_agent.h"
#include "test/proto/golden_auth.h"
#include "test/proto/golden_connection.h"
#include "test/proto/golden_transport.h"

namespace glassh::test {
namespace {

struct Golden {
  const Codec* codec;
  std::vector<std::uint8_t> bytes;  // as drawn
  // Of the message that was written down beside the drawing.
  std::vector<std::uint8_t> encoded;
  std::size_t measured;
  std::vector<std::string> values;
};

std::vector<Golden> all_goldens() {
  std::vector<Golden> goldens;
  const auto draw = [&goldens]<class M>(const M& message, std::string_view drawing) {
    goldens.push_back({&codec_of<M>(), golden_bytes(drawing), encode(message), measure(message), values(message)});
  };
  transport_goldens(draw);
  kex_goldens(draw);
  auth_goldens(draw);
  keyboard_interactive_goldens(draw);
  signed_data_goldens(draw);
  connection_goldens(draw);
  session_goldens(draw);
  forward_goldens(draw);
  agent_goldens(draw);
  agent_key_goldens(draw);
  agent_destination_goldens(draw);
  return goldens;
}

// What decode() says of these bytes; empty if it takes them.
std::string refusal(const Codec& codec, Bytes bytes) {
  try {
    codec.measured(bytes);
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
  for (const Golden& golden : all_goldens()) {
    EXPECT_EQ(hex(golden.encoded), hex(golden.bytes)) << golden.codec->name;
    EXPECT_EQ(golden.measured, golden.bytes.size()) << golden.codec->name;
  }
}

TEST(Golden, DecodeGivesTheValues) {
  for (const Golden& golden : all_goldens()) {
    EXPECT_EQ(golden.codec->values(golden.bytes), golden.values) << golden.codec->name;
  }
}

// A cut inside a field is refused with the message's name and the field's. After a whole field it is refused as well,
// unless what follows may be absent: a Rest, or items without a count.
TEST(Golden, EveryTruncationNamesMessageAndField) {
  std::size_t refused = 0;
  for (const Golden& golden : all_goldens()) {
    const Codec& codec = *golden.codec;
    const std::vector<FieldSpan> map = codec.map(golden.bytes);
    for (std::size_t size = 0; size < golden.bytes.size(); ++size) {
      SCOPED_TRACE(fmt::format("{} cut to {} of {} bytes", codec.name, size, golden.bytes.size()));
      const Bytes cut = Bytes(golden.bytes).first(size);
      const auto field = std::find_if(map.begin(), map.end(), [&](const FieldSpan& span) { return span.end > size; });
      const std::string text = refusal(codec, cut);
      if (text.empty()) {
        EXPECT_EQ(hex(codec.again(cut)), hex(cut));
        const bool open_ended = field->name.ends_with("data") || field->name.ends_with("contents") ||
                                field->name.ends_with("details") || field->name.ends_with("fields") ||
                                field->name.find('[') != std::string::npos;
        EXPECT_TRUE(open_ended) << field->name;
        continue;
      }
      ++refused;
      const std::vector<std::string> names = names_in(field->name);
      EXPECT_THAT(text, testing::StartsWith(fmt::format("{}: ", codec.name)));
      const auto named = [&](const std::string& name) { return text.find(": " + name + " ") != std::string::npos; };
      EXPECT_TRUE(std::any_of(names.begin(), names.end(), named)) << text << "; expected " << field->name;
    }
  }
  EXPECT_GT(refused, 1500u);
}

TEST(Golden, OneTrailingByteIsRefused) {
  std::size_t refused = 0;
  for (const Golden& golden : all_goldens()) {
    const Codec& codec = *golden.codec;
    std::vector<std::uint8_t> bytes = golden.bytes;
    const std::string offset = std::to_string(bytes.size());
    bytes.push_back(0);
    const std::string text = refusal(codec, bytes);
    if (text.empty()) {
      EXPECT_EQ(hex(codec.again(bytes)), hex(bytes)) << codec.name;  // it went to a Rest
      continue;
    }
    ++refused;
    EXPECT_THAT(text, testing::StartsWith(fmt::format("{}: ", codec.name)));
    EXPECT_THAT(text, testing::HasSubstr("offset " + offset));
  }
  EXPECT_GT(refused, 80u);
}

TEST(Golden, TheMapCoversEveryByteOnce) {
  for (const Golden& golden : all_goldens()) {
    std::size_t end = 0;
    for (const FieldSpan& span : golden.codec->map(golden.bytes)) {
      EXPECT_EQ(span.begin, end) << golden.codec->name << " " << span.name;
      end = span.end;
    }
    EXPECT_EQ(end, golden.bytes.size()) << golden.codec->name;
  }
}

TEST(Golden, EveryMessageHasOne) {
  std::set<std::string_view> drawn;
  for (const Golden& golden : all_goldens()) drawn.insert(golden.codec->name);
  for (const Codec& codec : all_codecs()) EXPECT_TRUE(drawn.contains(codec.name)) << codec.name;
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
