// ServerAliveInterval and ClientAliveInterval: whether a peer that says nothing is asked for a sign of life, or given
// up.
//
// After each interval in which nothing was heard one question is due; anything the peer sends counts as the answer to
// all of them. It knows no messages: the owner, a *_connection, sends the question.
//
//   if (liveness.due(now)) channels.send_global("keepalive@openssh.com", true);
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "transport/time_point.h"

namespace glassh {

struct LivenessLimits {
  std::chrono::seconds interval{0};            // 0: never asked
  std::optional<unsigned> most_unanswered{3};  // given up when so many questions are open; none: asked for ever
};

class Liveness {
 public:
  // `keyword` ends the text of the error and must outlive it: "ServerAliveInterval".
  Liveness(std::string_view keyword, const LivenessLimits& limits) : keyword_(keyword), limits_(limits) {}

  void set_limits(const LivenessLimits& limits) { limits_ = limits; }
  void begin(TimePoint now);  // the login is over; before that nothing is due
  void heard(TimePoint now);  // bytes came
  // True: ask now. Throws ProtocolError with reason connection_lost when the peer is given up.
  bool due(TimePoint now);
  std::optional<TimePoint> next_deadline() const;  // none: nothing will be due

 private:
  std::string_view keyword_;
  LivenessLimits limits_;
  bool begun_ = false;
  TimePoint last_heard_{};
  unsigned unanswered_ = 0;
};

}  // namespace glassh
