#include "transport/version_exchange.h"

#include <gtest/gtest.h>

#include "proto/error.h"
#include "test/support/transport_pair.h"

namespace glassh {
namespace {

using test::feed;
using test::take_ready;
using test::TransportPair;

TEST(VersionExchange, OurLineHasTheFormOfSection42) {  // [4253-4.2-2] [4253-4.2-6] [4253-4.2-8] [4253-4.2-18] keeps
  EXPECT_EQ(identification("glassh_0.1"), "SSH-2.0-glassh_0.1");
  for (const char* bad : {"", "with space", "with-minus", "caf\xc3\xa9", "nl\n"}) {
    EXPECT_THROW(identification(bad), std::invalid_argument) << bad;
  }
}

TEST(VersionExchange, ACommentIsSetOffByOneBlank) {  // [4253-4.2-4] [4253-4.2-5] keeps
  EXPECT_EQ(identification("glassh_0.1", "for ann"), "SSH-2.0-glassh_0.1 for ann");
  const std::string longest(255 - 2 - identification("glassh_0.1").size() - 1, 'x');
  EXPECT_EQ(identification("glassh_0.1", longest).size(), 253U);  // [4253-4.2-9] keeps
  for (const std::string& bad : {longest + "x", std::string("new\nline"), std::string("nul\0", 4)}) {
    EXPECT_THROW(identification("glassh_0.1", bad), std::invalid_argument) << bad;
  }
}

TEST(VersionExchange, LinesOfVersion2AreTaken) {
  struct {
    std::string line, kept;
  } const cases[] = {
      {"SSH-2.0-OpenSSH_9.2p1 Debian-2\r", "SSH-2.0-OpenSSH_9.2p1 Debian-2"},
      {"SSH-2.0-x", "SSH-2.0-x"},      // [4253-4.2-7]: a lone LF
      {"SSH-1.99-x\r", "SSH-1.99-x"},  // [4253-5.1-3] keeps
      {"SSH-2.0-\r", "SSH-2.0-"},      // nobody should, but nothing hangs on it
      {std::string("SSH-2.0-") + std::string(245, 'x') + "\r",
       std::string("SSH-2.0-") + std::string(245, 'x')},  // [4253-4.2-9] keeps
  };
  for (const auto& [line, kept] : cases) EXPECT_EQ(check_identification(line), kept);
}

TEST(VersionExchange, OtherLinesAreRefusedWithTheReason) {
  struct {
    std::string line, text;
  } const cases[] = {
      {"SSH-1.5-old\r", "not of protocol version 2.0"},  // [4253-4.2-3] breaks; past vulnerability 44
      {"SSH-2.0\r", "not of protocol version 2.0"},
      {"SSH-3.0-x\r", "not of protocol version 2.0"},
      {"HTTP/1.1 400\r", "does not begin with"},
      {std::string("SSH-2.0-a\0b\r", 12), "byte 0x00 at offset 9"},  // [4253-4.2-8] breaks; past vulnerability 45
      {"SSH-2.0-a\x1b[2J\r", "byte 0x1b"},
      {std::string("SSH-2.0-") + std::string(247, 'x') + "\r", "more than 255"},  // [4253-4.2-9] breaks
  };
  for (const auto& [line, text] : cases) {
    try {
      check_identification(line);
      ADD_FAILURE() << line;
    } catch (const ProtocolError& error) {
      EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
    }
  }
}

TEST(VersionExchange,
     AClientReadsPastLinesBeforeTheIdentification) {  // [4253-4.2-11] [4253-4.2-15] [4253-4.2-16] keeps
  TransportPair pair;
  bool first = true;
  pair.tamper = [&](test::TransportSide& to, std::vector<std::uint8_t>& bytes) {
    if (&to != &pair.client || !std::exchange(first, false)) return;
    const std::string lines = "Welcome.\r\nSS\nKeep out.\r\n";
    bytes.insert(bytes.begin(), lines.begin(), lines.end());
  };
  pair.run();
  EXPECT_TRUE(pair.both_have_keys()) << pair.client.error;
}

TEST(VersionExchange, AServerTakesNoOtherLineFirst) {  // [4253-4.2-11] breaks
  TransportPair pair;
  feed(pair.server.transport.reader(), bytes_of("GET / HTTP/1.1\r\n"));
  pair.pull_events(pair.server);
  EXPECT_NE(pair.server.error.find("does not begin with"), std::string::npos);
}

TEST(VersionExchange, AnEndlessFirstLineEnds) {
  TransportPair pair;
  feed(pair.server.transport.reader(), bytes_of(std::string(300, 'x')));
  pair.pull_events(pair.server);
  EXPECT_NE(pair.server.error.find("more than 255"), std::string::npos);
}

TEST(VersionExchange, EndlessLinesBeforeTheIdentificationEnd) {
  TransportPair pair;
  for (std::size_t i = 0; i <= most_lines_before && pair.client.error.empty(); ++i) {
    feed(pair.client.transport.reader(), bytes_of("no\r\n"));
    pair.pull_events(pair.client);
  }
  EXPECT_NE(pair.client.error.find("lines before it"), std::string::npos);
}

}  // namespace
}  // namespace glassh
