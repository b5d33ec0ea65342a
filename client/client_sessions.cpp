#include "client/client_sessions.h"

#include <algorithm>
#include <utility>

namespace glassh {

std::shared_ptr<RemoteSession> ClientSessions::open(SessionWish wish, SessionStreams streams) {
  std::erase_if(sessions_, [](const auto& each) { return each->written() && each->channel_gone(); });
  std::shared_ptr<RemoteSession> session = RemoteSession::open(services_, std::move(wish), std::move(streams));
  users_.add(session);
  sessions_.push_back(session);
  services_->hub->wake();
  return session;
}

bool ClientSessions::all_ended() const {
  return std::all_of(sessions_.begin(), sessions_.end(), [](const auto& each) { return each->ended(); });
}

std::size_t ClientSessions::channels() const {
  const auto has_channel = [](const auto& each) { return !each->channel_gone(); };
  return static_cast<std::size_t>(std::count_if(sessions_.begin(), sessions_.end(), has_channel));
}

void ClientSessions::leave_raw() {
  for (const auto& each : sessions_) each->terminal().leave_raw();
}

void ClientSessions::end() {
  for (const auto& each : sessions_) each->end();
}

asio::awaitable<void> ClientSessions::flushed() {
  for (const auto& each : sessions_) co_await each->flushed();
}

}  // namespace glassh
