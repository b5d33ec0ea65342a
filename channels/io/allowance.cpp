#include "channels/io/allowance.h"

#include <cerrno>
#include <exception>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "channels/io/holdings.h"

namespace glassh {

namespace {

// All connections together keep at most this. It is twice as much as the windows of one permit, so a connection that is
// alone is always read from. A connection may always keep what one session with a window of the usual size may.
constexpr std::int64_t most_kept = std::int64_t{384} * 1024 * 1024;
constexpr std::size_t always_permitted = std::size_t{3} * 1024 * 1024;
constexpr std::chrono::minutes between_lines{1};

}  // namespace

Allowance::~Allowance() {
  try {
    tell_dropped();
  } catch (const std::exception&) {  // no memory for a line of the log
  }
}

void Allowance::log_to(std::string owner, WriteLine log) {
  owner_ = std::move(owner);
  log_ = std::move(log);
}

// ---- descriptors

std::optional<DescriptorClaim> Allowance::ask(std::size_t count) {
  auto claim = share_->ask(count);
  if (!claim) on_refused();
  return claim;
}

DescriptorClaim Allowance::claim(std::size_t count) {
  if (auto claim = ask(count)) return std::move(*claim);
  throw std::system_error(EMFILE, std::generic_category(), std::string(out_of_descriptors_text));
}

bool Allowance::on_refused() {
  const DescriptorBudget& budget = share_->budget();
  const auto refusals = share_->budget().count_refusal(Clock::now());
  if (!log_) return false;
  if (!refusals) return true;
  log_(
      fmt::format("{}: {} holds {} of the {} that connections share, {} are claimed; refusals since the last such "
                  "line: {}",
                  out_of_descriptors_text, owner_, share_->held(), budget.shared(), budget.claimed(), *refusals));
  return true;
}

// ---- kept bytes

void Allowance::keep(std::size_t size) {
  kept_ += size;
  holdings().kept_bytes += static_cast<std::int64_t>(size);
}

void Allowance::let_go(std::size_t size) {
  kept_ -= size;
  holdings().kept_bytes -= static_cast<std::int64_t>(size);
  last_let_go_ = Clock::now();
}

bool Allowance::keeps_too_much() const {
  if (kept_ <= always_permitted) return false;
  return static_cast<std::int64_t>(kept_) > most_kept - holdings().kept_bytes;
}

void Allowance::on_dropped(std::size_t size) {
  dropped_ += size;
  ++dropped_from_;
  const Clock::time_point now = Clock::now();
  if (told_ && now - *told_ < between_lines) return;
  told_ = now;
  tell_dropped();
}

void Allowance::tell_dropped() {
  if (dropped_ == 0 || !log_) return;
  log_(fmt::format("{}: dropped {} bytes that {} never read", owner_, dropped_,
                   dropped_from_ == 1 ? "the reader of a closed channel"
                                      : fmt::format("the readers of {} closed channels", dropped_from_)));
  dropped_ = dropped_from_ = 0;
}

}  // namespace glassh
