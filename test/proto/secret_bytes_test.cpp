#include "proto/secret_bytes.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <type_traits>

#include <gtest/gtest.h>

namespace {

// What an array held when it was given back: the only way to see whether a secret was wiped in time.
const void* watched = nullptr;
std::uint8_t last_seen[16];

void look_before_free(void* memory) {
  if (memory != nullptr && memory == watched) std::memcpy(last_seen, memory, sizeof last_seen);
  std::free(memory);
}

}  // namespace

void* operator new[](std::size_t size) {
  void* const memory = std::malloc(size > 0 ? size : 1);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete[](void* memory) noexcept { look_before_free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { look_before_free(memory); }

namespace glassh {
namespace {

const std::vector<std::uint8_t> sixteen(16, 0xab);

void watch(const SecretBytes& secret) {
  watched = secret.reveal().data();
  std::fill(std::begin(last_seen), std::end(last_seen), std::uint8_t{0xcc});
}

bool was_wiped() {
  watched = nullptr;
  return std::all_of(std::begin(last_seen), std::end(last_seen), [](std::uint8_t byte) { return byte == 0; });
}

static_assert(!std::is_copy_constructible_v<SecretBytes>);
static_assert(!std::is_copy_assignable_v<SecretBytes>);
static_assert(std::is_nothrow_move_constructible_v<SecretBytes>);
static_assert(std::is_nothrow_move_assignable_v<SecretBytes>);

// [4251-9.3.7-1] keeps
TEST(SecretBytes, WipesItselfWhenItDies) {
  {
    const SecretBytes secret{Bytes(sixteen)};
    watch(secret);
  }
  EXPECT_TRUE(was_wiped());
}

TEST(SecretBytes, WipesWhatAnAssignmentReplaces) {
  SecretBytes secret{Bytes(sixteen)};
  watch(secret);
  secret = SecretBytes(4);
  EXPECT_TRUE(was_wiped());
}

TEST(SecretBytes, WipesAllOfItselfAfterATruncation) {
  {
    SecretBytes secret{Bytes(sixteen)};
    watch(secret);
    const std::uint8_t* const cut_off = secret.reveal().data() + 5;
    secret.truncate(5);
    EXPECT_EQ(secret.size(), 5U);
    EXPECT_EQ(hex(secret.reveal()), "ababababab");
    EXPECT_TRUE(std::all_of(cut_off, cut_off + 11, [](std::uint8_t byte) { return byte == 0; }));
  }
  EXPECT_TRUE(was_wiped());
}

TEST(SecretBytes, LeavesNothingBehindWhenItMoves) {
  SecretBytes from{Bytes(sixteen)};
  const std::uint8_t* const memory = from.reveal().data();
  SecretBytes to = std::move(from);
  EXPECT_TRUE(from.empty());  // NOLINT: what a moved-from secret says is part of its contract
  EXPECT_EQ(to.reveal().data(), memory);
  SecretBytes third;
  third = std::move(to);
  EXPECT_TRUE(to.empty());  // NOLINT
  EXPECT_EQ(hex(third.reveal()), hex(sixteen));
  SecretBytes& same = third;
  third = std::move(same);
  EXPECT_EQ(hex(third.reveal()), hex(sixteen));
}

TEST(SecretBytes, ClonesOnlyByName) {
  SecretBytes secret{Bytes(sixteen)};
  const SecretBytes copy = secret.clone();
  secret.reveal()[0] = 0;
  EXPECT_EQ(hex(copy.reveal()), hex(sixteen));
}

TEST(SecretBytes, BeginsWithZerosAndMayBeEmpty) {
  EXPECT_EQ(hex(SecretBytes(3).reveal()), "000000");
  EXPECT_TRUE(SecretBytes().empty());
  EXPECT_TRUE(SecretBytes(Bytes()).clone().empty());
  EXPECT_TRUE(SecretBytes(0).reveal().empty());
}

}  // namespace
}  // namespace glassh
