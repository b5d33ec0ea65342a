// One connection that glasshd serves: the core's events on one side, host keys, logins and sessions on the other.
//
// It asks for signatures and login decisions when the core wants them, opens session channels up to MaxSessions, and
// hands forwarding's requests to those who do them. What happens is logged in sshd's words. When it ends, its sessions
// hang up. All of it is in one thread.
//
//   ServedConnection connection(context, number, executor, std::move(accepted), Fd());  co_await connection.run();
#pragma once

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>
#include <vector>

#include "channels/io/channel_users.h"
#include "channels/io/drive.h"
#include "proto/trace_writer.h"
#include "server/forwarding/agent_forwarding.h"
#include "server/forwarding/direct_forwarding.h"
#include "server/forwarding/remote_forwarding.h"
#include "server/host_key_proofs.h"
#include "server/listener.h"
#include "server/login/auth_info.h"
#include "server/login/login.h"
#include "server/server_connection.h"
#include "server/server_context.h"
#include "server/sessions/session.h"

namespace glassh {

class ServedConnection {
 public:
  // `number` tells the connections of one trace apart. `output` is empty where `input` is a socket.
  ServedConnection(const std::shared_ptr<const ServerContext>& context, std::uint64_t number,
                   const asio::any_io_executor& executor, Accepted accepted, Fd output);
  ~ServedConnection();

  asio::awaitable<void> run();
  // The server ends: says so to the peer; run() returns soon.
  void shut_down();

  // The core's events, for Drive.
  asio::awaitable<void> on(const SignatureWanted& wanted);
  void on(const AuthSettingsWanted& wanted);
  asio::awaitable<void> on(const LoginAttempt& attempt);
  void on(const AttemptAnswered& answered);
  void on(const LoginComplete& login);
  void on(const ChannelOpenWanted& wanted);
  void on(const ChannelOpened& opened) { users_.route(opened); }
  void on(const ChannelOpenRefused& refused) { users_.route(refused); }
  void on(const ChannelRequested& request);
  void on(const ChannelIdled& idled);
  void on(const DataArrived& data) { users_.route(data); }
  void on(const EofArrived& eof) { users_.route(eof); }
  void on(const CloseArrived& close) { users_.route(close); }
  asio::awaitable<void> on(const GlobalRequested& request);
  void on(const Disconnected& disconnected);
  template <class Other>
  void on(const Other&) {}

 private:
  struct BeforeLogin;

  void open_session(const ChannelOpenWanted& wanted);
  void refuse(const ChannelOpenWanted& wanted, std::uint32_t reason, std::string_view why);
  // Match, AllowUsers and their like, once it is known who wants to log in.
  void learn_user(std::string_view user);
  LoginOrigin origin() const;
  // It ends without a login, and that may cost its source a penalty.
  void leave_before_login(SourcePenalty penalty);
  SourcePenalty penalty_of_leaving() const;
  // Whether a login that the method grants stands before PermitRootLogin and the restrictions of the keys so far.
  bool grant(const LoginAttempt& attempt, const KeyOptions& options);
  void expose_auth_info();
  void limit_idling();
  std::optional<std::string> forward_agent();
  std::shared_ptr<X11Forwarding> forward_x11(X11Wish wish);
  std::string user_text() const;  // "ann", "invalid user ann"
  std::string peer() const;       // "192.0.2.1 port 50000"
  std::string who() const;        // "user ann 192.0.2.1 port 50000"
  std::string_view stage() const;
  TraceSink* trace() { return trace_.get(); }

  const ServerContext& context_;
  std::unique_ptr<TraceWriter> trace_;
  ServerConnection core_;
  Drive<ServerConnection> drive_;
  std::unique_ptr<BeforeLogin> before_login_;  // until LoginComplete
  std::shared_ptr<SessionContext> session_context_;
  std::shared_ptr<const ServerConfig> config_;  // that applies: the global one, until the user is known
  AuthInfoFile auth_info_;
  ChannelUsers users_;
  std::vector<ChannelRef> session_channels_;  // for MaxSessions; those that are gone are taken out when one is wanted
  HostKeyProofs host_key_proofs_;
  std::shared_ptr<AgentForwarding> agent_;    // once a session has asked for it
  std::shared_ptr<DirectForwarding> direct_;  // from LoginComplete, as the next
  std::shared_ptr<RemoteForwarding> remote_;
  bool no_more_sessions_ = false;
  bool shutting_down_ = false;
};

}  // namespace glassh
