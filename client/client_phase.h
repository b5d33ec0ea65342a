// One phase of a run of glassh: the handler of the connection's events, before the login or after it.
//
// SshClient has one phase at a time and hands it every event, so no function has to ask whether the login is over. Each
// phase has a class of its own, LoginPhase and ServicePhase, whose life time is the phase. Job of this class: to answer
// the events that may come in both. The core lets no event of the other phase through (transport/message_gate), so such
// an event is a bug of ours, and the connection ends.
//
//   std::shared_ptr<ClientPhase> phase = std::make_shared<LoginPhase>(parts, deadline);  phase->on(event);
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "channels/io/hub.h"
#include "client/client_connection.h"
#include "client/client_log.h"
#include "client/config/client_config.h"
#include "client/host_key_check.h"
#include "client/terminal/asker.h"

namespace glassh {

// The objects that both phases work with. SshClient owns them; they outlive both phases.
struct ClientParts {
  const asio::any_io_executor executor;
  const ClientConfig& config;
  ClientLog& log;
  Rng& rng;
  const Asker& asker;
  const std::string server;  // as the log names it: "192.0.2.1 port 22"
  HostKeyCheck& host_key_check;
  ClientConnection& connection;
  const std::shared_ptr<Hub> hub;
};

class ClientPhase {
 public:
  static constexpr int own_error = 255;  // the exit status of what goes wrong here, not in the command

  explicit ClientPhase(const ClientParts& parts) : parts_(parts) {}
  virtual ~ClientPhase() = default;
  ClientPhase(const ClientPhase&) = delete;
  ClientPhase& operator=(const ClientPhase&) = delete;

  virtual void start() = 0;  // once, before the first event
  // A signal that ends the program: ends the connection in good order. Returns true if the program must then die of it.
  virtual bool end_by_signal(int signal) = 0;
  // The interrupt key: returns false if no command line (~C) is open, which it would have closed.
  virtual bool interrupt_command_line() { return false; }
  // After the connection has ended: returns the exit status, when what arrived is written.
  virtual asio::awaitable<int> finish() = 0;

  // In both phases; a host key comes again if a later key exchange has another one.
  virtual asio::awaitable<void> on(const HostKeyOffered& event);
  void on(const KeysChanged& event);
  void on(const DebugArrived& event);
  virtual void on(const Disconnected& event) = 0;

  // In the login.
  virtual asio::awaitable<void> on(const IdentitiesWanted&) { return unexpected(); }
  virtual asio::awaitable<void> on(const PublicHalfWanted&) { return unexpected(); }
  virtual asio::awaitable<void> on(const UserSignatureWanted&) { return unexpected(); }
  virtual asio::awaitable<void> on(const PasswordWanted&) { return unexpected(); }
  virtual asio::awaitable<void> on(const PasswordChangeWanted&) { return unexpected(); }
  virtual asio::awaitable<void> on(const AnswersWanted&) { return unexpected(); }
  virtual void on(const BannerArrived&) { refuse(); }
  virtual void on(const AuthenticationSucceeded&) { refuse(); }  // the last one
  virtual void on(const AuthenticationFailed&) { refuse(); }

  // After it.
  virtual void on(const ChannelOpenWanted&) { refuse(); }
  virtual void on(const ChannelOpened&) { refuse(); }
  virtual void on(const ChannelOpenRefused&) { refuse(); }
  virtual void on(const DataArrived&) { refuse(); }
  virtual void on(const EofArrived&) { refuse(); }
  virtual void on(const CloseArrived&) { refuse(); }
  virtual void on(const ChannelRequested&) { refuse(); }
  virtual void on(const ChannelRequestAnswered&) { refuse(); }
  virtual asio::awaitable<void> on(const GlobalRequested&) { return unexpected(); }
  virtual asio::awaitable<void> on(const GlobalRequestAnswered&) { return unexpected(); }

 protected:
  void leave(DisconnectReason reason, std::string_view description);
  // Says why the connection ended, where that is the same in both phases.
  void say_why(const Disconnected& event) const;

  const ClientParts& parts_;
  bool failed_ = false;  // the exit status is own_error, whatever the command's was

 private:
  [[noreturn]] static void refuse();
  static asio::awaitable<void> unexpected();
};

}  // namespace glassh
