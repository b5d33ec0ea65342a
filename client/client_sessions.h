// The sessions of one connection: opens them, and answers for all of them.
//
// Lives from the login until all that arrived is written; client/service_phase owns it. Job: to know whether any
// session goes on. What one session does is client/remote_session's business, and its events reach it through the
// connection's ChannelUsers.
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

  // After AuthenticationSucceeded, as often as there are programs to run. Each session gets `streams` of its own.
  std::shared_ptr<RemoteSession> open(SessionWish wish, SessionStreams streams);

  // True also if there was none.
  bool all_ended() const;
  // How many of the connection's channels are sessions': also of those that have ended and that the server has not
  // closed yet.
  std::size_t channels() const;
  void leave_raw();  // gives back the terminals of all
  void end();        // the connection is gone: what arrived is still written
  // After end(): returns when what arrived has been written, or nobody reads it any more. Call it once.
  asio::awaitable<void> flushed();

 private:
  const std::shared_ptr<const SessionServices> services_;
  ChannelUsers& users_;
  std::vector<std::shared_ptr<RemoteSession>> sessions_;  // without those that had ended when another was opened
};

}  // namespace glassh
