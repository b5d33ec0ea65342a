// PathProbe asks the peer for an answer while data flow to us, and tells the windows how long the path is.
//
// Lives from the end of the login to the end of the connection. Job: send the probes that RoundTrip wants, know their
// answers, and set the pace of the windows. A probe is a PING (OpenSSH PROTOCOL section 1.8) where the peer has said
// that it answers one, else the global request keepalive@openssh.com (RFC 4254 section 4), which every peer answers in
// one way or the other. At most one is under way, so a peer that does not answer gets no second one.
//
//   if (event && probe.takes(*event)) return std::nullopt;
#pragma once

#include <cstdint>
#include <string>

#include "channels/channels.h"
#include "proto/trace_sink.h"
#include "transport/round_trip.h"
#include "transport/transport.h"

namespace glassh {

class PathProbe {
 public:
  // Both must outlive it; `trace` may be null.
  PathProbe(Transport& transport, Channels& channels, TraceSink* trace)
      : transport_(transport), channels_(channels), trace_(trace), round_trip_(transport.shortest_turn()) {}

  void set_now(TimePoint now);

  // Looks at each event of the channels. Returns true if it is the answer to a probe, which the owner drops.
  bool takes(const ChannelEvent& event);
  void on(const PongArrived& pong);
  void on_new_keys();

  const RoundTrip& round_trip() const { return round_trip_; }

 private:
  void ask();
  void on_answer();

  Transport& transport_;
  Channels& channels_;
  TraceSink* trace_;
  RoundTrip round_trip_;
  TimePoint now_{};
  // The probe under way: the number of the global request, or the data of the PING.
  std::uint64_t request_ = 0;
  std::string ping_;
  std::uint64_t pings_ = 0;
};

}  // namespace glassh
