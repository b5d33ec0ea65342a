#include "channels/path_probe.h"

#include <utility>

#include <fmt/format.h>

namespace glassh {

void PathProbe::set_now(TimePoint now) {
  now_ = now;
  channels_.set_pace(now, round_trip_.figure(now));
}

bool PathProbe::takes(const ChannelEvent& event) {
  if (const auto* data = std::get_if<DataArrived>(&event)) {
    round_trip_.arrived(data->data.size(), now_);
    if (round_trip_.probe_is_due(now_)) ask();
    return false;
  }
  const auto* const answered = std::get_if<GlobalRequestAnswered>(&event);
  if (answered == nullptr || request_ == 0 || answered->request != request_) return false;
  request_ = 0;
  transport_.await_answer(false);
  on_answer();
  return true;
}

// Not while a key exchange holds what we send (RFC 4253 section 7.1), which would be measured as well.
void PathProbe::ask() {
  if (transport_.writer().holding()) return;
  round_trip_.asked(now_);
  if (transport_.peer_answers_ping()) {
    ping_ = fmt::format("round trip {}", ++pings_);
    transport_.send_ping(bytes_of(ping_));
  } else {
    request_ = channels_.send_global("keepalive@openssh.com", true);
    transport_.await_answer(true);
  }
}

// OpenSSH PROTOCOL section 1.8 [openssh-ping-1.8-1]: the same data back.
void PathProbe::on(const PongArrived& pong) {
  if (ping_.empty() || text_of(pong.data) != ping_) return;
  ping_.clear();
  on_answer();
}

// A PING that arrives during a key exchange is answered late, or not at all (OpenSSH). A global request is not dropped.
void PathProbe::on_new_keys() {
  if (ping_.empty()) return;
  ping_.clear();
  round_trip_.given_up();
}

void PathProbe::on_answer() {
  const bool smallest = round_trip_.answered(now_);
  channels_.set_pace(now_, round_trip_.figure(now_));
  if (!smallest || trace_ == nullptr) return;
  const std::chrono::duration<double, std::milli> milliseconds = *round_trip_.figure(now_);
  trace_->note("round trip", fmt::format("the peer's answer took {:.2f} ms, the least so far", milliseconds.count()));
}

}  // namespace glassh
