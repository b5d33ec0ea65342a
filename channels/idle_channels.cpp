#include "channels/idle_channels.h"

#include <algorithm>
#include <utility>

namespace glassh {

void IdleChannels::watch(std::uint32_t channel, std::string_view kind) {
  watched_.erase(channel);
  const std::chrono::seconds limit = limit_of_ ? limit_of_(kind) : std::chrono::seconds(0);
  if (limit.count() == 0) return;
  const TimePoint deadline = now_ + limit;
  earliest_ = watched_.empty() ? deadline : std::min(*earliest_, deadline);
  watched_.emplace(channel, Watched{std::string(kind), limit, now_});
}

void IdleChannels::received(std::uint32_t channel) {
  const auto found = watched_.find(channel);
  if (found != watched_.end()) found->second.last_used = now_;
}

void IdleChannels::sent(std::uint32_t channel) {
  if (watched_.empty() || (!sent_.empty() && sent_.back() == channel)) return;
  if (watched_.contains(channel)) sent_.push_back(channel);
}

void IdleChannels::set_now(TimePoint now) {
  now_ = now;
  for (const std::uint32_t channel : sent_) received(channel);
  sent_.clear();
}

// Channels are looked at one by one only when the earliest deadline has come: use moves deadlines to later.
std::optional<ChannelIdled> IdleChannels::next() {
  if (watched_.empty() || now_ < *earliest_) return std::nullopt;
  std::optional<TimePoint> earliest;
  for (auto each = watched_.begin(); each != watched_.end(); ++each) {
    auto& [channel, watched] = *each;
    const TimePoint deadline = watched.last_used + watched.limit;
    if (now_ >= deadline) {
      idled_kind_ = std::move(watched.kind);
      const ChannelIdled idled{channel, idled_kind_, watched.limit};
      watched_.erase(each);
      return idled;
    }
    if (!earliest || deadline < *earliest) earliest = deadline;
  }
  earliest_ = earliest;
  return std::nullopt;
}

}  // namespace glassh
