#include "client/login_phase.h"

namespace glassh {

LoginPhase::LoginPhase(const ClientParts& parts, Deadline deadline)
    : ClientPhase(parts),
      deadline_(deadline),
      login_(parts.executor, parts.config, parts.connection, parts.log, parts.asker),
      timer_(parts.executor) {}

void LoginPhase::start() {
  if (!deadline_) return;
  timer_.expires_at(*deadline_);
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto self = weak.lock();
    if (!error && self != nullptr) self->give_up();
  });
}

void LoginPhase::give_up() {
  if (parts_.connection.transport().peer_version().empty()) {
    parts_.log.error("Connection timed out during banner exchange");
  }
  parts_.log.error("Connection to {} timed out", parts_.server);
  leave(DisconnectReason::by_application, "the handshake took too long");
}

// As ssh(1), which catches signals in a session only: before that the program dies of them.
bool LoginPhase::end_by_signal(int signal) {
  parts_.log.verbose("Killed by signal {}.", signal);
  leave(DisconnectReason::by_application, "disconnected by user");
  return true;
}

asio::awaitable<int> LoginPhase::finish() {
  timer_.cancel();
  co_return own_error;
}

asio::awaitable<void> LoginPhase::on(const HostKeyOffered& event) {
  timer_.cancel();
  return ClientPhase::on(event);
}

void LoginPhase::on(const AuthenticationFailed& event) {
  login_.on(event);
  leave(DisconnectReason::no_more_auth_methods_available, "no more authentication methods to try");
}

void LoginPhase::on(const Disconnected& event) {
  const bool no_common_ground = !event.by_peer && event.reason == DisconnectReason::key_exchange_failed;
  if (event.by_peer && event.reason == DisconnectReason::connection_lost) {
    parts_.log.fatal("Connection closed by {}", parts_.server);
  } else if (no_common_ground && event.unmatched.empty()) {
    parts_.log.fatal("Unable to negotiate with {}: {}", parts_.server, printable(event.description));
  } else {
    say_why(event);
  }
}

}  // namespace glassh
