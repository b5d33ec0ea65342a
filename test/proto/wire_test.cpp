// The data types of RFC 4251 section 5: what the encoder writes, what the decoder takes, and what it refuses.
#include "proto/wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/proto/golden.h"

namespace glassh::test {
namespace {

// A message with one field, so that a test is about that field's type and nothing else.
template <class T>
struct Only {
  static constexpr std::string_view name = "only";
  T value = {};
  static void fields(auto& self, auto& field) { field("value", self.value); }
};

template <class T>
std::string encoded(T value) {
  return hex(encode(Only<T>{value}));
}
template <class T>
T decoded(std::string_view drawing) {
  return decode<Only<T>>(value(drawing)).value;
}
template <class T>
std::string refusal(std::string_view drawing) {
  try {
    decode<Only<T>>(value(drawing));
  } catch (const ProtocolError& error) {
    return error.what();
  }
  return "(taken)";
}

// [4251-5-1] keeps: any octet but zero is TRUE.
TEST(Wire, AnyNonZeroOctetIsTrue) {
  EXPECT_FALSE(decoded<bool>("00"));
  for (const char* const octet : {"01", "02", "7f", "80", "ff"}) EXPECT_TRUE(decoded<bool>(octet)) << octet;
}

// [4251-5-2] keeps: a boolean that came in as 0xff leaves as 1.
TEST(Wire, ABooleanLeavesAsZeroOrOne) {
  EXPECT_EQ(encoded(false), "00");
  EXPECT_EQ(encoded(true), "01");
  EXPECT_EQ(hex(encode(decode<Only<bool>>(value("ff")))), "01");
}

// [4251-5-3] and [4251-5-4] keep: the most significant octet first. The uint32 is the RFC's own example.
TEST(Wire, IntegersTravelMostSignificantOctetFirst) {
  EXPECT_EQ(encoded(std::uint32_t{699921578}), "29b7f4aa");
  EXPECT_EQ(decoded<std::uint32_t>("29b7f4aa"), 699921578u);
  EXPECT_EQ(encoded(std::uint64_t{0x0102030405060708}), "0102030405060708");
  EXPECT_EQ(decoded<std::uint64_t>("fffefdfcfbfaf9f8"), 0xfffefdfcfbfaf9f8u);
  EXPECT_EQ(decoded<std::uint8_t>("fe"), 0xfe);
}

// [4251-5-5] keeps: any octets, NUL and 8-bit ones too. [4251-5-6] keeps: no NUL is added to a text. The text is the
// RFC's own example.
TEST(Wire, AStringIsItsLengthAndThenItsOctets) {
  EXPECT_EQ(encoded(std::string_view("testing")), "0000000774657374696e67");
  EXPECT_EQ(decoded<std::string_view>("00000007 'testing'"), "testing");
  EXPECT_EQ(hex(decoded<Bytes>("00000003 00ff0a")), "00ff0a");
  EXPECT_EQ(decoded<std::string_view>("00000002 6100"), std::string_view("a\0", 2));
  EXPECT_EQ(encoded(std::string_view()), "00000000");
  EXPECT_TRUE(decoded<Bytes>("00000000").empty());
}

// [4251-5-5] breaks: the length says more than there is.
TEST(Wire, AStringThatEndsEarlyIsRefused) {
  EXPECT_EQ(refusal<Bytes>("00000003 0102"), "only: value needs 3 bytes at offset 4, has 2");
  EXPECT_EQ(refusal<Bytes>("ffffffff 0102"), "only: value needs 4294967295 bytes at offset 4, has 2");
  EXPECT_EQ(refusal<std::string_view>("000000"), "only: value needs 4 bytes at offset 0, has 3");
}

struct MpintCase {
  std::string_view magnitude;
  std::string_view wire;
};

// The RFC's own non-negative examples, and their neighbours. [4251-5-8] keeps: 80 gets a zero in front. [4251-5-10]
// keeps: zero is the empty string.
TEST(Wire, MpintsOfTheRfcTravelBothWays) {
  constexpr MpintCase cases[] = {
      {"", "00000000"},
      {"09a378f9b2e332a7", "00000008 09a378f9b2e332a7"},
      {"80", "00000002 0080"},
      {"7f", "00000001 7f"},
      {"01", "00000001 01"},
      {"ff", "00000002 00ff"},
      {"8000", "00000003 008000"},
      {"010000", "00000003 010000"},
  };
  for (const MpintCase& c : cases) {
    EXPECT_EQ(encoded(Mpint{value(c.magnitude)}), hex(golden_bytes(c.wire))) << c.magnitude;
    EXPECT_EQ(encoded(HiddenMpint{value(c.magnitude)}), hex(golden_bytes(c.wire))) << c.magnitude;
    EXPECT_EQ(hex(decoded<Mpint>(c.wire).magnitude), c.magnitude) << c.wire;
    EXPECT_EQ(hex(decoded<HiddenMpint>(c.wire).magnitude), c.magnitude) << c.wire;
  }
}

// [4251-5-9] keeps: a number that was computed with zeros in front leaves without them.
TEST(Wire, AnMpintLeavesWithoutRedundantZeros) {
  EXPECT_EQ(encoded(Mpint{value("0000007f")}), "000000017f");
  EXPECT_EQ(encoded(Mpint{value("000080")}), "000000020080");
  EXPECT_EQ(encoded(Mpint{value("0000")}), "00000000");
}

// [4251-5-9] and [4251-5-8] break: a zero that the next octet does not need, also as the only octet of zero.
TEST(Wire, AnMpintWithARedundantZeroIsRefused) {
  const std::string text = "only: value is an mpint with a redundant zero in front";
  EXPECT_EQ(refusal<Mpint>("00000001 00"), text);
  EXPECT_EQ(refusal<Mpint>("00000002 007f"), text);
  EXPECT_EQ(refusal<Mpint>("00000003 000080"), text);
  EXPECT_EQ(refusal<HiddenMpint>("00000002 0001"), text);
}

// [4251-5-7] keeps: the RFC's examples -1234 and -deadbeef are negative, which no field of SSH may be; and an 80 that
// somebody forgot to give its zero is -128.
TEST(Wire, ANegativeMpintIsRefused) {
  const std::string text = "only: value is a negative mpint";
  EXPECT_EQ(refusal<Mpint>("00000002 edcc"), text);
  EXPECT_EQ(refusal<Mpint>("00000005 ff21524111"), text);
  EXPECT_EQ(refusal<Mpint>("00000001 80"), text);
  EXPECT_EQ(refusal<Mpint>("00000001 ff"), text);
}

// [4251-5-16] keeps: no names. [4251-5-12] and [4251-5-14] keep: names of one and more characters of US-ASCII. The
// lists are the RFC's own examples.
TEST(Wire, NameListsOfTheRfcTravelBothWays) {
  for (const std::string_view names : {"", "zlib", "zlib,none"}) {
    const std::string wire = encoded(NameList{names});
    EXPECT_EQ(wire, fmt::format("{:08x}{}", names.size(), hex(bytes_of(names))));
    EXPECT_EQ(decode<Only<NameList>>(golden_bytes(wire)).value.text.size(), names.size());
  }
  EXPECT_EQ(decoded<NameList>("00000009 'zlib,none'").text, "zlib,none");
}

// [4251-6-3] keeps: 64 characters. [4251-6-3] breaks: 65, whichever name of the list has them.
TEST(Wire, ANameHasAtMost64Characters) {
  const std::string longest(64, 'x');
  const std::string longer(65, 'x');
  EXPECT_EQ(decoded<NameList>("00000040 '" + longest + "'").text, longest);
  EXPECT_EQ(decoded<NameList>("00000081 '" + longest + "," + longest + "'").text, longest + "," + longest);
  EXPECT_EQ(refusal<NameList>("00000041 '" + longer + "'"), "only: value has a name of 65 characters; 64 is the limit");
  EXPECT_EQ(refusal<NameList>("00000043 'a," + longer + "'"),
            "only: value has a name of 65 characters; 64 is the limit");
}

// [4251-5-12] breaks: nothing before or between commas; after the last one libssh 0.10 says nothing, and is understood.
// [4251-5-13] breaks: a comma cannot be in a name, so it makes two of it.
TEST(Wire, AnEmptyNameIsRefused) {
  EXPECT_EQ(refusal<NameList>("00000001 ','"), "only: value has an empty name at character 0");
  EXPECT_EQ(refusal<NameList>("00000005 ',zlib'"), "only: value has an empty name at character 0");
  EXPECT_EQ(refusal<NameList>("00000006 'zlib,,'"), "only: value has an empty name at character 5");
  EXPECT_EQ(decoded<NameList>("00000005 'zlib,'").text, "zlib,");
  EXPECT_EQ(refusal<NameList>("00000004 'a,,b'"), "only: value has an empty name at character 2");
}

// [4251-5-14] breaks: not US-ASCII. [4251-5-15] breaks: a NUL at the end. [4251-6-3] breaks: not printable.
TEST(Wire, ANameWithABadCharacterIsRefused) {
  EXPECT_EQ(refusal<NameList>("00000005 'zlib' 00"), "only: value has byte 0x00 in a name");
  EXPECT_EQ(refusal<NameList>("00000003 'a b'"), "only: value has byte 0x20 in a name");
  EXPECT_EQ(refusal<NameList>("00000002 'a' 0a"), "only: value has byte 0x0a in a name");
  EXPECT_EQ(refusal<NameList>("00000002 'a' 7f"), "only: value has byte 0x7f in a name");
  EXPECT_EQ(refusal<NameList>("00000003 'a' c3a4"), "only: value has byte 0xc3 in a name");
  EXPECT_EQ(refusal<NameList>("00000003 'a,' 1b"), "only: value has byte 0x1b in a name");
}

TEST(Wire, AByteArrayHasNoLength) {
  using Cookie = std::array<std::uint8_t, 4>;
  EXPECT_EQ(encoded(Cookie{1, 2, 3, 4}), "01020304");
  EXPECT_EQ(decoded<Cookie>("01020304"), (Cookie{1, 2, 3, 4}));
  EXPECT_EQ(refusal<Cookie>("010203"), "only: value needs 4 bytes at offset 0, has 3");
}

struct Pair {
  std::uint8_t number = 0;
  std::string_view text = {};
  static void fields(auto& self, auto& field) {
    field("number", self.number);
    field("text", self.text);
  }
};

TEST(Wire, ACountedListHasItsCountInFront) {
  EXPECT_EQ(encoded(std::vector<Pair>{}), "00000000");
  EXPECT_EQ(encoded(std::vector<Pair>{{7, "a"}, {8, ""}}),
            "00000002"
            "070000000161"
            "0800000000");
  const auto items = decoded<std::vector<Pair>>("00000002 07 00000001 'a' 08 00000000");
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].number, 7);
  EXPECT_EQ(items[0].text, "a");
  EXPECT_EQ(items[1].number, 8);
}

