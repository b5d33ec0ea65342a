// One run of glassh, from the byte stream to the exit status.
//
// Lives as long as the program's connection, and a little longer: until what arrived is written. Job: it owns the
// stream, the core, its drive and the judgement of the host key, which both phases need, and hands the drive's events
// to the phase that the connection is in: LoginPhase, from AuthenticationSucceeded on ServicePhase.
//
//   SshClient client(executor, config, wish, std::move(stream), asker, log, rng, trace.sink(), key_log, deadline);
//   const int status = co_await client.run();
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include <boost/asio/awaitable.hpp>

#include "channels/io/drive.h"
#include "client/client_connection.h"
#include "client/client_log.h"
#include "client/client_phase.h"
#include "client/config/client_config.h"
#include "client/host_key_check.h"
#include "client/server_stream.h"
#include "client/service_phase.h"
#include "client/terminal/asker.h"

namespace glassh {

class SshClient {
 public:
  using Deadline = std::optional<std::chrono::steady_clock::time_point>;
  static constexpr int own_error = ClientPhase::own_error;

  // References and `trace` (which may be null) must outlive this. `wish`: this program's session. `asker` finds the
  // person whom questions are for. `deadline`: when ConnectTimeout ends, until the server has proved its host key.
  SshClient(const asio::any_io_executor& executor, const ClientConfig& config, SessionWish wish, ServerStream stream,
            Asker asker, ClientLog& log, Rng& rng, TraceSink* trace, KeyLog key_log, Deadline deadline);

  asio::awaitable<int> run();  // returns the exit status
  // Ends the connection in good order; run() then returns soon. Returns true if the program must then
  // die of the signal.
  bool end_by_signal(int signal) { return phase_->end_by_signal(signal); }
  // The interrupt key: returns false if no command line (~C) is open, which it would have closed.
  bool interrupt_command_line() { return phase_->interrupt_command_line(); }
  // Called once after the login, when all that the configuration asks for has been started. Its argument lives as long
  // as this object.
  std::function<void(ServicePhase&)> on_login;

  // For Drive.
  void on(const AuthenticationSucceeded& event);
  template <class Event>
  auto on(const Event& event) {
    return phase_->on(event);
  }

 private:
  const ClientConfig& config_;
  const SessionWish wish_;
  ServerStream stream_;
  const Asker asker_;
  HostKeyCheck host_key_check_;
  ClientConnection connection_;
  Drive<ClientConnection> drive_;
  const ClientParts parts_;
  std::shared_ptr<ClientPhase> phase_;
};

}  // namespace glassh
