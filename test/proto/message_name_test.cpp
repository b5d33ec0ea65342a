#include "proto/message_name.h"

#include <gtest/gtest.h>

namespace glassh {
namespace {

TEST(MessageName, ANumberWithOneMeaningIsNamed) {
  EXPECT_EQ(message_name(1), "SSH_MSG_DISCONNECT (1)");
  EXPECT_EQ(message_name(5), "SSH_MSG_SERVICE_REQUEST (5)");
  EXPECT_EQ(message_name(90), "SSH_MSG_CHANNEL_OPEN (90)");
}

TEST(MessageName, ANumberThatMethodsShareOrNobodyKnowsIsANumber) {
  for (const int number : {0, 30, 49, 60, 79, 127, 255}) {
    EXPECT_EQ(message_name(static_cast<std::uint8_t>(number)), "message " + std::to_string(number));
  }
}

}  // namespace
}  // namespace glassh
