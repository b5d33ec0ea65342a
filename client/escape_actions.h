// What the escapes of a session do (client/escapes has the characters): each answers on standard error, with CR LF,
// because the terminal is raw.
//
//   session.on_escape = [&actions](Escape escape) { return actions.act(escape); };
#pragma once

#include <functional>
#include <string>

#include "client/client_connection.h"
#include "client/config.h"
#include "client/log.h"
#include "client/session.h"
#include "client/typed_input.h"

namespace glassh {

class EscapeActions {
 public:
  // All references must outlive this. `quit` ends the connection at once.
  EscapeActions(ClientConnection& connection, RemoteSession& session, const ClientConfig& config, ClientLog& log,
                std::function<void()> quit);

  asio::awaitable<TypedInput::Then> act(Escape escape);

 private:
  void answer(std::string_view text) const;
  void send_break();
  void change_log_level(bool more);
  std::string open_channels();
  void go_to_background();

  ClientConnection& connection_;
  RemoteSession& session_;
  const ClientConfig& config_;
  ClientLog& log_;
  std::function<void()> quit_;
};

}  // namespace glassh
