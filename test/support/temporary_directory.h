// A directory for one test, gone with everything in it when the test ends. Its modes are those of a home directory.
//
//   TemporaryDirectory home;  home.write("known_hosts", "…");  home.path("known_hosts")
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

#include <sys/stat.h>
#include <unistd.h>

namespace glassh {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = std::filesystem::temp_directory_path().string() + "/glassh-test-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary directory");
    // The tests compare with names that the file system has resolved.
    path_ = std::filesystem::canonical(name).string();
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }
  std::string path(std::string_view name) const { return path_ + "/" + std::string(name); }

  // The file's path. Its mode does not depend on the umask.
  std::string write(std::string_view name, std::string_view text, mode_t mode = 0600) const {
    const std::string file = path(name);
    std::ofstream(file, std::ios::binary) << text;
    set_mode(name, mode);
    return file;
  }
  std::string read(std::string_view name) const {
    std::ifstream in(path(name), std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + path(name));
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void set_mode(std::string_view name, mode_t mode) const {
    if (chmod(path(name).c_str(), mode) != 0) throw std::runtime_error("cannot set the mode of " + path(name));
  }
  mode_t mode(std::string_view name) const {
    struct stat facts {};
    if (stat(path(name).c_str(), &facts) != 0) throw std::runtime_error("no " + path(name));
    return facts.st_mode & 07777;
  }

 private:
  std::string path_;
};

}  // namespace glassh
