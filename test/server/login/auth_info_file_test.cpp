#include "server/login/auth_info_file.h"

#include <system_error>

#include <gtest/gtest.h>

#include "test/support/temporary_directory.h"

namespace glassh {
namespace {

std::size_t files_in(const TemporaryDirectory& directory) {
  const std::filesystem::directory_iterator files(directory.path());
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

TEST(AuthInfoFile, IsTheOwnersAloneAndGoesWithTheObject) {
  TemporaryDirectory directory;
  {
    AuthInfoFile file("publickey x\npassword\n", directory.path());
    const std::string name = std::filesystem::path(file.path()).filename();
    EXPECT_EQ(directory.read(name), "publickey x\npassword\n");
    EXPECT_EQ(directory.mode(name), 0600U);
    EXPECT_NE(AuthInfoFile("", directory.path()).path(), file.path());
    AuthInfoFile moved;
    moved = std::move(file);
    EXPECT_TRUE(std::filesystem::exists(moved.path()));
    EXPECT_EQ(files_in(directory), 1U);
  }
  EXPECT_EQ(files_in(directory), 0U);
  EXPECT_THROW(AuthInfoFile("x", directory.path("missing")), std::system_error);
  EXPECT_EQ(AuthInfoFile().path(), "");
}

}  // namespace
}  // namespace glassh
