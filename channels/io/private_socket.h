// Sockets with a path: functions that connect and accept, and PrivateSocket, which listens where no other user can
// connect.
//
// Agents use them, and so do the agents that a session forwards. A PrivateSocket has mode 0600 and stands in a
// directory of its own with mode 0700, whatever the umask is; peer_user_id() tells who has connected. Known attack 94
// (conformance/known_attacks) is an agent's socket that other users could reach. This code does not read or write.
//
//   PrivateSocket socket = PrivateSocket::in_new_directory("ssh-", "agent.4711");
//   while (Fd peer = accept_connection(socket.number())) …
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "channels/io/fd.h"

namespace glassh {

// Returns a connected socket: non-blocking, close-on-exec. Throws std::system_error, also if the listener's queue is
// full (EAGAIN).
Fd connect_to_socket(const std::string& path);

// Returns the user id that the process at the other end had when it connected; nullopt if the system does not tell.
std::optional<std::uint32_t> peer_user_id(int socket);

// A listening socket and its name in the file system. Lives as long as its owner listens. Job: the destructor removes
// the name, and the directory if this object made it.
class PrivateSocket {
 public:
  // In a new directory below $TMPDIR or /tmp whose name begins with `prefix`. Throws std::system_error naming the path.
  static PrivateSocket in_new_directory(const std::string& prefix, const std::string& name);
  // At `path`, which must not exist yet. The directory's mode is neither checked nor changed.
  static PrivateSocket at(const std::string& path) { return at(path, private_mask, false); }
  // The same with StreamLocalBindMask (`mask` has the bits that the mode must not have) and StreamLocalBindUnlink: with
  // `replace`, a socket that is there already is replaced. A file of another kind is never replaced, since the path may
  // come from a peer that is permitted to forward and nothing else.
  static PrivateSocket at(const std::string& path, std::uint32_t mask, bool replace);
  PrivateSocket() = default;  // none
  PrivateSocket(PrivateSocket&& other) noexcept;
  PrivateSocket& operator=(PrivateSocket&& other) noexcept;
  ~PrivateSocket() { remove(); }

  const std::string& path() const { return path_; }
  int number() const { return socket_.get(); }
  // Gives the descriptor to the code that waits on it. This object still removes the names.
  Fd release_descriptor() { return std::move(socket_); }
  // Removes the names now. The socket's name is removed only if it still belongs to this socket: another program may
  // have put a socket of its own there.
  void remove();
  // Makes this object leave the names alone: another process (a child) has taken them over.
  void forget();

 private:
  static constexpr std::uint32_t private_mask = 0177;
  static void listen(PrivateSocket& socket, std::uint32_t mask);

  Fd socket_;
  std::uint64_t device_ = 0, inode_ = 0;  // the file that has the name
  std::string path_;
  std::string directory_;  // the directory that this object removes; empty if there is none
};

// Accepts a connection at `listener`, which is non-blocking, and makes it non-blocking. Returns no socket if no
// connection is waiting.
Fd accept_connection(int listener);

}  // namespace glassh
