// ConnectionParts are the parts of one connection that live from the accept to its end. The handlers of its events take
// turns and share them, and the log lines below.
//
// Owned by AcceptedConnection, which outlives the handlers.
//
//   parts.core.provide_signature(…);  log_end(parts, disconnected, who(), " [preauth]");
#pragma once

#include <string_view>

#include "channels/io/drive.h"
#include "server/login/keeper.h"
#include "server/peer_addresses.h"
#include "server/server_connection.h"
#include "server/server_context.h"

namespace glassh {

struct ConnectionParts {
  const ServerContext& context;
  const PeerAddresses addresses;
  ServerConnection& core;
  Drive<ServerConnection>& drive;
  KeeperRecord& record;
  bool shutting_down = false;  // the server ends, so leaving is not the peer's fault
};

// How the connection ended, in sshd's words. `who` is "user ann 192.0.2.1 port 50000", `stage` " [preauth]" or empty.
void log_end(const ConnectionParts& parts, const Disconnected& disconnected, std::string_view who,
             std::string_view stage);

}  // namespace glassh
