#include "transport/round_trip.h"

#include <algorithm>

namespace glassh {

void RoundTrip::arrived(std::size_t size, TimePoint now) {
  if (now - counted_since_ >= pause) {
    counted_since_ = now;
    counted_ = 0;
  }
  counted_ += size;
}

bool RoundTrip::probe_is_due(TimePoint now) const {
  return !under_way_ && counted_ >= flow && (!first_asked_ || now - asked_ >= pause);
}

void RoundTrip::asked(TimePoint now) {
  if (!first_asked_) first_asked_ = now;
  asked_ = now;
  under_way_ = true;
}

bool RoundTrip::answered(TimePoint now) {
  under_way_ = false;
  any_answer_ = true;
  const std::chrono::nanoseconds sample = now - asked_;
  if (smallest_ && sample >= *smallest_) return false;
  smallest_ = sample;
  return true;
}

void RoundTrip::given_up() { under_way_ = false; }

std::optional<std::chrono::nanoseconds> RoundTrip::figure(TimePoint now) const {
  if (any_answer_) return smallest_;
  if (!first_asked_ || !smallest_) return std::nullopt;
  return std::min<std::chrono::nanoseconds>(*smallest_, now - *first_asked_);
}

}  // namespace glassh
