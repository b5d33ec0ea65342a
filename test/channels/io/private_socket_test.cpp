#include "channels/io/private_socket.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace glassh {
namespace {

unsigned mode_of(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 ? facts.st_mode & 07777 : 0;
}

// Past vulnerability 94: nobody else reaches the socket, whatever the umask.
TEST(PrivateSocket, ItsDirectoryIsTheOwnersAloneWhateverTheUmask) {
  for (const mode_t mask : {0, 022, 077}) {
    const mode_t before = ::umask(mask);
    const PrivateSocket socket = PrivateSocket::in_new_directory("glassh-test-", "agent.1");
    ::umask(before);
    const std::string directory = std::filesystem::path(socket.path()).parent_path();
    EXPECT_EQ(mode_of(directory), 0700u);
    EXPECT_EQ(mode_of(socket.path()), 0600u);
  }
}

TEST(PrivateSocket, ItsNamesGoWithIt) {
  PrivateSocket socket = PrivateSocket::in_new_directory("glassh-test-", "agent.1");
  const std::string path = socket.path();
  const std::string directory = std::filesystem::path(path).parent_path();
  PrivateSocket moved = std::move(socket);
  socket.remove();
  EXPECT_TRUE(std::filesystem::exists(path));
  moved.remove();
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_FALSE(std::filesystem::exists(directory));
}

TEST(PrivateSocket, APathThatExistsIsLeftAlone) {
  const PrivateSocket first = PrivateSocket::in_new_directory("glassh-test-", "agent.1");
  try {
    PrivateSocket::at(first.path());
    FAIL() << "two sockets with one name";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), EADDRINUSE);
  }
  EXPECT_TRUE(std::filesystem::exists(first.path()));
}

TEST(PrivateSocket, APathThatIsTooLongIsRefusedNotCut) {
  EXPECT_THROW(PrivateSocket::at("/tmp/" + std::string(200, 'x')), std::system_error);
  EXPECT_THROW(connect_to_socket("/tmp/" + std::string(200, 'x')), std::system_error);
}

// A NUL ends a name for the system, so what is in front of it would be removed in its place.
TEST(PrivateSocket, ANameThatCannotBeBoundReplacesNothing) {
  const PrivateSocket first = PrivateSocket::in_new_directory("glassh-test-", "agent.1");
  const std::string with_nul = first.path() + std::string(1, '\0') + "more";
  EXPECT_THROW(PrivateSocket::at(with_nul, 0177, true), std::system_error);
  EXPECT_TRUE(std::filesystem::exists(first.path()));
}

TEST(PrivateSocket, WhoConnectsIsKnownByUserId) {
  PrivateSocket socket = PrivateSocket::in_new_directory("glassh-test-", "agent.1");
  EXPECT_FALSE(accept_connection(socket.number()));
  EXPECT_EQ(errno, EAGAIN);
  const Fd client = connect_to_socket(socket.path());
  const Fd peer = accept_connection(socket.number());
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer_user_id(peer.get()), ::geteuid());
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const Fd no_socket(pipe_ends[0]);
  const Fd other(pipe_ends[1]);
  EXPECT_EQ(peer_user_id(no_socket.get()), std::nullopt);
}

}  // namespace
}  // namespace glassh
