// X11Forwarding and its like. Expected values are what OpenSSH 9.2's sshd -T prints.
#include <gtest/gtest.h>

#include "server/config/server_config.h"
#include "test/support/config_names.h"

namespace glassh {
namespace {

using test::config_error_of;
using test::few_algorithms;

ServerConfig read(std::string_view text) {
  ServerConfigReader reader(few_algorithms());
  reader.text(text, "sshd_config");
  return reader.finish();
}

std::string printed(std::string_view text) {
  const std::string all = effective_config(read(text));
  std::string out;
  for (const std::string_view keyword : {"x11displayoffset ", "x11forwarding ", "x11uselocalhost ", "xauthlocation "}) {
    const std::size_t at = all.find("\n" + std::string(keyword)) + 1 + keyword.size();
    out += (out.empty() ? "" : " ") + all.substr(at, all.find('\n', at) - at);
  }
  return out;
}

TEST(ServerConfigX11, LinesGiveWhatSshdGives) {
  EXPECT_EQ(printed(""), "10 no yes /usr/bin/xauth");
  EXPECT_EQ(printed("X11Forwarding yes\nX11DisplayOffset 0\nX11UseLocalhost no\nXAuthLocation none"), "0 yes no none");
  EXPECT_EQ(printed("X11DisplayOffset 70000\nXAuthLocation /no/such"), "70000 no yes /no/such");
  const ServerConfig config = read("X11Forwarding no\nMatch User ann\nX11Forwarding yes\nX11DisplayOffset 20");
  EXPECT_TRUE(config_for(config, {.user = "ann"}).x11_forwarding);
  EXPECT_EQ(config_for(config, {.user = "ann"}).x11_display_offset, 20u);
  EXPECT_FALSE(config_for(config, {.user = "bob"}).x11_forwarding);
}

TEST(ServerConfigX11, BadLinesSayWhatWasExpected) {
  EXPECT_EQ(config_error_of([] { read("X11DisplayOffset -1"); }),
            "sshd_config:1: X11DisplayOffset: bad value '-1': expected a number of displays");
  EXPECT_EQ(config_error_of([] { read("X11UseLocalhost maybe"); }),
            "sshd_config:1: X11UseLocalhost: bad value 'maybe': expected yes or no");
  EXPECT_EQ(config_error_of([] { read("XAuthLocation xauth"); }),
            "sshd_config:1: XAuthLocation: bad path 'xauth': expected an absolute one, or none");
}

}  // namespace
}  // namespace glassh
