// Passwords finds out whether a password is the one that a hash was made of: crypt(3), in threads of its own.
//
// Lives as long as the process. Job: compute hashes outside of the threads that serve connections. Hashing is slow by
// intention. In threads of its own, a peer that floods the server with logins delays other logins, but no session.
// There is always exactly one hash to compute, also if the answer is known to be no (a locked account, no account at
// all), so that the time does not tell (past vulnerabilities 8, 18 and 19).
//
//   if (co_await passwords.check(stored.hash.clone(), std::move(password), EmptyPassword::refuse)) …
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <mutex>
#include <thread>
#include <vector>

#include "proto/secret_bytes.h"

namespace glassh {

enum class EmptyPassword { refuse, permit };  // PermitEmptyPasswords

// Longer ones are refused before a hash is computed: no user has such a password, and hashing it costs much time.
constexpr std::size_t longest_password = 1024;

// `hash` as crypt(3) makes it; "" is an empty password, and one that begins with ! or * is of a locked account and fits
// nothing. Takes as long as crypt(3) takes. An error of crypt(3) is false.
bool password_matches(Bytes hash, Bytes password, EmptyPassword empty);

class Passwords {
 public:
  Passwords() = default;
  ~Passwords();  // no connection may wait for a check any more
  Passwords(const Passwords&) = delete;
  Passwords& operator=(const Passwords&) = delete;

  // Starts the threads, if they do not run yet. A daemon forks before. Throws std::system_error if there is no room for
  // one of them.
  void start();
  // Computes elsewhere and returns to the caller's executor. Calls start(). From any thread. May be cancelled: then
  // what waits for its turn is not computed.
  boost::asio::awaitable<bool> check(SecretBytes hash, SecretBytes password, EmptyPassword empty);

 private:
  std::once_flag started_;
  boost::asio::io_context work_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> more_comes_{work_.get_executor()};
  std::vector<std::thread> threads_;
};

}  // namespace glassh
