// A connection whose user is logged in: channels, sessions, forwarding, and what the client asks of the server itself.
//
// Lives from the login's end (ServerConnection::welcome) to the end of the connection. Job: to hand each event after
// the login to the object that deals with it: a channel's user, a forwarding, HostKeyProofs. It opens at most
// MaxSessions session channels. When it ends, its sessions hang up. RFC 4254.
//
//   ServedConnection served(parts, std::move(welcome));  co_await served.begin();  co_await drive.run(served);
#pragma once

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "channels/io/channel_users.h"
#include "server/connection_parts.h"
#include "server/forwarding/agent_forwarding.h"
#include "server/forwarding/direct_forwarding.h"
#include "server/forwarding/remote_forwarding.h"
#include "server/host_key_proofs.h"
#include "server/login/auth_info_file.h"
#include "server/sessions/session.h"

namespace glassh {

class ServedConnection {
 public:
  ServedConnection(ConnectionParts& parts, Welcome welcome);  // `parts` must outlive it
  ~ServedConnection();

  // Once: what follows the login at once, ahead of the first event.
  asio::awaitable<void> begin();
  // Once, when the drive is done: everybody who serves this connection learns that it is over. Its hub is finished, so
  // nothing is sent any more.
  void end();
  std::string who() const;  // "user ann 192.0.2.1 port 50000"

  // The core's events, for Drive.
  asio::awaitable<void> on(const SignatureWanted& wanted);  // for another key exchange
  void on(const ChannelOpenWanted& wanted);
  void on(const ChannelOpened& opened) { users_.route(opened); }
  void on(const ChannelOpenRefused& refused) { users_.route(refused); }
  void on(const ChannelRequested& request);
  void on(const ChannelIdled& idled);
  void on(const DataArrived& data) { users_.route(data); }
  void on(const EofArrived& eof) { users_.route(eof); }
  void on(const CloseArrived& close) { users_.route(close); }
  asio::awaitable<void> on(const GlobalRequested& request);
  void on(const Disconnected& disconnected) { log_end(parts_, disconnected, who(), ""); }
  template <class Other>
  void on(const Other&) {}

 private:
  void open_session(const ChannelOpenWanted& wanted);
  void refuse(const ChannelOpenWanted& wanted, std::uint32_t reason, std::string_view why);
  void claim_descriptors();
  asio::awaitable<void> expose_auth_info();
  void limit_idling();
  std::optional<std::string> forward_agent();
  std::shared_ptr<X11Forwarding> forward_x11(X11Wish wish);

  ConnectionParts& parts_;
  const Log& log_;
  ServerConnection& core_;
  DescriptorClaim own_descriptors_;  // of the connection itself
  const std::string auth_info_text_;
  AuthInfoFile auth_info_;
  const std::shared_ptr<const ServerConfig> config_;  // that applies to the user
  const std::shared_ptr<SessionContext> session_context_;
  ChannelUsers users_;
  std::vector<ChannelRef> session_channels_;  // for MaxSessions; those that are gone are taken out when one is wanted
  HostKeyProofs host_key_proofs_;
  const std::shared_ptr<DirectForwarding> direct_;
  const std::shared_ptr<RemoteForwarding> remote_;
  std::shared_ptr<AgentForwarding> agent_;  // once a session has asked for it
  bool no_more_sessions_ = false;
};

}  // namespace glassh
