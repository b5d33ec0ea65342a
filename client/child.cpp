#include "client/child.h"

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channels/io/launcher.h"

namespace glassh {
namespace {

LaunchStream file(int as, const std::string& path, int flags) { return {.as = as, .path = path, .flags = flags}; }

// As an ordinary child: it has our environment, and what is not said here.
pid_t start(const std::vector<std::string>& arguments, std::vector<LaunchStream> streams) {
  return launch({.program = arguments[0], .arguments = arguments, .streams = std::move(streams)});
}

int exit_status_of(pid_t process) {
  const std::optional<int> status = wait_for_end(process);
  if (!status) throw std::system_error(errno, std::generic_category(), "waitpid");
  return WIFEXITED(*status) ? WEXITSTATUS(*status) : 128 + WTERMSIG(*status);
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
  constexpr int anew = O_WRONLY | O_CREAT | O_TRUNC;
  std::vector<LaunchStream> files;
  if (!streams.input.empty()) files.push_back(file(STDIN_FILENO, streams.input, O_RDONLY));
  if (!streams.output.empty()) files.push_back(file(STDOUT_FILENO, streams.output, anew));
  if (!streams.errors.empty() && streams.errors == streams.output) {
    files.push_back({.as = STDERR_FILENO, .from = STDOUT_FILENO});
  } else if (!streams.errors.empty()) {
    files.push_back(file(STDERR_FILENO, streams.errors, anew));
  }
  return exit_status_of(start(arguments, std::move(files)));
}

ChildOutput run_child_for_output(const std::vector<std::string>& arguments) {
  Pipe output = make_pipe();
  const pid_t process = start(arguments, {file(STDIN_FILENO, "/dev/null", O_RDONLY),
                                          {.as = STDOUT_FILENO, .from = output.write_end.get()},
                                          file(STDERR_FILENO, "/dev/null", O_WRONLY)});
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
  const int status = exit_status_of(process);
  return {std::move(text), status};
}

PipedChild::PipedChild(const std::vector<std::string>& arguments, const std::string& errors) {
  Pipe input = make_pipe();
  Pipe output = make_pipe();
  std::vector<LaunchStream> streams = {{.as = STDIN_FILENO, .from = input.read_end.get()},
                                       {.as = STDOUT_FILENO, .from = output.write_end.get()}};
  if (!errors.empty()) streams.push_back(file(STDERR_FILENO, errors, O_WRONLY | O_CREAT | O_TRUNC));
  process_ = start(arguments, std::move(streams));
  input_ = std::move(input.write_end);
  output_ = std::move(output.read_end);
}

PipedChild::~PipedChild() {
  input_.close();
  output_.close();
  if (process_ != 0) wait_for_end(process_);
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
  return exit_status_of(std::exchange(process_, 0));
}

}  // namespace glassh
