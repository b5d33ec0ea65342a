// SourceLimits keeps the penalties of the sources of connections: sshd_config(5), PerSourcePenalties and
// PerSourceNetBlockSize.
//
// Lives as long as the server. Job: count penalties and say whether a source is refused. A connection that ends without
// a login costs its source a penalty, in seconds. Penalties of a source add up to a maximum and pass with time; once
// they reach the least that refuses, the source is refused until all of them have passed. Time is an argument; the
// system is asked for nothing. The memory is bounded (max-sources4, max-sources6). Each step costs the logarithm of the
// number of entries, and no choice of addresses makes it slower. Several threads may use it.
//
//   const std::string_view reason = limits.refusal("192.0.2.1", now);  if (!reason.empty()) …
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

// A network whose addresses count as one source: an address with the bits behind PerSourceNetBlockSize's set to 0.
struct PeerNetwork {
  bool is_v6 = false;
  std::array<std::uint8_t, 16> network{};  // IPv4 has the first four
  auto operator<=>(const PeerNetwork&) const = default;
};
// Returns nullopt if `address` is not an IP address; such a peer is not limited.
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

  // Changes the settings. Penalties stay, unless the new settings have no penalties or other sizes of networks.
  void limit_to(SourceLimitSettings settings);

  // Returns the reason why a connection is refused, in sshd's words: "penalty: failed authentication"; empty if it is
  // not refused.
  std::string_view refusal(std::string_view address, TimePoint now);
  // Returns a line for the log if the source is refused from now on; empty otherwise.
  std::string penalise(std::string_view address, SourcePenalty penalty, TimePoint now);
  std::size_t sources() const;  // the number of sources that have penalties

 private:
  struct Penalty {
    TimePoint end;  // the time at which all of it has passed
    SourcePenalty last;
    bool enforced = false;  // the source is refused until `end`
  };
  struct Book {  // the penalties of one address family
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
