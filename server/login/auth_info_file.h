// AuthInfoFile is ExposeAuthInfo of sshd_config(5): a file that tells a session's programs how its user logged in.
//
// Lives from the login to the end of the connection. Job: write the file, and remove it at the end. The file has a line
// for each method that succeeded, `publickey ssh-ed25519 AAAA…` or `password`. Only the user may read it. Its name is
// in SSH_USER_AUTH.
//
//   const AuthInfoFile file("publickey ssh-ed25519 AAAA…\n");  file.path()
#pragma once

#include <string>
#include <string_view>

namespace glassh {

class AuthInfoFile {
 public:
  AuthInfoFile() = default;  // none
  // In `directory`, under a name that other users cannot guess. Throws std::system_error.
  explicit AuthInfoFile(std::string_view text, const std::string& directory = "/tmp");
  AuthInfoFile(AuthInfoFile&& other) noexcept;
  AuthInfoFile& operator=(AuthInfoFile&& other) noexcept;
  ~AuthInfoFile();

  const std::string& path() const { return path_; }  // empty: none

 private:
  std::string path_;
};

}  // namespace glassh
