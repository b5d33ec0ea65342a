// Startups decides which connections may come in. It counts those on their way to a login, in total (MaxStartups) and
// for each source (PerSourceMaxStartups), and refuses sources with penalties (server/admission/source_limits).
//
// Lives as long as the server. Job: admit or drop each connection. A connection that is admitted has a Place until it
// has logged in or is gone. If it ends badly, its owner tells the Place, which may cost the source a penalty. Time and
// randomness are arguments. Several threads may use it.
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
  // Changes the limits for new connections. Those that are on their way stay counted, under the source that they have.
  void limit_to(const ServerConfig& config);

  // Counts one connection until it is destroyed or done() is called: the connection has logged in, or is gone.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept;
    Place& operator=(Place&& other) noexcept;
    ~Place() { done(); }
    // The connection has ended badly. Returns a line for the log, or an empty one (see SourceLimits).
    std::string penalise(SourcePenalty penalty, TimePoint now) const;
    void done();

   private:
    friend Startups;
    Startups* owner_ = nullptr;
    std::string address_;
    std::optional<PeerNetwork> source_;
  };

  struct Admission {
    std::optional<Place> place;       // nullopt: the caller must drop the connection
    std::size_t others = 0;           // connections that were on their way already
    std::string_view reason = {};     // the reason for dropping it: "past MaxStartups", "penalty: …"
    LogLevel level = LogLevel::info;  // the level at which to log the reason
    std::string throttling = {};      // a line to log before: dropping begins, goes on or has ended; or empty
    LogLevel throttling_level = LogLevel::error;
  };
  // `random` must be uniform over all values. RFC 4251 section 9.3.5 [4251-9.3.5-3]: connections are dropped at random,
  // so a peer that opens thousands of them cannot keep everybody else out for certain.
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
