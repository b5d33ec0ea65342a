// Channels that nothing has gone through for too long: ChannelTimeout of sshd_config(5), without I/O.
//
// Only data counts, in either direction. A channel is watched from when it is open; which limit it has depends on its
// kind, which is its type unless the application knows better ("session:shell"). The owner of a channel decides what
// happens when it idles.
//
//   idle.set_limits([](std::string_view kind) { return std::chrono::seconds(kind == "session" ? 300 : 0); });
//   idle.set_now(now);  if (const auto idled = idle.next()) …
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "transport/transport.h"

namespace glassh {

struct ChannelIdled {
  std::uint32_t channel = 0;
  std::string_view kind;  // a view until the next call
  std::chrono::seconds limit{};
};

class IdleChannels {
 public:
  using LimitOf = std::function<std::chrono::seconds(std::string_view kind)>;  // 0: none

  // For channels that are watched from now on. Without it none is.
  void set_limits(LimitOf limit_of) { limit_of_ = std::move(limit_of); }
  // Once more: the channel is of another kind.
  void watch(std::uint32_t channel, std::string_view kind);
  void forget(std::uint32_t channel) { watched_.erase(channel); }
  void received(std::uint32_t channel);  // data, at the time that set_now() said last
  void sent(std::uint32_t channel);      // data, since then

  void set_now(TimePoint now);
  // Each once. Nothing: none has idled too long.
  std::optional<ChannelIdled> next();
  // When next() may find one, or earlier.
  std::optional<TimePoint> next_deadline() const { return watched_.empty() ? std::nullopt : earliest_; }

 private:
  struct Watched {
    std::string kind;
    std::chrono::seconds limit;
    TimePoint last_used;
  };

  LimitOf limit_of_;
  TimePoint now_{};
  std::unordered_map<std::uint32_t, Watched> watched_;
  std::optional<TimePoint> earliest_;  // no deadline of a watched channel is before it
  // Sent on since now_. Pumps send before the connection learns what time it has become.
  std::vector<std::uint32_t> sent_;
  std::string idled_kind_;
};

}  // namespace glassh
