#include "client/forwarding/socks_request.h"

#include <gtest/gtest.h>

#include "proto/bytes.h"

namespace glassh {
namespace {

using namespace std::string_literals;

// Hands over all of `text`, in pieces of one byte or as large as they are wanted. What was answered.
std::string feed(SocksRequest& socks, std::string_view text, bool byte_by_byte = false) {
  std::string answers;
  while (!text.empty() && socks.wanted() > 0) {
    const std::size_t size = byte_by_byte ? 1 : std::min(socks.wanted(), text.size());
    answers += socks.take(bytes_of(text.substr(0, size)));
    text.remove_prefix(size);
  }
  answers += text.empty() ? "" : "|rest " + std::to_string(text.size());
  return answers;
}

struct Case {
  std::string request, answers, host;
  std::uint16_t port;
  std::string granted, refused;
};

const std::string granted4 = "\0\x5a\0\0\0\0\0\0"s;
const std::string refused4 = "\0\x5b\0\0\0\0\0\0"s;
const std::string granted5 = "\x05\0\0\x01\0\0\0\0\0\0"s;
const std::string refused5 = "\x05\x05\0\x01\0\0\0\0\0\0"s;

const Case cases[] = {
    {"\x04\x01\x00\x50\x7f\0\0\x01"
     "ada\0"s,
     "", "127.0.0.1", 80, granted4, refused4},
    {"\x04\x01\x1f\x90\x0a\x01\x02\x03\0"s, "", "10.1.2.3", 8080, granted4, refused4},
    {"\x04\x01\x00\x50\0\0\0\x01"
     "ada\0example.org\0"s,
     "", "example.org", 80, granted4, refused4},
    {"\x05\x01\0\x05\x01\0\x01\x7f\0\0\x01\x00\x50"s, "\x05\0"s, "127.0.0.1", 80, granted5, refused5},
    {"\x05\x02\x02\0\x05\x01\0\x03\x0b"
     "example.org\x01\xbb"s,
     "\x05\0"s, "example.org", 443, granted5, refused5},
    {"\x05\x01\0\x05\x01\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x50"s, "\x05\0"s, "::1", 80, granted5, refused5},
};

TEST(Socks, EachVersionSaysWhereTo) {
  for (const Case& each : cases) {
    for (const bool byte_by_byte : {false, true}) {
      SocksRequest socks;
      EXPECT_EQ(feed(socks, each.request, byte_by_byte), each.answers) << each.host;
      ASSERT_TRUE(socks.target()) << each.host << socks.problem();
      EXPECT_EQ(*socks.target(), (ForwardEndpoint{each.host, each.port, ""}));
      EXPECT_EQ(socks.wanted(), 0U);
      EXPECT_EQ(socks.granted(), each.granted);
      EXPECT_EQ(socks.refused(SocksRefusal::connection_refused), each.refused);
    }
  }
}

TEST(Socks, NotAByteBehindTheRequestIsWanted) {
  for (const Case& each : cases) {
    SocksRequest socks;
    EXPECT_EQ(feed(socks, each.request + "GET /"), each.answers + "|rest 5") << each.host;
  }
}

TEST(Socks, AnUnfinishedRequestIsNone) {
  for (const Case& each : cases) {
    for (std::size_t size = 0; size < each.request.size(); ++size) {
      SocksRequest socks;
      feed(socks, std::string_view(each.request).substr(0, size));
      EXPECT_FALSE(socks.target()) << each.host << size;
      EXPECT_GT(socks.wanted(), 0U) << each.host << size;
    }
  }
}

TEST(Socks, WhatIsNotServedIsRefusedInItsOwnWords) {
  const std::string five = "\x05\x01\0"s;
  const std::pair<std::string, std::string> bad[] = {
      {"GET / HTTP/1.1\r\n\r\n", ""},                 // not SOCKS at all
      {"\x04\x02\x00\x50\x7f\0\0\x01\0"s, refused4},  // BIND
      {"\x04\x01\x00\x00\x7f\0\0\x01\0"s, refused4},  // port 0
      {"\x04\x01\x00\x50\x7f\0\0\x01"s + std::string(300, 'u'), refused4},
      {"\x04\x01\x00\x50\0\0\0\x01\0"s + std::string(300, 'h'), refused4},
      {"\x04\x01\x00\x50\0\0\0\x01\0\0"s, refused4},                    // a name without letters
      {"\x05\0"s, "\x05\xff"},                                          // no method
      {"\x05\x01\x02"s, "\x05\xff"},                                    // a password
      {five + "\x05\x02\0\x01"s, "\x05\0\x05\x07\0\x01\0\0\0\0\0\0"s},  // BIND
      {five + "\x05\x01\0\x02"s, "\x05\0\x05\x08\0\x01\0\0\0\0\0\0"s},  // no such type of address
      {five + "\x04\x01\0\x01"s, "\x05\0"s},                            // another version
      {five + "\x05\x01\0\x03\0"s, "\x05\0\x05\x01\0\x01\0\0\0\0\0\0"s},
      {five + "\x05\x01\0\x03\x03"s + "a\0b\0\x50"s, "\x05\0\x05\x01\0\x01\0\0\0\0\0\0"s},
      {five + "\x05\x01\0\x01\x7f\0\0\x01\0\0"s, "\x05\0\x05\x01\0\x01\0\0\0\0\0\0"s},  // port 0
  };
  for (const auto& [request, answer] : bad) {
    SocksRequest socks;
    const std::string answers = feed(socks, request);
    EXPECT_EQ(answers.substr(0, answers.find("|rest")), answer) << socks.problem();
    EXPECT_FALSE(socks.target()) << request;
    EXPECT_NE(socks.problem(), "") << request;
    EXPECT_EQ(socks.wanted(), 0U) << request;
  }
}

}  // namespace
}  // namespace glassh
