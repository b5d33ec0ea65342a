#include "server/admission/source_limits.h"

#include <algorithm>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include "config/addresses.h"

namespace glassh {

namespace {

std::chrono::nanoseconds nanoseconds(double seconds) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
}

// In sshd's words, which programs look for in logs.
std::string_view reason_of(SourcePenalty penalty) {
  switch (penalty) {
    case SourcePenalty::crash:
      return "penalty: caused crash";
    case SourcePenalty::auth_fail:
      return "penalty: failed authentication";
    case SourcePenalty::no_auth:
      return "penalty: connections without attempting authentication";
    case SourcePenalty::invalid_user:
      return "penalty: attempted authentication by invalid user";
    case SourcePenalty::grace_exceeded:
      return "penalty: exceeded LoginGraceTime";
    case SourcePenalty::refuse_connection:
      return "penalty: connection prohibited by RefuseConnection";
  }
  return "";
}

// In the form that sshd, too, has from the system: 2001:db8::/64.
std::string network_text(const PeerNetwork& source, const SourceBlock& block) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = source.is_v6 ? AF_INET6 : AF_INET;
  if (::inet_ntop(family, source.network.data(), text.data(), text.size()) == nullptr) return "UNKNOWN";
  return fmt::format("{}/{}", text.data(), source.is_v6 ? block.ipv6_bits : block.ipv4_bits);
}

}  // namespace

std::optional<PeerNetwork> network_of(std::string_view address, const SourceBlock& block) {
  const auto parsed = parse_ip_address(address);
  if (!parsed) return std::nullopt;
  PeerNetwork source{parsed->is_v6, parsed->bytes};
  const std::size_t bits = parsed->is_v6 ? block.ipv6_bits : block.ipv4_bits;
  for (std::size_t i = 0; i < source.network.size(); ++i) {
    const std::size_t kept = bits > 8 * i ? std::min<std::size_t>(bits - 8 * i, 8) : 0;
    source.network[i] &= static_cast<std::uint8_t>(0xff00 >> kept);
  }
  return source;
}

SourceLimitSettings source_limit_settings(const ServerConfig& config) {
  return {config.per_source_net_block_size, config.per_source_penalties, config.per_source_penalty_exempt_list};
}

void SourceLimits::limit_to(SourceLimitSettings settings) {
  const std::lock_guard lock(mutex_);
  if (!settings.penalties.enabled || settings.block != settings_.block) {
    v4_ = {};
    v6_ = {};
  }
  settings_ = std::move(settings);
}

std::string_view SourceLimits::refusal(std::string_view address, TimePoint now) {
  const std::lock_guard lock(mutex_);
  const auto source = penalised_source(address);
  if (!source) return {};
  Book& book = source->is_v6 ? v6_ : v4_;
  book.expire(now);
  const auto found = book.penalties.find(*source);
  if (found != book.penalties.end() && found->second.enforced) return reason_of(found->second.last);
  const bool denies = overflow(source->is_v6) == SourcePenalties::Overflow::deny_all;
  return denies && is_full(book, source->is_v6) ? "penalty: too many sources have penalties" : std::string_view();
}

std::string SourceLimits::penalise(std::string_view address, SourcePenalty penalty, TimePoint now) {
  const std::lock_guard lock(mutex_);
  const auto source = penalised_source(address);
  const std::chrono::nanoseconds length = length_of(penalty);
  if (!source || length.count() <= 0) return {};
  Book& book = source->is_v6 ? v6_ : v4_;
  book.expire(now);
  auto entry = book.penalties.find(*source);
  if (entry == book.penalties.end()) {
    if (!make_room(book, source->is_v6)) return {};
    entry = book.penalties.emplace(*source, Penalty{now, penalty}).first;
  } else {
    book.by_end.erase({entry->second.end, *source});
  }
  Penalty& sum = entry->second;
  const std::chrono::nanoseconds most = nanoseconds(settings_.penalties.max);
  sum.end = std::min(sum.end + length, now + most);
  sum.last = penalty;
  book.by_end.emplace(sum.end, *source);
  // If `max` is below `min`, a source is refused at `max`. Otherwise it would never be refused.
  const std::chrono::nanoseconds least = std::min(nanoseconds(settings_.penalties.min), most);
  if (sum.enforced || sum.end - now < least) return {};
  sum.enforced = true;
  return fmt::format("srclimit_penalise: {}: activating {} penalty of {} seconds for {}",
                     network_text(*source, settings_.block), source->is_v6 ? "ipv6" : "ipv4",
                     std::chrono::ceil<std::chrono::seconds>(sum.end - now).count(), reason_of(penalty));
}

std::size_t SourceLimits::sources() const {
  const std::lock_guard lock(mutex_);
  return v4_.penalties.size() + v6_.penalties.size();
}

void SourceLimits::Book::forget(std::map<PeerNetwork, Penalty>::iterator entry) {
  by_end.erase({entry->second.end, entry->first});
  penalties.erase(entry);
}

void SourceLimits::Book::expire(TimePoint now) {
  while (!by_end.empty() && by_end.begin()->first <= now) forget(penalties.find(by_end.begin()->second));
}

// Returns nullopt if there are no penalties, or if the address is exempt.
std::optional<PeerNetwork> SourceLimits::penalised_source(std::string_view address) const {
  if (!settings_.penalties.enabled) return std::nullopt;
  if (!settings_.exempt.empty() && match_address_list(address, settings_.exempt) == AddressMatch::match) {
    return std::nullopt;
  }
  return network_of(address, settings_.block);
}

std::chrono::nanoseconds SourceLimits::length_of(SourcePenalty penalty) const {
  const SourcePenalties& penalties = settings_.penalties;
  switch (penalty) {
    case SourcePenalty::crash:
      return nanoseconds(penalties.crash);
    case SourcePenalty::auth_fail:
      return nanoseconds(penalties.auth_fail);
    case SourcePenalty::no_auth:
      return nanoseconds(penalties.no_auth);
    case SourcePenalty::invalid_user:
      return nanoseconds(penalties.invalid_user);
    case SourcePenalty::grace_exceeded:
      return nanoseconds(penalties.grace_exceeded);
    case SourcePenalty::refuse_connection:
      return nanoseconds(penalties.refuse_connection);
  }
  return {};
}

// For one more source: in a full book the one that would be forgotten first is forgotten now, or nothing is noted.
bool SourceLimits::make_room(Book& book, bool is_v6) const {
  while (is_full(book, is_v6)) {
    if (overflow(is_v6) == SourcePenalties::Overflow::deny_all) return false;
    book.forget(book.penalties.find(book.by_end.begin()->second));
  }
  return true;
}

bool SourceLimits::is_full(const Book& book, bool is_v6) const {
  const SourcePenalties& penalties = settings_.penalties;
  return book.penalties.size() >= (is_v6 ? penalties.max_sources6 : penalties.max_sources4);
}

SourcePenalties::Overflow SourceLimits::overflow(bool is_v6) const {
  return is_v6 ? settings_.penalties.overflow6 : settings_.penalties.overflow;
}

}  // namespace glassh
