// Who may come in: connections that are on their way to a login, in all (MaxStartups) and from one source
// (PerSourceMaxStartups), and the sources that are refused for what they did before (server/admission/source_limits).
//
// Each connection that is let in has a Place until it has logged in or gone. How it went is said to the place, which
// may cost its source a penalty. Time and randomness are arguments. Safe from several threads.
//
//   auto admission = startups.enter(address, random, now);  if (admission.place) …
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "config/syntax.h"
#include "server/admission/source_limits.h"
#include "server/config/server_config.h"

namespace glassh {

class Startups {
 public:
  explicit Startups(const ServerConfig& config);
  // For connections to come; those that are on their way stay counted, under the source that they came from.
  void limit_to(const ServerConfig& config);

  // Counts one connection until it is destroyed or done() is called: logged in, or gone.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept;
    Place& operator=(Place&& other) noexcept;
    ~Place() { done(); }
    // It is gone, and not as one should: a line for the log, or an empty one (see SourceLimits).
    std::string penalise(SourcePenalty penalty, TimePoint now) const;
    void done();

   private:
    friend Startups;
    Startups* owner_ = nullptr;
    std::string address_;
    std::optional<PeerNetwork> source_;
  };

  struct Admission {
    std::optional<Place> place;       // nothing: the connection is to be dropped
    std::size_t others = 0;           // that were on their way already
    std::string_view reason = {};     // why it is dropped: "past MaxStartups", "penalty: …"
    LogLevel level = LogLevel::info;  // how loud to say so
    std::string throttling = {};      // for the log, before that: that dropping begins, goes on or has ended; or empty
    LogLevel throttling_level = LogLevel::error;
  };
  // `random` is uniform over all values. RFC 4251 section 9.3.5 [4251-9.3.5-3]: whoever opens connections by the
  // thousand does not keep everybody else out for sure.
  Admission enter(std::string_view address, std::uint32_t random, TimePoint now);

  std::size_t count() const;
  SourceLimits& sources() { return sources_; }

 private:
  bool drops(std::uint32_t random) const;
  bool source_is_full(const std::optional<PeerNetwork>& source) const;
  void say_throttled(Admission& admission, TimePoint now);
  void leave(const std::optional<PeerNetwork>& source);

  mutable std::mutex mutex_;
  MaxStartups limits_;
  std::optional<std::uint32_t> limit_per_source_;
  SourceBlock block_;
  std::size_t count_ = 0;
  std::map<PeerNetwork, std::uint32_t> per_source_;
  struct Throttling {
    TimePoint since, last;
    std::uint64_t dropped = 0;
  };
  std::optional<Throttling> throttling_;
  SourceLimits sources_;
};

}  // namespace glassh
