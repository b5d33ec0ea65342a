// DescriptorBudget divides the descriptors of the process among its connections.
//
// There is one (descriptor_budget()); it lives as long as the process, and each thread asks it. Job: decide whether a
// connection may have more. Three parts:
//   - a reserve that only accepting and logging in use, and files that are closed again at once;
//   - a quarter of the rest, for connections that hold at most `floor`: ordinary sessions;
//   - what remains, by a moving threshold: a connection may hold as much as it then leaves of this part for others. So
//     one that takes all it can get leaves half of it, and the next one half of that.
//
// Bounded by it: the sockets, pipes and terminals of channels, listeners, and one descriptor of each connection that is
// logged in; with 20,000 descriptors and as many of those connections, the next login is refused. Not bounded by it:
// how many connections one client opens, each of which has its own share: it takes some hundreds to use up the second
// part. As long as limit_to() is not called (in glassh, which has one connection) it only counts, and the kernel
// refuses.
//
//   descriptor_budget().limit_to(20'000);  …  if (auto claim = share->ask(1)) socket.stands_for(std::move(*claim));
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>

namespace glassh {

class DescriptorBudget {
 public:
  static constexpr std::int64_t floor = 16;  // a session with three pipes, while it starts, and its connection

  // `limit` is RLIMIT_NOFILE. More than a million count as a million: each is memory of the kernel, too.
  void limit_to(std::uint64_t limit);
  std::int64_t shared() const { return shared_; }  // all but the reserve
  std::int64_t claimed() const { return claimed_; }

  // Returns false if a connection that holds `mine` may not have `count` more.
  bool take(std::int64_t mine, std::int64_t count);
  void give_back(std::int64_t count);
  // Counts a refusal. Returns how many there were since the last time that this returned a number, which is at most
  // once a minute: it is time for a line in the log.
  std::optional<std::uint64_t> count_refusal(std::chrono::steady_clock::time_point now);

 private:
  std::atomic<std::int64_t> shared_{std::numeric_limits<std::int64_t>::max() / 2};
  std::atomic<std::int64_t> claimed_{0};
  std::mutex mutex_;
  std::uint64_t refusals_ = 0;
  std::optional<std::chrono::steady_clock::time_point> told_;
};

DescriptorBudget& descriptor_budget();

class DescriptorShare;

// The right to have so many descriptors open. Lives as long as these descriptors, usually in an Fd. Job: to be given
// back.
class DescriptorClaim {
 public:
  DescriptorClaim() = default;  // for none
  DescriptorClaim(DescriptorClaim&& other) noexcept;
  DescriptorClaim& operator=(DescriptorClaim&& other) noexcept;
  ~DescriptorClaim() { give_back(); }

  std::size_t count() const { return count_; }
  DescriptorClaim take(std::size_t count);  // a part of it; at most count()
  void give_back();

 private:
  friend class DescriptorShare;
  DescriptorClaim(std::shared_ptr<DescriptorShare> share, std::size_t count);

  std::shared_ptr<DescriptorShare> share_;
  std::size_t count_ = 0;
};

// The part of the budget that one connection holds. Lives until its last claim is given back. Job: count it.
class DescriptorShare : public std::enable_shared_from_this<DescriptorShare> {
 public:
  explicit DescriptorShare(DescriptorBudget& budget = descriptor_budget()) : budget_(budget) {}

  std::optional<DescriptorClaim> ask(std::size_t count);  // nullopt: out of descriptors
  std::int64_t held() const { return held_; }
  DescriptorBudget& budget() const { return budget_; }

 private:
  friend class DescriptorClaim;

  DescriptorBudget& budget_;
  std::atomic<std::int64_t> held_{0};
};

// Whether a call has failed because the process, or the system, has no descriptors left.
bool out_of_descriptors(int error);

}  // namespace glassh
