#include "transport/liveness.h"

#include <fmt/format.h>

#include "proto/error.h"

namespace glassh {

void Liveness::begin(TimePoint now) {
  begun_ = true;
  last_heard_ = now;
}

void Liveness::heard(TimePoint now) {
  last_heard_ = now;
  unanswered_ = 0;
}

bool Liveness::due(TimePoint now) {
  const std::optional<TimePoint> deadline = next_deadline();
  if (!deadline || now < *deadline) return false;
  if (limits_.most_unanswered && unanswered_ >= *limits_.most_unanswered) {
    throw ProtocolError(DisconnectReason::connection_lost,
                        fmt::format("no sign of life in {} intervals of {} seconds ({})", unanswered_,
                                    limits_.interval.count(), keyword_));
  }
  ++unanswered_;
  return true;
}

std::optional<TimePoint> Liveness::next_deadline() const {
  if (!begun_ || limits_.interval.count() <= 0) return std::nullopt;
  return last_heard_ + limits_.interval * (unanswered_ + 1);
}

}  // namespace glassh
