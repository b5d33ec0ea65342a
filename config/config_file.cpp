#include "config/config_file.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace glassh {
namespace {

// A configuration is written by people; what is larger than this is not one.
constexpr std::size_t largest_file = 16 << 20;

struct OpenFile {
  int descriptor;
  ~OpenFile() { ::close(descriptor); }
};

}  // namespace

std::optional<std::string> read_config_file(const std::string& path, const std::optional<std::uint32_t>& owner) {
  const OpenFile file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.descriptor < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return {};
    throw ConfigError(fmt::format("{}: cannot be opened: {}", path, std::strerror(errno)));
  }
  struct stat status {};
  if (::fstat(file.descriptor, &status) != 0) {
    throw ConfigError(fmt::format("{}: cannot be examined: {}", path, std::strerror(errno)));
  }
  if (S_ISDIR(status.st_mode)) throw ConfigError(fmt::format("{}: is a directory", path));
  if (owner) {
    if (status.st_uid != 0 && status.st_uid != *owner) {
      throw ConfigError(fmt::format("{}: bad owner: it belongs to user {}, not to you", path, status.st_uid));
    }
    if ((status.st_mode & 022) != 0) {
      throw ConfigError(
          fmt::format("{}: bad permissions {:04o}: others may write it; chmod go-w", path, status.st_mode & 07777));
    }
  }

  std::string content;
  char buffer[4096];
  for (;;) {
    const auto size = ::read(file.descriptor, buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) throw ConfigError(fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
    if (size == 0) return content;
    content.append(buffer, static_cast<std::size_t>(size));
    if (content.size() > largest_file) throw ConfigError(fmt::format("{}: is too large for a configuration", path));
  }
}

std::vector<std::string> find_included_files(const std::string& pattern, std::string_view directory) {
  const auto path = pattern.starts_with('/') ? pattern : fmt::format("{}/{}", directory, pattern);
  glob_t found{};
  std::vector<std::string> files;
  if (::glob(path.c_str(), 0, nullptr, &found) == 0) files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  return files;
}

}  // namespace glassh
