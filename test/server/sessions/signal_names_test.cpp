// The names of signals in a session's messages.
#include "server/sessions/signal_names.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstring>

namespace glassh {
namespace {

TEST(SignalNames, KnowsTheSignalsOfTheRfc) {
  for (const char* name :
       {"ABRT", "ALRM", "FPE", "HUP", "ILL", "INT", "KILL", "PIPE", "QUIT", "SEGV", "TERM", "USR1", "USR2"}) {
    const auto number = signal_number(name);
    ASSERT_TRUE(number.has_value()) << name;
    EXPECT_EQ(signal_name(*number), name);  // [4254-6.10-6]
    EXPECT_STREQ(::sigabbrev_np(*number), name);
  }
  for (const char* name : {"", "SIGTERM", "term", "STOP", "TERM ", "9", "INFO@openssh.com"}) {
    EXPECT_FALSE(signal_number(name).has_value()) << name;
  }
  EXPECT_EQ(signal_name(SIGBUS), "SIG@openssh.com");  // [4254-6.10-5]
}

}  // namespace
}  // namespace glassh
