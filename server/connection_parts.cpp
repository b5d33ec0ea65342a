#include "server/connection_parts.h"

namespace glassh {

void log_end(const ConnectionParts& parts, const Disconnected& disconnected, std::string_view who,
             std::string_view stage) {
  const Log& log = parts.context.log;
  const std::string peer = text_of_peer(parts.addresses);
  const auto code = static_cast<std::uint32_t>(disconnected.reason);
  if (!disconnected.unmatched.empty()) {
    log.info("Unable to negotiate with {}: {}{}", peer, escaped(disconnected.unmatched), stage);
    constexpr std::size_t both_lists = 4096;  // whole, as far as they go to the peer
    log.info("{}: {}{}", peer, escaped(disconnected.description, both_lists), stage);
  } else if (!disconnected.by_peer) {
    log.info("Disconnecting {}: {}{}", who, escaped(disconnected.description), stage);
  } else if (disconnected.reason == DisconnectReason::connection_lost) {
    log.info("Connection closed by {}{}", who, stage);
  } else {
    log.info("Received disconnect from {}:{}: {}{}", peer, code, escaped(disconnected.description), stage);
    log.info("Disconnected from {}{}", who, stage);
  }
}

}  // namespace glassh
