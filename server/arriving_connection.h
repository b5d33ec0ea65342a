// A connection whose peer has not logged in: it answers the core's questions about host keys and logins.
//
// Lives from the accept to the login, or to the connection's end. Job: to carry the core's questions to the
// keeper's record and the answers back, with a line in the log for each, in sshd's words. It decides nothing about
// keys, passwords or users; it tells the record how the connection left. RFC 4252.
//
//   ArrivingConnection arriving(parts);  co_await drive.run(arriving);  if (drive.relieved()) arriving.take_welcome() …
#pragma once

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <utility>

#include "server/connection_parts.h"

namespace glassh {

class ArrivingConnection {
 public:
  explicit ArrivingConnection(ConnectionParts& parts);  // which must outlive it

  // Once, when the drive is relieved: the login is complete and the peer has been told.
  Welcome take_welcome() { return std::move(*welcome_); }
  // It ends without a login, and that may cost its source a penalty. Does nothing when the server shuts down.
  void leave(SourcePenalty penalty);
  // "192.0.2.1 port 50000", "authenticating user ann 192.0.2.1 …", "invalid user ann 192.0.2.1 …"
  std::string who() const;

  // The core's events, for Drive.
  asio::awaitable<void> on(const SignatureWanted& wanted);
  asio::awaitable<void> on(const AuthSettingsWanted& wanted);
  asio::awaitable<void> on(const LoginAttempt& attempt);
  asio::awaitable<void> on(const AttemptAnswered& answered);
  asio::awaitable<void> on(const LoginComplete& login);
  void on(const Disconnected& disconnected);
  template <class Other>
  void on(const Other&) {}

 private:
  void log_answer(const AttemptAnswered& answered) const;
  SourcePenalty penalty_of_leaving() const;
  std::string user_text() const;  // "ann", "invalid user ann"

  ConnectionParts& parts_;
  std::string user_;  // empty until the peer begins to log in
  bool user_is_known_ = false;
  unsigned max_tries_ = 0;  // MaxAuthTries, once the user is known
  bool tried_ = false;      // some method but `none`, which only asks
  std::optional<Welcome> welcome_;
};

}  // namespace glassh
