// What the connection asks while the user logs in, answered from keys, agent and terminal: RFC 4252 and RFC 4256 as a
// person sees them.
//
// Prompts and texts are ssh(1)'s. What a server says is shown without its control characters, and each of its questions
// with user and host in front, so that it cannot pass for one of ours. With BatchMode nobody is asked: the methods that
// would ask are not tried (ClientConfig::authentication_methods).
//
//   ClientLogin login(executor, config, connection, log, asker);  … asio::awaitable<void> on(const PasswordWanted& e);
#pragma once

#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "client/client_connection.h"
#include "client/client_log.h"
#include "client/config/client_config.h"
#include "client/identities.h"
#include "client/terminal/ask.h"

namespace glassh {

class ClientLogin {
 public:
  // All must outlive this.
  ClientLogin(boost::asio::any_io_executor executor, const ClientConfig& config, ClientConnection& connection,
              ClientLog& log, const Asker& asker);

  boost::asio::awaitable<void> on(const IdentitiesWanted& event);
  boost::asio::awaitable<void> on(const PublicHalfWanted& event);
  boost::asio::awaitable<void> on(const UserSignatureWanted& event);
  boost::asio::awaitable<void> on(const PasswordWanted& event);
  boost::asio::awaitable<void> on(const PasswordChangeWanted& event);
  boost::asio::awaitable<void> on(const AnswersWanted& event);
  // They only tell the user.
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
