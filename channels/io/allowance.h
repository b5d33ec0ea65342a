// Allowance is what one connection may hold of things that all connections share: descriptors, and bytes that are kept
// for readers who do not take them.
//
// A connection has one, in its Hub, and it lives as long as the hub. Job: count both, refuse or slow down, and say so
// in the log. Descriptors are divided by DescriptorBudget. Kept bytes have a limit per process: a connection that keeps
// more than is left for all others is not read from until its readers have taken some. What an ordinary session may
// keep is always permitted. Bytes whose channel is gone have a budget of their own (channels/io/leftovers.h).
//
//   if (auto claim = hub->allowance().ask(1)) …  else refuse(…, out_of_descriptors_text);
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "channels/io/descriptor_budget.h"

namespace glassh {

inline constexpr std::string_view out_of_descriptors_text = "out of descriptors";

class Allowance {
 public:
  using Clock = std::chrono::steady_clock;
  using WriteLine = std::function<void(std::string_view)>;

  Allowance() = default;
  explicit Allowance(DescriptorBudget& budget) : share_(std::make_shared<DescriptorShare>(budget)) {}
  Allowance(const Allowance&) = delete;
  Allowance& operator=(const Allowance&) = delete;
  ~Allowance();

  // `owner` is "user ann 192.0.2.1 port 50000". `log` may be called as long as this object lives.
  void log_to(std::string owner, WriteLine log);

  // ---- descriptors
  std::optional<DescriptorClaim> ask(std::size_t count);  // nullopt: out of descriptors
  DescriptorClaim claim(std::size_t count);               // throws std::system_error with EMFILE instead
  // The kernel has refused one. Returns whether there is a log, which says it once a minute.
  bool on_refused();

  // ---- kept bytes
  void keep(std::size_t size);
  void let_go(std::size_t size);
  void on_progress() { last_let_go_ = Clock::now(); }  // a reader took some, though of no whole piece yet
  std::size_t kept() const { return kept_; }
  bool keeps_too_much() const;
  Clock::time_point last_let_go() const { return last_let_go_; }
  // So many bytes were thrown away because their reader did not take them.
  void on_dropped(std::size_t size);

 private:
  void tell_dropped();

  const std::shared_ptr<DescriptorShare> share_ = std::make_shared<DescriptorShare>();
  std::string owner_ = "a connection";
  WriteLine log_;
  std::size_t kept_ = 0;
  Clock::time_point last_let_go_{};
  std::uint64_t dropped_ = 0;       // bytes, and
  std::uint64_t dropped_from_ = 0;  // their readers, that the log does not have yet
  std::optional<Clock::time_point> told_;
};

}  // namespace glassh
