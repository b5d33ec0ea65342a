// The sessions of one connection: opens them, and answers for all of them.
//
// Lives from the login until all that arrived is written; client/service_phase owns it. Job: it knows whether any
// session goes on. RemoteSession does the work of one session, and gets its events through the connection's
// ChannelUsers.
//
//   const auto session = sessions.open(wish, std::move(streams));  …  if (sessions.all_ended()) …
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "channels/io/channel_users.h"
#include "client/remote_session.h"

namespace glassh {

class ClientSessions {
 public:
  // `users` must outlive this.
  ClientSessions(std::shared_ptr<const SessionServices> services, ChannelUsers& users)
      : services_(std::move(services)), users_(users) {}

  // After AuthenticationSucceeded, once for each program. Asks the server for a channel and returns at once.
  std::shared_ptr<RemoteSession> open(SessionWish wish, SessionStreams streams);

  // True also if there was none.
  bool all_ended() const;
  // Returns how many users of the connection's ChannelUsers are sessions. A session that has ended counts until the
  // server closes its channel.
  std::size_t channels() const;
  void leave_raw();  // gives back the terminals of all
  void end();        // the connection is gone: what arrived is still written
  // After end(): returns when what arrived has been written, or its reader is gone. Call it once.
  asio::awaitable<void> flushed();

 private:
  const std::shared_ptr<const SessionServices> services_;
  ChannelUsers& users_;
  std::vector<std::shared_ptr<RemoteSession>> sessions_;  // without those that had ended when another was opened
};

}  // namespace glassh
