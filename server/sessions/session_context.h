// The facts that the sessions of one connection share.
//
// Lives as long as the connection or the last of its sessions' programs, whichever ends later. Job: to carry what the
// login has settled to those who serve sessions and forwardings.
//
//   auto context = std::make_shared<SessionContext>(SessionContext{nullptr, account, log, open_files, addresses});
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "channels/io/hub.h"
#include "channels/io/slow_calls.h"
#include "channels/request_limits.h"
#include "server/account.h"
#include "server/config/server_config.h"
#include "server/forwarding/x11_forwarding.h"
#include "server/log.h"
#include "server/login/session_permissions.h"
#include "server/peer_addresses.h"
#include "server/sessions/login_record.h"
#include "server/sessions/program_starter.h"

namespace glassh {

class Program;
class ProgramObserver;
struct ProgramPlan;

struct SessionContext {
  std::shared_ptr<const ServerConfig> config;  // that applies to the user
  Account account;
  const Log& log;
  std::uint64_t open_files = 0;  // for SpawnRequest
  PeerAddresses addresses;
  bool peer_is_openssh = false;
  SessionPermissions permissions = {};
  std::string auth_info_file = {};  // ExposeAuthInfo; empty: none
  // Returns a display here that leads to the client's, or null if there cannot be one.
  std::function<std::shared_ptr<X11Forwarding>(X11Wish)> forward_x11 = {};
  // Returns where the client's agent can be reached from the first call on, or nullopt if it cannot be.
  std::function<std::optional<std::string>()> forward_agent = {};
  // The files that list the logins on terminals, if they are read; and whether this session is added, as root only can.
  std::optional<LoginRecordFiles> login_files = {};
  bool records_logins = false;
  // For calls that may wait for long; ended with the connection. Null: they are this process's own.
  std::shared_ptr<SlowCaller> slow = {};
  // Starts the processes of sessions.
  std::shared_ptr<ProgramStarter> starter = std::make_shared<LocalStarter>();
  // Returns a program inside glasshd for such a plan, or null if it takes a process. Empty: there is no such program.
  using Builtin =
      std::function<std::shared_ptr<Program>(const ProgramPlan&, const ChannelRef&, std::weak_ptr<ProgramObserver>)>;
  Builtin builtin = {};

  // The level of a line that says what failed. When the client has left, its calls fail because they are cancelled.
  LogLevel failure_level() const { return slow != nullptr && slow->over() ? LogLevel::verbose : LogLevel::error; }

  // Whether all strings of a session's request are short enough. If not, the log says which is too long.
  template <class Request>
  bool takes(const Request& request, std::uint32_t channel) const {
    const std::string why = over_limit(request);
    if (!why.empty()) log.info("session {}: refused {}", channel, why);
    return why.empty();
  }
};

}  // namespace glassh
