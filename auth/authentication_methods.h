// Which methods of RFC 4252 may be tried now, and when enough of them have succeeded: AuthenticationMethods of
// sshd_config(5).
//
// The configuration is one or more lists, each of methods that have to succeed in that order; the first list that is
// complete lets the user in. Without lists any one method is enough. It decides by names alone; whether a key or a
// password was right, and that one key does not count twice, is server_auth's.
//
//   AuthenticationProgress progress({{"publickey", "password"}}, {"publickey", "password"});
//   progress.continuing() == "publickey";  progress.succeeded("publickey") == false;  progress.continuing() ==
//   "password"
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace glassh {

// Each list in the order of its methods; no lists: any one method.
using AuthenticationMethods = std::vector<std::vector<std::string>>;

// "publickey,password publickey,keyboard-interactive" in words, or "any". Throws std::runtime_error saying what is
// wrong. Methods that sshd_config(5) has and we do not are taken; a list with one can never be completed.
AuthenticationMethods parse_authentication_methods(const std::vector<std::string>& words);

class AuthenticationProgress {
 public:
  // `enabled`: what may be tried at all, in the order in which it is offered. A list with another method is left out.
  AuthenticationProgress(const AuthenticationMethods& lists, std::vector<std::string> enabled);

  // No list is left, so no user can log in.
  bool impossible() const { return has_lists_ && lists_.empty(); }
  // Whether the method is next in one of the lists.
  bool allows(std::string_view method) const;
  // RFC 4252 section 5.1: authentications_that_can_continue.
  std::string continuing() const;
  // A method that was allowed has succeeded. True: and that completes a list.
  bool succeeded(std::string_view method);

 private:
  bool has_lists_;
  AuthenticationMethods lists_;  // what is left of each
  std::vector<std::string> enabled_;
};

}  // namespace glassh
