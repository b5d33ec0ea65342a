// How long a message to the peer and its answer take, from end to end: the smallest sample that there is. The windows
// that we give grow by it (channels/window.h).
//
// The first sample comes from the login, where the two sides take turns, but it counts what the peer needs to sign and
// to look up. So a probe is due when data begin to flow to us, and again while they flow. Its answer stands behind data
// that the peer has sent before, which are fewest at the beginning of a flow. The kernel's figure (TCP_INFO) is never
// used: it ends at the next hop, which may be a proxy in the middle of a long path. It knows no messages: the owner,
// PathProbe, sends the probes.
//
//   round_trip.arrived(n, now);  if (round_trip.probe_is_due(now)) { …send…; round_trip.asked(now); }
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include "transport/time_point.h"

namespace glassh {

class RoundTrip {
 public:
  // `login`: the shortest turn of the login, if one was measured.
  explicit RoundTrip(const std::optional<std::chrono::nanoseconds>& login) : smallest_(login) {}

  void arrived(std::size_t size, TimePoint now);  // bytes of channels' data

  // True while data flow, but never while another probe is under way.
  bool probe_is_due(TimePoint now) const;
  void asked(TimePoint now);
  // The probe under way was answered. Returns true if that is the smallest sample.
  bool answered(TimePoint now);
  void given_up();  // the probe under way may have been lost, so that another one may be due
  bool under_way() const { return under_way_; }

  // The smallest sample, or nullopt before the first probe, and until its answer if the login gave no sample. While the
  // first probe has no answer, the path is known to be no shorter than the time since; a peer that does not answer at
  // all is measured by its login.
  std::optional<std::chrono::nanoseconds> figure(TimePoint now) const;

  // Data flow when so many bytes come within a second. Typing and its echo stay below.
  static constexpr std::size_t flow = 64 * 1024;
  static constexpr std::chrono::seconds pause{1};  // the least time between two probes

 private:
  std::optional<std::chrono::nanoseconds> smallest_;
  std::size_t counted_ = 0;
  TimePoint counted_since_{};
  std::optional<TimePoint> first_asked_;
  TimePoint asked_{};
  bool under_way_ = false;
  bool any_answer_ = false;
};

}  // namespace glassh
