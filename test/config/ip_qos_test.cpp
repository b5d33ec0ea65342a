// IPQoS: what OpenSSH 9.2 prints for each of these words.
#include "config/ip_qos.h"

#include <gtest/gtest.h>

namespace glassh {
namespace {

std::string text_of(const std::vector<std::string>& words) {
  try {
    return ip_qos_text(parse_ip_qos(words));
  } catch (const ConfigError& error) {
    return error.what();
  }
}

TEST(IpQos, NamesAndNumbersAreReadAndPrintedAsOpensshPrintsThem) {
  EXPECT_EQ(ip_qos_text({}), "lowdelay throughput");
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"lowdelay"}, "lowdelay lowdelay"},
      {{"af21", "cs1"}, "af21 cs1"},
      {{"none"}, "none none"},
      {{"lowdelay", "none"}, "lowdelay none"},
      {{"0x10", "8"}, "lowdelay throughput"},
      {{"LE", "ef"}, "le ef"},
      {{"reliability"}, "le le"},
      {{"0"}, "cs0 cs0"},
      {{"255", "7"}, "0xff 0x07"},
      {{"AF43", "0Xe0"}, "af43 cs7"},
  };
  for (const auto& [words, text] : cases) EXPECT_EQ(text_of(words), text) << words[0];
}

TEST(IpQos, AnythingElseIsAnError) {
  for (const std::string word : {"foo", "256", "-1", "0x", "0x1g", "1 ", ""}) {
    EXPECT_EQ(text_of({word}), "Bad IPQoS value: " + word + " (expected a name such as af21, 0 to 255, or none)");
    EXPECT_EQ(text_of({"af11", word}), text_of({word}));
  }
}

}  // namespace
}  // namespace glassh
