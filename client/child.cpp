#include "client/child.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace glassh {
namespace {

class FileActions {
 public:
  FileActions() { ::posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;

  void open(int fd, const std::string& path, int flags) {
    if (!path.empty()) ::posix_spawn_file_actions_addopen(&actions_, fd, path.c_str(), flags, 0600);
  }
  void duplicate(int from, int to) { ::posix_spawn_file_actions_adddup2(&actions_, from, to); }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

pid_t spawn(std::vector<std::string> arguments, const FileActions& files) {
  std::vector<char*> words;
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t ignored_here;
  ::sigemptyset(&ignored_here);
  ::sigaddset(&ignored_here, SIGPIPE);
  ::posix_spawnattr_setsigdefault(&attributes, &ignored_here);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  pid_t process = 0;
  const int error = ::posix_spawn(&process, words[0], files.get(), &attributes, words.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) throw std::system_error(error, std::generic_category(), arguments[0]);
  return process;
}

int wait_for(pid_t process) {
  int status = 0;
  while (::waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "waitpid");
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::optional<std::string> find_program_beside_us(const std::string& name) {
  std::string own(4096, '\0');
  const ssize_t size = ::readlink("/proc/self/exe", own.data(), own.size());
  if (size > 0 && static_cast<std::size_t>(size) < own.size()) {
    own.resize(static_cast<std::size_t>(size));
    std::string beside = own.substr(0, own.rfind('/') + 1) + name;
    if (::access(beside.c_str(), X_OK) == 0) return beside;
  }
  return find_program_in_path(name);
}

std::optional<std::string> find_program_in_path(const std::string& name) {
  const char* const path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
  while (true) {
    const std::string_view directory = rest.substr(0, rest.find(':'));
    std::string candidate = std::string(directory.empty() ? "." : directory) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    if (directory.size() == rest.size()) return std::nullopt;
    rest.remove_prefix(directory.size() + 1);
  }
}

std::string user_shell() {
  const char* const named = std::getenv("SHELL");
  return named != nullptr && *named != '\0' ? named : "/bin/sh";
}

int run_child(const std::vector<std::string>& arguments, const ChildStreams& streams) {
  FileActions files;
  files.open(STDIN_FILENO, streams.input, O_RDONLY);
  files.open(STDOUT_FILENO, streams.output, O_WRONLY | O_CREAT | O_TRUNC);
  if (!streams.errors.empty() && streams.errors == streams.output) {
    files.duplicate(STDOUT_FILENO, STDERR_FILENO);
  } else {
    files.open(STDERR_FILENO, streams.errors, O_WRONLY | O_CREAT | O_TRUNC);
  }
  return wait_for(spawn(arguments, files));
}

ChildOutput run_child_for_output(const std::vector<std::string>& arguments) {
  Pipe output = make_pipe();
  FileActions files;
  files.open(STDIN_FILENO, "/dev/null", O_RDONLY);
  files.duplicate(output.write_end.get(), STDOUT_FILENO);
  files.open(STDERR_FILENO, "/dev/null", O_WRONLY);
  const pid_t process = spawn(arguments, files);
  output.write_end.close();

  SecretBytes text(4096);
  SecretBytes dropped(4096);
  std::size_t size = 0;
  while (true) {
    const MutableBytes left = text.reveal().subspan(size);
    const MutableBytes place = left.empty() ? dropped.reveal() : left;
    const ssize_t got = ::read(output.read_end.get(), place.data(), place.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    if (!left.empty()) size += static_cast<std::size_t>(got);
  }
  text.truncate(size);
  const int status = wait_for(process);
  return {std::move(text), status};
}

PipedChild::PipedChild(const std::vector<std::string>& arguments, const std::string& errors) {
  Pipe input = make_pipe();
  Pipe output = make_pipe();
  FileActions files;
  files.duplicate(input.read_end.get(), STDIN_FILENO);
  files.duplicate(output.write_end.get(), STDOUT_FILENO);
  files.open(STDERR_FILENO, errors, O_WRONLY | O_CREAT | O_TRUNC);
  process_ = spawn(arguments, files);
  input_ = std::move(input.write_end);
  output_ = std::move(output.read_end);
}

PipedChild::~PipedChild() {
  input_.close();
  output_.close();
  if (process_ == 0) return;
  int status = 0;
  while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
}

void PipedChild::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(input_.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw std::system_error(errno, std::generic_category(), "write to a child");
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

bool PipedChild::read_until(std::string_view marker) {
  while (true) {
    for (std::size_t at = unread_.find(marker); at != std::string::npos; at = unread_.find(marker, at + 1)) {
      if (at > 0 && unread_[at - 1] != '\n') continue;
      unread_.erase(0, at + marker.size());
      return true;
    }
    if (!read_more()) return false;
  }
}

bool PipedChild::read_more() {
  char buffer[4096];
  ssize_t got = -1;
  do {
    got = ::read(output_.get(), buffer, sizeof buffer);
  } while (got < 0 && errno == EINTR);
  if (got > 0) unread_.append(buffer, static_cast<std::size_t>(got));
  return got > 0;
}

int PipedChild::finish() {
  input_.close();
  while (read_more()) unread_.clear();  // so that it is not kept from ending by what it still has to say
  return wait_for(std::exchange(process_, 0));
}

}  // namespace glassh
