// Login decides who logs in: the user who runs glasshd, with a key that an AuthorizedKeysFile lists, or with the
// password.
//
// Lives for one question of LoginDesk. Job: judge one key or one password by the configuration and the user's files.
// RFC 4252 section 7 [4252-7-2]: the key must be authorized for the user; server_auth has checked that the peer owns
// it. Section 5 [4252-5-9] [4252-5-10]: for a name without an account Login does the same work, with the files of the
// user who runs glasshd, and then answers no; so neither answers nor times tell which names exist. Files are read as
// slow calls (channels/io/slow_calls.h). The log and the trace name every file that is read, and every line and file
// that is refused. Questions are coroutines, so that a privileged process may answer them one day. Other accounts and
// principals are not supported yet.
//
//   const LoginVerdict verdict = co_await login.judge(std::string(attempt.user), *attempt.key, origin, trace);
#pragma once

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "auth/key_options.h"
#include "auth/server_auth.h"
#include "channels/io/slow_calls.h"
#include "server/account.h"
#include "server/config/server_config.h"
#include "server/log.h"
#include "server/login/passwords.h"

namespace glassh {

struct LoginVerdict {
  bool user_is_known = false;  // false: refused, whatever the key or the password
  bool key_is_listed = false;
  std::string found_at;  // "/home/me/.ssh/authorized_keys:3"
  KeyOptions options;    // of that line: they are in force from then on
  bool password_is_right = false;

  LoginDecision decision() const {
    return user_is_known && (key_is_listed || password_is_right) ? LoginDecision::accept : LoginDecision::refuse;
  }
};

class Login {
 public:
  // All references must outlive it. `slow` may be null: the calls are this process's own.
  Login(const ServerConfig& config, const Account& account, const Log& log, Passwords& passwords,
        std::shared_ptr<SlowCaller> slow = nullptr)
      : config_(config), account_(account), log_(log), passwords_(passwords), slow_(std::move(slow)) {}

  // Safe from several threads. `key` must live until it returns; `trace` may be null.
  boost::asio::awaitable<LoginVerdict> judge(std::string user, const Credential& key, LoginOrigin origin,
                                             TraceSink* trace) const;
  boost::asio::awaitable<LoginVerdict> judge_password(std::string user, SecretBytes password, TraceSink* trace) const;

 private:
  // The place that lists the key, and the options there.
  struct Found {
    std::string place;
    KeyOptions options;
  };
  boost::asio::awaitable<std::optional<Found>> find(const Credential& key, const LoginOrigin& origin,
                                                    TraceSink* trace) const;
  // In what AuthorizedKeysCommand prints.
  boost::asio::awaitable<std::optional<Found>> ask_command(const Credential& key, const LoginOrigin& origin,
                                                           TraceSink* trace) const;
  boost::asio::awaitable<std::optional<Found>> find_in(std::string path, const Credential& key,
                                                       const LoginOrigin& origin, TraceSink* trace) const;
  std::optional<Found> find_in_text(const std::string& text, const std::string& path, const Credential& key,
                                    const LoginOrigin& origin, TraceSink* trace) const;
  void say(LogLevel level, TraceSink* trace, std::string_view text) const;

  const ServerConfig& config_;
  const Account& account_;
  const Log& log_;
  Passwords& passwords_;
  const std::shared_ptr<SlowCaller> slow_;
};

}  // namespace glassh
