// ClientLogin answers the connection's questions while the user logs in (RFC 4252, RFC 4256): from keys, from the
// agent, and by asking at the terminal.
//
// Lives as long as the login. Job: answer each event that asks. Prompts and texts are ssh(1)'s. The server's texts are
// shown without control characters, and each of its questions has user and host in front, so that it cannot be taken
// for one of ours. With BatchMode no person is asked: the methods that would ask are not tried
// (ClientConfig::authentication_methods). The order of the methods is auth/client_auth's job.
//
//   ClientLogin login(executor, config, connection, log, asker);  co_await login.on(event);
#pragma once

#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "client/client_connection.h"
#include "client/client_log.h"
#include "client/config/client_config.h"
#include "client/identities.h"
#include "client/terminal/asker.h"

namespace glassh {

class ClientLogin {
 public:
  // The references must outlive this object.
  ClientLogin(boost::asio::any_io_executor executor, const ClientConfig& config, ClientConnection& connection,
              ClientLog& log, const Asker& asker);

  boost::asio::awaitable<void> on(const IdentitiesWanted& event);
  boost::asio::awaitable<void> on(const PublicHalfWanted& event);
  boost::asio::awaitable<void> on(const UserSignatureWanted& event);
  boost::asio::awaitable<void> on(const PasswordWanted& event);
  boost::asio::awaitable<void> on(const PasswordChangeWanted& event);
  boost::asio::awaitable<void> on(const AnswersWanted& event);
  // These only tell the user.
  void on(const BannerArrived& event);
  void on(const AuthenticationSucceeded& event);
  void on(const AuthenticationFailed& event);

 private:
  boost::asio::awaitable<std::optional<SecretBytes>> ask(std::string text, Echo echo = Echo::off);
  std::string whose() const;

  const boost::asio::any_io_executor executor_;
  const ClientConfig& config_;
  ClientConnection& connection_;
  ClientLog& log_;
  const Asker& asker_;
  Identities identities_;
};

}  // namespace glassh
