// Sockets with a path: connecting to one, and listening on one that nobody else gets at.
//
// Agents live behind them, and so do the agents that a session forwards. A listening socket of ours has mode 0600 and
// stands in a directory of its own with mode 0700, whatever the umask, and who connects is asked for his user id (past
// vulnerability 94). Nothing here reads or writes.
//
//   PrivateSocket socket = PrivateSocket::in_new_directory("ssh-", "agent.4711");
//   while (Fd peer = accept_connection(socket.number())) …
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "channels/io/fd.h"

namespace glassh {

// Non-blocking, close-on-exec. Throws std::system_error; a listener whose queue is full counts as one that is not
// there (EAGAIN).
Fd connect_to_socket(const std::string& path);

// The user id of the process at the other end, as it was when it connected. Nothing if the system does not say.
std::optional<std::uint32_t> peer_user_id(int socket);

// A listening socket, and its name in the file system: removed with this object.
class PrivateSocket {
 public:
  // In a new directory below $TMPDIR or /tmp whose name begins with `prefix`. Throws std::system_error naming the path.
  static PrivateSocket in_new_directory(const std::string& prefix, const std::string& name);
  // At `path`, which must not exist yet. The directory stays as it is, whoever may enter it.
  static PrivateSocket at(const std::string& path) { return at(path, private_mask, false); }
  // The same, for as many as StreamLocalBindMask lets in (its bits are those that the mode must not have), and with
  // StreamLocalBindUnlink: a socket that is there already is replaced. Nothing but a socket ever is: the path may come
  // from somebody who may forward and nothing else.
  static PrivateSocket at(const std::string& path, std::uint32_t mask, bool replace);
  PrivateSocket() = default;  // none
  PrivateSocket(PrivateSocket&& other) noexcept;
  PrivateSocket& operator=(PrivateSocket&& other) noexcept;
  ~PrivateSocket() { remove(); }

  const std::string& path() const { return path_; }
  int number() const { return socket_.get(); }
  // The descriptor, for who waits on it. The names stay this object's.
  Fd release_descriptor() { return std::move(socket_); }
  // The name only if it still is this socket's: somebody may have put another one there.
  void remove();
  // Leaves the names alone: another process (a child) has taken over.
  void forget();

 private:
  static constexpr std::uint32_t private_mask = 0177;
  static void listen(PrivateSocket& socket, std::uint32_t mask);

  Fd socket_;
  std::uint64_t device_ = 0, inode_ = 0;  // what bears the name
  std::string path_;
  std::string directory_;  // that is ours to remove; or empty
};

// A connection that waits at `listener` (non-blocking), itself non-blocking; none when there is no more.
Fd accept_connection(int listener);

}  // namespace glassh
