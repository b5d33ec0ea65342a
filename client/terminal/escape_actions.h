// EscapeActions carries out the escapes of a session. client/terminal/escape_filter recognizes the characters.
//
// Lives from the opening of this program's own session as long as ServicePhase, which owns it. Job: the escapes of that
// session, the one at this process's terminal; other sessions have none. Each answers on standard error, with CR LF,
// because the terminal is raw.
//
//   session.on_escape = [&actions](Escape escape) { return actions.act(escape); };
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "client/client_connection.h"
#include "client/client_log.h"
#include "client/config/client_config.h"
#include "client/forwarding/client_forwarding.h"
#include "client/remote_session.h"
#include "client/terminal/typed_input.h"

namespace glassh {

class EscapeActions {
 public:
  // The references must outlive this object. `quit` ends the connection at once.
  EscapeActions(ClientConnection& connection, RemoteSession& session, ClientForwarding& forwarding,
                const ClientConfig& config, ClientLog& log, std::function<void()> quit);

  asio::awaitable<TypedInput::Then> act(Escape escape);
  // The terminal's interrupt key was typed. Closes an open command line; returns false if there is none.
  bool interrupt();

 private:
  void answer(std::string_view text) const;
  void send_break();
  void change_log_level(bool more);
  std::string open_channels();
  void go_to_background();
  asio::awaitable<void> command_line();
  asio::awaitable<std::optional<std::string>> ask();
  void execute(std::string_view line);

  ClientConnection& connection_;
  RemoteSession& session_;
  ClientForwarding& forwarding_;
  const ClientConfig& config_;
  ClientLog& log_;
  std::function<void()> quit_;
  Signal interrupted_;
  bool asking_ = false;
};

}  // namespace glassh
