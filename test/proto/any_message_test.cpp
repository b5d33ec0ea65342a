// The list of all messages: that it is complete, and that random messages of every type survive the wire.
#include "proto/any_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include "proto/random_payload.h"
#include "test/proto/codec.h"
#include "test/support/source_directory.h"

namespace glassh::test {
namespace {

// Structs in the headers that have a name, and so are messages or tails.
std::size_t declared_messages() {
  const std::filesystem::path folder = std::filesystem::path(source_directory()) / "proto";
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!entry.path().filename().string().starts_with("messages_")) continue;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("  static constexpr std::string_view name =")) ++count;
    }
  }
  return count;
}

TEST(AnyMessage, EveryDeclaredMessageIsListedOnce) {
  std::set<std::string_view> names;
  for (const Codec& codec : all_codecs()) EXPECT_TRUE(names.insert(codec.name).second) << codec.name;
  EXPECT_EQ(names.size(), AllMessages::size);
  EXPECT_EQ(AllMessages::size, declared_messages());
}

TEST(AnyMessage, EveryMessageNamesItsSection) {
  for (const Codec& codec : all_codecs()) {
    EXPECT_THAT(std::string(codec.section),
                testing::MatchesRegex("(RFC [0-9]+|OpenSSH PROTOCOL|OpenSSH PROTOCOL.agent|draft-miller-ssh-agent)"
                                      "( section [0-9.]+)?"))
        << codec.name;
  }
}

// RFC 4251 section 7 [4251-7-1] keeps: each number is in its layer's block.
TEST(AnyMessage, NumbersAreInTheirLayersBlock) {
  const auto expect_block = [](const std::vector<Codec>& list, std::uint8_t first, std::uint8_t last) {
    for (const Codec& codec : list) {
      EXPECT_GE(codec.number, first) << codec.name;
      EXPECT_LE(codec.number, last) << codec.name;
    }
  };
  expect_block(codecs(KexDhMessages{} + KexEcdhMessages{} + KexDhGexMessages{}), 30, 49);
  expect_block(codecs(PublicKeyMessages{} + PasswordMessages{} + KeyboardInteractiveMessages{}), 60, 79);
  for (const Codec& codec : codecs(CommonMessages{})) {
    const std::string_view name = codec.name;
    const bool userauth = name.find("USERAUTH") != name.npos;
    const bool connection = name.find("CHANNEL") != name.npos || name.find("SSH_MSG_REQUEST") != name.npos ||
                            name == "SSH_MSG_GLOBAL_REQUEST";
    const bool local = name == "SSH_MSG_PING" || name == "SSH_MSG_PONG";
    const auto [first, last] = userauth     ? std::pair{50, 59}
                               : connection ? std::pair{80, 127}
                               : local      ? std::pair{192, 255}
                                            : std::pair{1, 29};
    EXPECT_GE(codec.number, first) << name;
    EXPECT_LE(codec.number, last) << name;
  }
}

TEST(AnyMessage, RandomMessagesSurviveTheWire) {
  std::mt19937 numbers(20260714);
  RandomFill fill([&numbers] { return static_cast<std::uint32_t>(numbers()); });
  for (const Codec& codec : all_codecs()) {
    for (int round = 0; round < 300; ++round) {
      const std::vector<std::uint8_t> bytes = codec.random(fill);
      try {
        ASSERT_EQ(codec.measured(bytes), bytes.size()) << codec.name;
        ASSERT_EQ(hex(codec.again(bytes)), hex(bytes)) << codec.name;
      } catch (const ProtocolError& error) {
        FAIL() << error.what() << " in " << hex(bytes);
      }
      std::size_t end = 0;
      for (const FieldSpan& span : codec.map(bytes)) {
        ASSERT_EQ(span.begin, end) << codec.name << " " << span.name;
        end = span.end;
      }
      ASSERT_EQ(end, bytes.size()) << codec.name;
    }
    fill.clear();
  }
}

// Nothing but ProtocolError comes out of the decoder, and what it takes it can write again at the same length.
TEST(AnyMessage, DamagedMessagesAreTakenOrRefused) {
  std::mt19937 numbers(8);
  RandomFill fill([&numbers] { return static_cast<std::uint32_t>(numbers()); });
  std::size_t taken = 0;
  std::size_t refused = 0;
  for (const Codec& codec : all_codecs()) {
    for (int round = 0; round < 300; ++round) {
      std::vector<std::uint8_t> bytes = codec.random(fill);
      const std::size_t first = codec.number ? 1 : 0;
      if (bytes.size() <= first) continue;
      for (int damage = 0; damage < 3; ++damage) {
        bytes[first + numbers() % (bytes.size() - first)] = static_cast<std::uint8_t>(numbers());
      }
      try {
        ASSERT_EQ(codec.again(bytes).size(), bytes.size()) << codec.name << " " << hex(bytes);
        ++taken;
      } catch (const ProtocolError& error) {
        ASSERT_THAT(error.what(), testing::StartsWith(std::string(codec.name))) << hex(bytes);
        ++refused;
      }
    }
    fill.clear();
  }
  EXPECT_GT(taken, 5000u);
  EXPECT_GT(refused, 5000u);
}

TEST(RandomFill, TheSameNumbersGiveTheSamePayloads) {
  const auto payloads = [](std::uint32_t seed) {
    std::mt19937 numbers(seed);
    RandomFill fill([&numbers] { return static_cast<std::uint32_t>(numbers()); });
    std::vector<std::vector<std::uint8_t>> all;
    for (int i = 0; i < 500; ++i) all.push_back(random_payload(fill));
    return all;
  };
  EXPECT_EQ(payloads(1), payloads(1));
  EXPECT_NE(payloads(1), payloads(2));
}

TEST(RandomFill, EveryNumberOfAPacketTurnsUp) {
  std::mt19937 numbers(3);
  RandomFill fill([&numbers] { return static_cast<std::uint32_t>(numbers()); });
  std::set<std::uint8_t> seen;
  for (int i = 0; i < 5000; ++i) seen.insert(random_payload(fill).at(0));
  for (const Codec& codec : codecs(PacketMessages{})) EXPECT_TRUE(seen.contains(codec.number.value())) << codec.name;
}

}  // namespace
}  // namespace glassh::test
