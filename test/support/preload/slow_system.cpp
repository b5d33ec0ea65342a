// A library to be loaded before glasshd (LD_PRELOAD): while a file exists, the system calls that concern slow names and
// paths wait. So a test has a silent name server or a home on a dead file server, and can make it speak again.
//
//   SLOW_SYSTEM_GATE=/tmp/x/gate SLOW_SYSTEM_MARK=/slow/ LD_PRELOAD=$LIBRARY glasshd …
//
// Names that end in ".silent.test" wait; so do paths with SLOW_SYSTEM_MARK in them, and, while the file GATE.groups
// exists, the lists of groups. Each call that waits appends a line to the file GATE.waiting: a test sees that it hangs.
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

#include <dlfcn.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

namespace {

// The plain system calls: the functions of the same name are below.
bool is_there(const std::string& path) { return ::syscall(SYS_faccessat, AT_FDCWD, path.c_str(), F_OK) == 0; }

std::string gate() {
  const char* const path = std::getenv("SLOW_SYSTEM_GATE");
  return path == nullptr ? std::string() : path;
}

void wait_while(const std::string& file, const std::string& who) {
  if (gate().empty() || !is_there(file)) return;
  const std::string line = who + "\n";
  const long log =
      ::syscall(SYS_openat, AT_FDCWD, (gate() + ".waiting").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  ::syscall(SYS_write, log, line.data(), line.size());
  ::syscall(SYS_close, log);
  const timespec moment{0, 10'000'000};
  while (is_there(file)) ::nanosleep(&moment, nullptr);
}

void wait_for_path(const char* path) {
  const char* const mark = std::getenv("SLOW_SYSTEM_MARK");
  if (mark != nullptr && path != nullptr && std::strstr(path, mark) != nullptr) wait_while(gate(), path);
}

void wait_for_address(const sockaddr* address) {
  if (address->sa_family != AF_UNIX) return;
  const void* const bytes = address;
  wait_for_path(static_cast<const sockaddr_un*>(bytes)->sun_path);
}

template <class Function>
Function* next(const char* name) {
  void* const found = ::dlsym(RTLD_NEXT, name);
  Function* function = nullptr;
  std::memcpy(&function, &found, sizeof function);
  return function;
}

}  // namespace

extern "C" {

int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** result) {
  constexpr const char* end = ".silent.test";
  const std::size_t size = name == nullptr ? 0 : std::strlen(name);
  const bool digits_only = hints != nullptr && (hints->ai_flags & AI_NUMERICHOST) != 0;
  if (!digits_only && size > std::strlen(end) && std::strcmp(name + size - std::strlen(end), end) == 0) {
    wait_while(gate(), name);
    return EAI_NONAME;
  }
  return next<decltype(getaddrinfo)>("getaddrinfo")(name, service, hints, result);
}

int getgrouplist(const char* user, gid_t group, gid_t* groups, int* count) {
  wait_while(gate() + ".groups", "groups");
  return next<decltype(getgrouplist)>("getgrouplist")(user, group, groups, count);
}

int open(const char* path, int flags, ...) {
  std::va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  wait_for_path(path);
  return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

int stat(const char* path, struct stat* status) {
  wait_for_path(path);
  return next<int(const char*, struct stat*)>("stat")(path, status);
}

int lstat(const char* path, struct stat* status) {
  wait_for_path(path);
  return next<int(const char*, struct stat*)>("lstat")(path, status);
}

char* realpath(const char* path, char* resolved) {
  wait_for_path(path);
  return next<char*(const char*, char*)>("realpath")(path, resolved);
}

int access(const char* path, int mode) {
  wait_for_path(path);
  return static_cast<int>(::syscall(SYS_faccessat, AT_FDCWD, path, mode));
}

int connect(int socket, const sockaddr* address, socklen_t size) {
  wait_for_address(address);
  return static_cast<int>(::syscall(SYS_connect, socket, address, size));
}

int bind(int socket, const sockaddr* address, socklen_t size) {
  wait_for_address(address);
  return static_cast<int>(::syscall(SYS_bind, socket, address, size));
}

int posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                const posix_spawnattr_t* attributes, char* const* arguments, char* const* environment) {
  for (char* const* each = arguments; *each != nullptr; ++each) wait_for_path(*each);
  return next<decltype(posix_spawn)>("posix_spawn")(pid, path, actions, attributes, arguments, environment);
}

}  // extern "C"
