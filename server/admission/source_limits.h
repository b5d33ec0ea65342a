// What one source of connections may do: sshd_config(5), PerSourcePenalties and PerSourceNetBlockSize.
//
// A connection that ends without a login costs its source a penalty, in seconds. Penalties of a source add up, pass
// with time, and are capped; once they reach the least that refuses, the source is refused until all of it has passed.
// Time is an argument, and nothing is asked of the system. The memory is bounded (max-sources4, max-sources6), each
// step costs the logarithm of what is kept, and no choice of addresses makes it slower. Safe from several threads.
//
//   limits.penalise("192.0.2.1", SourcePenalty::auth_fail, now);  if (auto why = limits.refusal(address, now);
//   !why.empty()) …
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "server/config/server_config.h"
#include "transport/transport.h"

namespace glassh {

enum class SourcePenalty { crash, auth_fail, no_auth, invalid_user, grace_exceeded, refuse_connection };

// Addresses that count as one: with the bits behind PerSourceNetBlockSize's set to 0.
struct PeerNetwork {
  bool is_v6 = false;
  std::array<std::uint8_t, 16> network{};  // IPv4 has the first four
  auto operator<=>(const PeerNetwork&) const = default;
};
// Nothing for what is no IP address; that is not limited.
std::optional<PeerNetwork> network_of(std::string_view address, const SourceBlock& block);

struct SourceLimitSettings {
  SourceBlock block;
  SourcePenalties penalties;
  std::string exempt;  // addresses, patterns and networks that get no penalties
};
SourceLimitSettings source_limit_settings(const ServerConfig& config);

class SourceLimits {
 public:
  explicit SourceLimits(SourceLimitSettings settings) : settings_(std::move(settings)) {}

  // Penalties that sources have stay, unless there are none any more, or other networks count as sources.
  void limit_to(SourceLimitSettings settings);

  // Why a connection is refused, in sshd's words: "penalty: failed authentication"; empty: it is not.
  std::string_view refusal(std::string_view address, TimePoint now);
  // A line for the log if from now on the source is refused, else empty.
  std::string penalise(std::string_view address, SourcePenalty penalty, TimePoint now);
  std::size_t sources() const;  // that have penalties

 private:
  struct Penalty {
    TimePoint end;  // when all of it has passed
    SourcePenalty last;
    bool enforced = false;  // until it has passed
  };
  struct Book {  // of one address family
    std::map<PeerNetwork, Penalty> penalties;
    std::set<std::pair<TimePoint, PeerNetwork>> by_end;
    void forget(std::map<PeerNetwork, Penalty>::iterator entry);
    void expire(TimePoint now);
  };

  std::optional<PeerNetwork> penalised_source(std::string_view address) const;
  std::chrono::nanoseconds length_of(SourcePenalty penalty) const;
  bool make_room(Book& book, bool is_v6) const;
  bool is_full(const Book& book, bool is_v6) const;
  SourcePenalties::Overflow overflow(bool is_v6) const;

  mutable std::mutex mutex_;
  SourceLimitSettings settings_;
  Book v4_, v6_;
};

}  // namespace glassh
