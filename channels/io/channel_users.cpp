#include "channels/io/channel_users.h"

#include <exception>
#include <utility>

namespace glassh {

// RFC 4254 section 5.4 [4254-5.4-2]: an unknown request is answered with a failure, if an answer is wanted.
void ChannelUser::on(const ChannelRequested& event) {
  Channel* const channel = channel_.get();
  if (event.want_reply && channel != nullptr) channel->answer_request(false);
}

void ChannelUsers::add(std::shared_ptr<ChannelUser> user) {
  const std::uint32_t channel = user->channel().id();
  users_.insert_or_assign(channel, std::move(user));
}

// The local shared_ptr is needed: a user may add users, and users_ may have the only reference to it.
template <class Event>
bool ChannelUsers::hand_over(const Event& event) {
  const auto found = users_.find(event.channel);
  if (found == users_.end()) return false;
  const std::shared_ptr<ChannelUser> user = found->second;
  constexpr bool last = std::is_same_v<Event, CloseArrived> || std::is_same_v<Event, ChannelOpenRefused>;
  if (last) users_.erase(found);
  user->on(event);
  return true;
}

bool ChannelUsers::route(const ChannelOpened& event) { return hand_over(event); }
bool ChannelUsers::route(const ChannelOpenRefused& event) { return hand_over(event); }
bool ChannelUsers::route(const DataArrived& event) { return hand_over(event); }
bool ChannelUsers::route(const EofArrived& event) { return hand_over(event); }
bool ChannelUsers::route(const CloseArrived& event) { return hand_over(event); }
bool ChannelUsers::route(const ChannelRequested& event) { return hand_over(event); }
bool ChannelUsers::route(const ChannelRequestAnswered& event) { return hand_over(event); }

void ChannelUsers::end() {
  std::exception_ptr failure;
  for (const auto& entry : std::exchange(users_, {})) {
    try {
      entry.second->end();
    } catch (...) {
      failure = std::current_exception();
    }
  }
  if (failure != nullptr) std::rethrow_exception(failure);
}

}  // namespace glassh
