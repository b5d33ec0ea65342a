// The first phase of a run of glassh: whether this is the right server, and whether it lets the user in.
//
// Lives from the byte stream to AuthenticationSucceeded, or to the end of a connection that does not get there. Job: to
// answer what the core asks until then, and to give up when ConnectTimeout has passed. The questions of RFC 4252 go on
// to ClientLogin, which it owns; with it go the user's keys.
//
//   auto phase = std::make_shared<LoginPhase>(parts, deadline);  phase->start();
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include <boost/asio/steady_timer.hpp>

#include "client/client_login.h"
#include "client/client_phase.h"

namespace glassh {

class LoginPhase final : public ClientPhase, public std::enable_shared_from_this<LoginPhase> {
 public:
  using Deadline = std::optional<std::chrono::steady_clock::time_point>;

  // `deadline`: when ConnectTimeout ends; from HostKeyOffered on it does not count.
  LoginPhase(const ClientParts& parts, Deadline deadline);

  void start() override;
  bool end_by_signal(int signal) override;
  asio::awaitable<int> finish() override;

  using ClientPhase::on;
  asio::awaitable<void> on(const HostKeyOffered& event) override;
  asio::awaitable<void> on(const IdentitiesWanted& event) override { return login_.on(event); }
  asio::awaitable<void> on(const PublicHalfWanted& event) override { return login_.on(event); }
  asio::awaitable<void> on(const UserSignatureWanted& event) override { return login_.on(event); }
  asio::awaitable<void> on(const PasswordWanted& event) override { return login_.on(event); }
  asio::awaitable<void> on(const PasswordChangeWanted& event) override { return login_.on(event); }
  asio::awaitable<void> on(const AnswersWanted& event) override { return login_.on(event); }
  void on(const BannerArrived& event) override { login_.on(event); }
  void on(const AuthenticationSucceeded& event) override { login_.on(event); }
  void on(const AuthenticationFailed& event) override;
  void on(const Disconnected& event) override;

 private:
  void give_up();

  const Deadline deadline_;
  ClientLogin login_;
  asio::steady_timer timer_;
};

}  // namespace glassh
