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

TEST(MessageName, TheNumbersOfKeyExchangeAreNamedByTheMethod) {
  EXPECT_EQ(message_name(30, KexFamily::dh), "SSH_MSG_KEXDH_INIT (30)");
  EXPECT_EQ(message_name(31, KexFamily::ecdh), "SSH_MSG_KEX_ECDH_REPLY (31)");
  EXPECT_EQ(message_name(31, KexFamily::group_exchange), "SSH_MSG_KEX_DH_GEX_GROUP (31)");
  EXPECT_EQ(message_name(34, KexFamily::group_exchange), "SSH_MSG_KEX_DH_GEX_REQUEST (34)");
  EXPECT_EQ(message_name(34, KexFamily::ecdh), "message 34");
  EXPECT_EQ(message_name(20, KexFamily::group_exchange), "SSH_MSG_KEXINIT (20)");
}

}  // namespace
}  // namespace glassh
