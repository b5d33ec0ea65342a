#include "channels/io/private_socket.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace glassh {

namespace {

constexpr int listen_backlog = 128;

[[noreturn]] void fail(int error, const std::string& text) {
  throw std::system_error(error, std::generic_category(), text);
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) fail(ENAMETOOLONG, path);
  // A NUL would end the name early. A NUL in front would make an abstract name, which has no permissions.
  if (path.empty() || path.find('\0') != std::string::npos) fail(EINVAL, path);
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Fd new_socket() {
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) fail(errno, "socket(AF_UNIX)");
  return socket;
}

bool is_socket(const std::string& path) {
  struct stat found {};
  return ::lstat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode);
}

// Gives back what the umask took. The descriptor is of what has been looked at, whatever the name means by now.
void open_to(const std::string& path, mode_t mode, ino_t inode) {
  const Fd found(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat what {};
  if (!found || ::fstat(found.get(), &what) < 0 || !S_ISSOCK(what.st_mode) || what.st_ino != inode) return;
  ::chmod(("/proc/self/fd/" + std::to_string(found.get())).c_str(), mode);
}

}  // namespace

Fd connect_to_socket(const std::string& path) {
  const sockaddr_un address = address_of(path);
  Fd socket = new_socket();
  // Sockets' functions take sockaddr*, whatever the family; void* is the way there that needs no cast.
  const void* const generic = &address;
  if (::connect(socket.get(), static_cast<const sockaddr*>(generic), sizeof address) < 0) fail(errno, path);
  return socket;
}

std::optional<std::uint32_t> peer_user_id(int socket) {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0 || size != sizeof who) return std::nullopt;
  return who.uid;
}

PrivateSocket PrivateSocket::in_new_directory(const std::string& prefix, const std::string& name) {
  const char* const temporary = std::getenv("TMPDIR");
  std::string directory = temporary != nullptr && *temporary != '\0' ? temporary : "/tmp";
  directory += "/" + prefix + "XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr) fail(errno, "mkdtemp: private socket dir " + directory);
  PrivateSocket socket;
  socket.directory_ = directory;  // mode 0700: that is what mkdtemp(3) does
  socket.path_ = directory + "/" + name;
  listen(socket, private_mask);
  return socket;
}

PrivateSocket PrivateSocket::at(const std::string& path, std::uint32_t mask, bool replace) {
  address_of(path);  // a name that cannot be bound replaces nothing, least of all what it begins with before a NUL
  if (replace && is_socket(path)) ::unlink(path.c_str());
  PrivateSocket socket;
  socket.path_ = path;
  listen(socket, mask);
  return socket;
}

void PrivateSocket::listen(PrivateSocket& socket, std::uint32_t mask) {
  const std::string path = std::exchange(socket.path_, "");  // not ours to remove until it is bound
  const sockaddr_un address = address_of(path);
  socket.socket_ = new_socket();
  const void* const generic = &address;
  // The name gets the mode that the socket has before (less the umask). So it is never open to others, and the umask,
  // which all threads share, stays as it is.
  const mode_t mode = 0777 & ~mask;
  if (::fchmod(socket.number(), mode) < 0) fail(errno, path);
  if (::bind(socket.number(), static_cast<const sockaddr*>(generic), sizeof address) < 0) fail(errno, path);
  socket.path_ = path;
  struct stat made {};
  ::lstat(path.c_str(), &made);
  socket.device_ = made.st_dev;
  socket.inode_ = made.st_ino;
  if ((made.st_mode & 0777) != mode) open_to(path, mode, socket.inode_);
  if (::listen(socket.number(), listen_backlog) < 0) fail(errno, path);
}

PrivateSocket::PrivateSocket(PrivateSocket&& other) noexcept
    : socket_(std::move(other.socket_)),
      device_(other.device_),
      inode_(other.inode_),
      path_(std::exchange(other.path_, "")),
      directory_(std::exchange(other.directory_, "")) {}

PrivateSocket& PrivateSocket::operator=(PrivateSocket&& other) noexcept {
  if (this == &other) return *this;
  remove();
  socket_ = std::move(other.socket_);
  device_ = other.device_;
  inode_ = other.inode_;
  path_ = std::exchange(other.path_, "");
  directory_ = std::exchange(other.directory_, "");
  return *this;
}

void PrivateSocket::remove() {
  socket_.close();
  struct stat found {};
  const bool there = !path_.empty() && ::lstat(path_.c_str(), &found) == 0;
  if (there && found.st_dev == device_ && found.st_ino == inode_) ::unlink(path_.c_str());
  if (!directory_.empty()) ::rmdir(directory_.c_str());
  forget();
}

void PrivateSocket::forget() {
  path_.clear();
  directory_.clear();
}

Fd accept_connection(int listener) {
  while (true) {
    Fd peer(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (peer || (errno != EINTR && errno != ECONNABORTED)) return peer;
  }
}

}  // namespace glassh
