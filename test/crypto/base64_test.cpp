#include "crypto/base64.h"

#include <gtest/gtest.h>

namespace glassh {
namespace {

TEST(Base64, EncodesAndDecodesTheExamplesOfRfc4648) {
  struct Case {
    std::string_view plain, encoded;
  };
  const Case cases[] = {{"", ""},
                        {"f", "Zg=="},
                        {"fo", "Zm8="},
                        {"foo", "Zm9v"},
                        {"foob", "Zm9vYg=="},
                        {"fooba", "Zm9vYmE="},
                        {"foobar", "Zm9vYmFy"},
                        {"\xff\xfb\xff", "//v/"},
                        {"\xfb\xef\xbe", "++++"}};
  for (const Case& c : cases) {
    EXPECT_EQ(base64_encode(bytes_of(c.plain)), c.encoded);
    const auto decoded = base64_decode(c.encoded);
    ASSERT_TRUE(decoded) << c.encoded;
    EXPECT_EQ(text_of(*decoded), c.plain);
  }
}

TEST(Base64, OneKeyHasOneSpelling) {
  for (const std::string_view text : {"Z", "Zg", "Zg=", "Zg===", "=", "==", "====", "Zh==", "Zm9=", "Zg==Zg==", "Z===",
                                      "Zm9v\n", " Zm9v", "Zm 9v", "Zm-_", "Zm9\xc3", "Z=g=", "Zm9v=", "Zm9vZ==="}) {
    EXPECT_FALSE(base64_decode(text)) << text;
  }
  EXPECT_FALSE(base64_decode(std::string_view("Zm\0v", 4)));
}

TEST(Base64, EveryByteSurvives) {
  std::vector<std::uint8_t> bytes;
  for (int i = 0; i < 768; ++i) {
    EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
    bytes.push_back(static_cast<std::uint8_t>(i * 7 + (i >> 8)));
  }
}

}  // namespace
}  // namespace glassh
