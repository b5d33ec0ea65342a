#include "channels/x11_setup.h"

#include <gtest/gtest.h>

namespace glassh {
namespace {

using Verdict = X11Setup::Verdict;

constexpr std::string_view protocol = "MIT-MAGIC-COOKIE-1";
constexpr std::string_view fake_hex = "000102030405060708090a0b0c0d0e0f";
constexpr std::string_view real_hex = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";

std::string u16(char order, std::size_t value) {
  const char high = static_cast<char>(value >> 8);
  const char low = static_cast<char>(value & 0xff);
  return order == 'B' ? std::string{high, low} : std::string{low, high};
}

// What an X11 client sends first.
std::string setup_of(char order, std::string_view name, std::string_view cookie) {
  std::string text = {order, '\0'};
  text += u16(order, 11) + u16(order, 0) + u16(order, name.size()) + u16(order, cookie.size()) + u16(order, 0);
  for (const std::string_view each : {name, cookie}) {
    text += each;
    text.append((4 - each.size() % 4) % 4, '\0');
  }
  return text;
}

struct X11SetupTest : testing::Test {
  const X11Cookie fake = *parse_x11_cookie(protocol, fake_hex);
  const X11Cookie real = *parse_x11_cookie(protocol, real_hex);
  const std::string fake_bytes{text_of(fake.data.reveal())};
  const std::string real_bytes{text_of(real.data.reveal())};

  std::string verdict_on(const std::string& text) {
    X11Setup setup(fake, real);
    setup.take(bytes_of(text));
    if (setup.verdict() == Verdict::refused) return std::string(setup.why());
    return setup.verdict() == Verdict::accepted ? "accepted" : "incomplete";
  }
};

// RFC 4254 section 6.3.1 [4254-6.3.1-1], RFC 4251 section 9.5.3 [4251-9.5.3-3]
TEST_F(X11SetupTest, TheRealCookieTakesThePlaceOfTheFakeOneInEitherByteOrder) {
  for (const char order : {'B', 'l'}) {
    X11Setup setup(fake, real);
    const std::string sent = setup_of(order, protocol, fake_bytes) + "and then requests";
    EXPECT_EQ(setup.take(bytes_of(sent)), 12u + 20u + 16u);
    ASSERT_EQ(setup.verdict(), Verdict::accepted);
    EXPECT_EQ(text_of(setup.bytes()), setup_of(order, protocol, real_bytes));
    EXPECT_EQ(setup.take(bytes_of(sent)), 0u);  // what follows is not the setup's
  }
}

TEST_F(X11SetupTest, BytesMayComeOneByOne) {
  X11Setup setup(fake, real);
  const std::string sent = setup_of('l', protocol, fake_bytes);
  for (std::size_t i = 0; i < sent.size(); ++i) {
    ASSERT_EQ(setup.verdict(), Verdict::incomplete) << i;
    ASSERT_EQ(setup.take(bytes_of(sent).subspan(i, 1)), 1u);
  }
  EXPECT_EQ(setup.verdict(), Verdict::accepted);
  EXPECT_EQ(text_of(setup.bytes()), setup_of('l', protocol, real_bytes));
}

// RFC 4254 section 6.3.1 [4254-6.3.1-1]
TEST_F(X11SetupTest, WhateverDoesNotShowTheFakeCookieIsRefused) {
  std::string nearly = fake_bytes;
  nearly.back() ^= 1;
  EXPECT_EQ(verdict_on(setup_of('B', protocol, nearly)), "a wrong cookie");
  EXPECT_EQ(verdict_on(setup_of('B', protocol, real_bytes)), "a wrong cookie");
  EXPECT_EQ(verdict_on(setup_of('l', protocol, "")), "a cookie of another length");
  EXPECT_EQ(verdict_on(setup_of('l', protocol, fake_bytes.substr(0, 15))), "a cookie of another length");
  EXPECT_EQ(verdict_on(setup_of('l', protocol, fake_bytes + "1234")), "a cookie of another length");
  EXPECT_EQ(verdict_on(setup_of('l', "", "")), "another authentication protocol");
  EXPECT_EQ(verdict_on(setup_of('l', "XDM-AUTHORIZATION-", fake_bytes)), "another authentication protocol");
  EXPECT_EQ(verdict_on("GET / HTTP/1.1\r\n\r\n"), "it does not begin with a byte order");
  EXPECT_EQ(verdict_on(setup_of('B', protocol, fake_bytes).substr(0, 47)), "incomplete");
  // The order of the bytes is that of the lengths as well.
  EXPECT_EQ(verdict_on("l" + setup_of('B', protocol, fake_bytes).substr(1)), "another authentication protocol");
}

TEST_F(X11SetupTest, LengthsAreJudgedBeforeTheBytesThatTheyPromise) {
  X11Setup setup(fake, real);
  const std::string sent = setup_of('B', std::string(65535, 'x'), fake_bytes);
  EXPECT_EQ(setup.take(bytes_of(sent)), 12u);
  EXPECT_EQ(setup.verdict(), Verdict::refused);
}

// RFC 4254 section 6.3.1 [4254-6.3.1-4]; past vulnerability 90: they become a line that xauth(1) reads as commands
TEST_F(X11SetupTest, ACookieIsHexadecimalAndItsProtocolAPlainWord) {
  const auto cookie = parse_x11_cookie("XDM-AUTHORIZATION-1", "00fFA5");
  ASSERT_TRUE(cookie);
  EXPECT_EQ(cookie->protocol, "XDM-AUTHORIZATION-1");
  EXPECT_EQ(hex(cookie->data.reveal()), "00ffa5");
  for (const std::string bad : {"", "0", "0g", "0x00", "00 ", " 00", "00\n", "00\nsource /etc/passwd", "-f", "é0"}) {
    EXPECT_FALSE(parse_x11_cookie(protocol, bad)) << bad;
  }
  EXPECT_FALSE(parse_x11_cookie(protocol, std::string_view("0\0", 2)));
  EXPECT_FALSE(parse_x11_cookie(protocol, std::string(514, '0')));
  EXPECT_TRUE(parse_x11_cookie(protocol, std::string(512, '0')));
  for (const std::string bad : {"", "-q", "a b", "a\nremove :0", "a;b", "$(id)", "\"", "a\\", "\x7f", "über"}) {
    EXPECT_FALSE(parse_x11_cookie(bad, "00")) << bad;
  }
  EXPECT_FALSE(parse_x11_cookie(std::string_view("a\0b", 3), "00"));
  EXPECT_FALSE(parse_x11_cookie(std::string(129, 'a'), "00"));
}

TEST_F(X11SetupTest, AFakeCookieLooksLikeTheRealOneAndIsAnotherEachTime) {
  SeededRng rng(1);
  const X11Cookie one = fake_x11_cookie(real, rng);
  const X11Cookie other = fake_x11_cookie(real, rng);
  EXPECT_EQ(one.protocol, real.protocol);
  EXPECT_EQ(one.data.size(), real.data.size());
  EXPECT_FALSE(equal(one.data.reveal(), real.data.reveal()));
  EXPECT_FALSE(equal(one.data.reveal(), other.data.reveal()));
}

}  // namespace
}  // namespace glassh
