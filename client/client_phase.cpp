#include "client/client_phase.h"

#include <cstdint>
#include <stdexcept>

#include "crypto/keys/key.h"

namespace glassh {

void ClientPhase::leave(DisconnectReason reason, std::string_view description) {
  parts_.connection.disconnect(reason, description);
  parts_.hub->wake();
}

asio::awaitable<void> ClientPhase::on(const HostKeyOffered& event) {
  HostKeyCheck& check = parts_.host_key_check;
  const bool accepted = co_await check.accepts(Credential::decode(event.host_key));
  if (accepted) {
    if (check.unsafe()) parts_.connection.withhold_secrets();
    parts_.connection.accept_host_key();
  } else {
    failed_ = true;
    leave(DisconnectReason::host_key_not_verifiable, "the user does not accept this host key");
  }
}

void ClientPhase::on(const KeysChanged& event) {
  parts_.log.debug1("{}", event.first ? "keys are in use in both directions; now to log in" : "keys have been changed");
}

// RFC 4253 section 11.3 [4253-11.3-2] [4253-11.3-3] [4253-11.3-4]: the text is shown if the server says so, or else
// with -v; without control characters.
void ClientPhase::on(const DebugArrived& event) {
  const LogLevel level = event.always_display ? LogLevel::info : LogLevel::debug1;
  parts_.log.line(level, fmt::format("Remote: {}", printable(event.message)));
}

void ClientPhase::say_why(const Disconnected& event) const {
  ClientLog& log = parts_.log;
  const std::string description = printable(event.description);
  if (event.by_peer) {
    // RFC 4253 section 11.1 [4253-11.1-5]: the description has lost its control characters.
    log.error("Received disconnect from {}:{}: {}", parts_.server, static_cast<std::uint32_t>(event.reason),
              description);
    log.fatal("Disconnected from {}", parts_.server);
  } else if (event.reason == DisconnectReason::connection_lost) {
    log.fatal("Timeout, server {} not responding.", parts_.config.host_name);
  } else if (!event.unmatched.empty()) {
    log.fatal("Unable to negotiate with {}: {}", parts_.server, printable(event.unmatched));
    log.fatal("{}", description);
  } else {
    log.fatal("Connection to {}: {}", parts_.server, description);
  }
}

void ClientPhase::refuse() { throw std::logic_error("an event of another phase than the client is in"); }

// A coroutine, so that the drive meets the exception where it awaits those of other handlers.
asio::awaitable<void> ClientPhase::unexpected() {
  refuse();
  co_return;
}

}  // namespace glassh
