#include "client/terminal/utf8.h"

#include <gtest/gtest.h>

namespace glassh {
namespace {

// [4252-8-3] [4256-3.4-2] keeps
TEST(Utf8, WhatIsTypedLeavesAsUtf8) {
  struct Case {
    std::string typed, encoding, sent;
  };
  const Case cases[] = {
      {"g\xe4st", "ISO-8859-1", "g\xc3\xa4st"},
      {"\xa4", "ISO-8859-15", "\xe2\x82\xac"},
      {"g\xc3\xa4st", "UTF-8", "g\xc3\xa4st"},
      {"plain", "ISO-8859-1", "plain"},
      {"", "ISO-8859-1", ""},
      // Nothing is known of these bytes: they are sent as they are.
      {"g\xc3\xa4st", "ANSI_X3.4-1968", "g\xc3\xa4st"},
      {"g\xe4st", "nobody's encoding", "g\xe4st"},
  };
  for (const Case& each : cases) {
    const SecretBytes sent = to_utf8(SecretBytes(bytes_of(each.typed)), each.encoding);
    EXPECT_EQ(text_of(sent.reveal()), each.sent) << each.encoding;
  }
}

}  // namespace
}  // namespace glassh
