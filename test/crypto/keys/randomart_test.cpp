#include "crypto/keys/randomart.h"

#include <gtest/gtest.h>

#include "test/support/test_keys.h"

namespace glassh {
namespace {

PublicKey key_of(const std::string& name) { return parse_public_key_line(test_key_text(name + ".pub")).key; }

// Drawn by ssh-keygen -lv.
TEST(Randomart, IsWhatSshKeygenDraws) {
  EXPECT_EQ(randomart(key_of("ed25519"), HashName::sha256),
            "+--[ED25519 256]--+\n"
            "|         ooBoo+o |\n"
            "|        ..=.=o  .|\n"
            "|         .o=     |\n"
            "|      .   o.o    |\n"
            "|   o . oS.  ..   |\n"
            "|  o * . ..   .   |\n"
            "| . B o  =.  . .  |\n"
            "|  + +  +E==..o   |\n"
            "|   . ...==+=.oo  |\n"
            "+----[SHA256]-----+");
  EXPECT_EQ(randomart(key_of("rsa3072"), HashName::md5),
            "+---[RSA 3072]----+\n"
            "| .++o+oo.+..     |\n"
            "| o.oE . . o      |\n"
            "|  o o            |\n"
            "|   o .           |\n"
            "|      . S        |\n"
            "|       o o .     |\n"
            "|      . o +      |\n"
            "|       o.o .     |\n"
            "|       .o..      |\n"
            "+------[MD5]------+");
}

TEST(Randomart, OtherKeyOrHashIsAnotherPicture) {
  EXPECT_NE(randomart(key_of("ed25519"), HashName::sha256), randomart(key_of("ecdsa"), HashName::sha256));
  EXPECT_NE(randomart(key_of("ed25519"), HashName::sha256), randomart(key_of("ed25519"), HashName::md5));
}

}  // namespace
}  // namespace glassh