// The count is the peer's word: 4294967295 items of five bytes would be 20 GiB.
TEST(Wire, ACountBeyondTheItemsIsRefusedWithoutMemory) {
  EXPECT_EQ(refusal<std::vector<Pair>>("ffffffff"), "only: value announces 4294967295 items, has 0");
  EXPECT_EQ(refusal<std::vector<Pair>>("ffffffff 07 00000001 'a'"), "only: value announces 4294967295 items, has 1");
  EXPECT_EQ(refusal<std::vector<Pair>>("ffffffff 07 000000"), "only: text needs 4 bytes at offset 5, has 3");
  EXPECT_EQ(refusal<std::vector<Pair>>("00000002 07 00000001 'a'"), "only: value announces 2 items, has 1");
  EXPECT_EQ(refusal<std::vector<Pair>>("00000000 00"), "only: 1 bytes after the last field, at offset 4");
  EXPECT_THROW(map_fields<Only<std::vector<Pair>>>(value("ffffffff")), ProtocolError);
}

TEST(Wire, AnUncountedListEndsWithTheMessage) {
  EXPECT_EQ(encoded(RestOf<Pair>{}), "");
  EXPECT_EQ(encoded(RestOf<Pair>{{{7, "a"}, {8, ""}}}),
            "070000000161"
            "0800000000");
  EXPECT_EQ(decoded<RestOf<Pair>>("07 00000001 'a' 08 00000000").items.size(), 2u);
  EXPECT_EQ(refusal<RestOf<Pair>>("07 00000001 'a' 08"), "only: text needs 4 bytes at offset 7, has 0");
}

TEST(Wire, TheRestMayBeEmpty) {
  EXPECT_EQ(encoded(Rest{value("0102")}), "0102");
  EXPECT_EQ(hex(decoded<Rest>("0102").bytes), "0102");
  EXPECT_TRUE(decoded<Rest>("").bytes.empty());
}

// A visitor sees each field that was good before the one that was not.
TEST(Wire, TheWalkerReportsUpToTheBadField) {
  std::vector<std::string> seen;
  const auto report = [&seen](const FieldSpan& span, const auto&) { seen.push_back(span.name); };
  EXPECT_THROW(walk_fields<Only<std::vector<Pair>>>(value("00000002 07 00000001 'a' 08 00"), report), ProtocolError);
  EXPECT_THAT(seen, testing::ElementsAre("value", "value[0].number", "value[0].text", "value[1].number"));
}

}  // namespace
}  // namespace glassh::test
