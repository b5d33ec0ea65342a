// RFC 4254 section 5.2: how large the window becomes on paths of many kinds, in either direction. Both connections are
// the real ones; path and clock are a simulation, in which things happen at the moments when something arrives.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "client/client_connection.h"
#include "crypto/keys/key.h"
#include "crypto/rng.h"
#include "proto/messages_session.h"
#include "server/server_connection.h"

namespace glassh::test {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr double mb = 1e6;
constexpr std::uint32_t mib = 1024 * 1024;
constexpr std::uint32_t initial = 2 * mib;

// The sender writes and the reader reads at least so often.
constexpr nanoseconds tick = microseconds(200);

double seconds_of(nanoseconds time) { return std::chrono::duration<double>(time).count(); }

struct Hop {
  nanoseconds round_trip;
  double bytes_per_second;
};

struct PathKind {
  std::string name;
  std::vector<Hop> hops;         // from the sender of the data to its receiver
  nanoseconds sender_thinks{0};  // before each of its answers during the login
  double sender = 600 * mb;      // bytes per second
  double reader = 1e12;          // bytes per second
  nanoseconds jitter{0};         // the most by which chance makes anything late
  bool answers = true;           // the sender answers global requests
  nanoseconds lasts = seconds(2);
  std::uint32_t least = initial, most = initial;  // of the window at the end
  double used = 0;                                // the least part of the narrowest hop that is used in the second half
  std::vector<Hop> later = {};                    // the path after a quarter of the time, if it becomes another one
  double later_reader = 1e12;                     // after half of the time, in that case
  std::string client = {};                        // its software version, if that matters
};

// One direction of a path: each hop takes time for each byte, and then for the distance.
class Direction {
 public:
  Direction(std::vector<Hop> hops, nanoseconds jitter, std::uint64_t seed)
      : hops_(std::move(hops)), free_(hops_.size()), jitter_(jitter), rng_(seed) {}

  void become(const std::vector<Hop>& hops) { hops_ = hops; }

  void send(Bytes bytes, TimePoint now, nanoseconds extra) {
    constexpr std::size_t piece = 16 * 1024;
    for (; !bytes.empty(); bytes = bytes.subspan(std::min(piece, bytes.size()))) {
      const Bytes part = bytes.first(std::min(piece, bytes.size()));
      TimePoint at = now;
      for (std::size_t i = 0; i < hops_.size(); ++i) {
        const double on_the_wire = static_cast<double>(part.size()) / hops_[i].bytes_per_second;
        free_[i] = std::max(at, free_[i]) + nanoseconds(static_cast<std::int64_t>(on_the_wire * 1e9));
        at = free_[i] + hops_[i].round_trip / 2;
      }
      std::uint8_t draw[1];
      rng_.fill(draw);
      at += extra + jitter_ * draw[0] / 255;
      if (!under_way_.empty()) at = std::max(at, under_way_.back().arrives);
      under_way_.push_back({at, {part.begin(), part.end()}});
    }
  }

  std::optional<TimePoint> next() const {
    return under_way_.empty() ? std::nullopt : std::optional(under_way_.front().arrives);
  }

  std::optional<std::vector<std::uint8_t>> take(TimePoint now) {
    if (under_way_.empty() || under_way_.front().arrives > now) return std::nullopt;
    std::vector<std::uint8_t> bytes = std::move(under_way_.front().bytes);
    under_way_.pop_front();
    return bytes;
  }

 private:
  struct Piece {
    TimePoint arrives;
    std::vector<std::uint8_t> bytes;
  };
  std::vector<Hop> hops_;
  std::vector<TimePoint> free_;
  nanoseconds jitter_;
  SeededRng rng_;
  std::deque<Piece> under_way_;
};

TransportSettings transport_settings(Role role) {
  TransportSettings settings;
  settings.kex.role = role;
  settings.kex.proposal = default_proposal();
  settings.kex.proposal.kex = {"curve25519-sha256"};
  settings.kex.proposal.cipher_client_to_server = {"aes128-gcm@openssh.com"};
  settings.kex.proposal.cipher_server_to_client = {"aes128-gcm@openssh.com"};
  settings.kex.proposal.host_key = {"ssh-ed25519"};
  return settings;
}

// A login, a channel, and data through it as fast as window and path let them go.
class Journey {
 public:
  Journey(const PathKind& its_kind, bool its_upload)
      : kind(its_kind),
        upload(its_upload),
        to_receiver(kind.hops, kind.jitter, 4),
        to_sender(reversed(), kind.jitter, 5) {
    auto for_client = std::make_shared<ClientConnectionSettings>();
    for_client->transport = transport_settings(Role::client);
    if (!kind.client.empty()) for_client->transport.software_version = kind.client;
    for_client->auth.user = "student";
    for_client->auth.accepted_algorithms = {"ssh-ed25519"};
    client = std::make_unique<ClientConnection>(for_client, client_rng);
    auto for_server = std::make_shared<ServerConnectionSettings>();
    for_server->transport = transport_settings(Role::server);
    for_server->transport.kex.host_keys = {{"ssh-ed25519", copy_of(host_key.public_key().blob())}};
    for_server->transport.server_sig_algs = {"ssh-ed25519"};
    server = std::make_unique<ServerConnection>(for_server, server_rng);
    set_now(TimePoint{} + std::chrono::hours(1));
  }

  void run() {
    while (!started) step();
    const TimePoint half = now + kind.lasts / 2, quarter = now + kind.lasts / 4, end = now + kind.lasts;
    while (now < quarter) step();
    if (!kind.later.empty()) become_another_path();
    while (now < half) step();
    if (!kind.later.empty()) kind.reader = kind.later_reader;
    const std::uint64_t before = received;
    while (now < end) step();
    in_second_half = received - before;
  }

  std::uint32_t window() { return (upload ? server->channels() : client->channels()).at(0).window_from_peer().size(); }

  PathKind kind;
  bool upload;
  std::uint64_t in_second_half = 0;
  unsigned global_requests = 0;  // that reached an application

 private:
  std::vector<Hop> reversed() const { return {kind.hops.rbegin(), kind.hops.rend()}; }

  void become_another_path() {
    kind.hops = kind.later;
    to_receiver.become(kind.hops);
    to_sender.become(reversed());
  }

  // To the next moment at which anything happens.
  void step() {
    leave(*client, upload ? to_receiver : to_sender, !upload);
    leave(*server, upload ? to_sender : to_receiver, upload);
    std::optional<TimePoint> next = to_receiver.next();
    if (to_sender.next() && (!next || *to_sender.next() < *next)) next = to_sender.next();
    if (started && (!next || now + tick < *next)) next = now + tick;
    ASSERT_TRUE(next) << "nothing is under way";
    const nanoseconds passed = *next - now;
    set_now(*next);
    while (auto bytes = to_receiver.take(now)) upload ? arrive(*server, *bytes) : arrive(*client, *bytes);
    while (auto bytes = to_sender.take(now)) upload ? arrive(*client, *bytes) : arrive(*server, *bytes);
    if (started) {
      read(passed);
      write(passed);
    }
  }

  template <class Core>
  void leave(Core& core, Direction& direction, bool to_thinker) {
    for (const Bytes part : core.ready()) {
      direction.send(part, now, to_thinker && !logged_in ? kind.sender_thinks : nanoseconds(0));
    }
    core.written(core.backlog());
  }

  template <class Core>
  void arrive(Core& core, Bytes bytes) {
    while (!bytes.empty()) {
      const MutableBytes space = core.space();
      const std::size_t size = std::min(space.size(), bytes.size());
      std::copy_n(bytes.begin(), size, space.begin());
      core.filled(size);
      bytes = bytes.subspan(size);
      while (auto event = core.next_event()) on(*event);
    }
  }

  void read(nanoseconds passed) {
    may_read = std::min(may_read + kind.reader * seconds_of(passed), 1000 * mb);
    const auto size = std::min(unread, static_cast<std::uint64_t>(may_read));
    if (size == 0) return;
    unread -= size;
    may_read -= static_cast<double>(size);
    (upload ? server->channels() : client->channels()).at(0).consumed(size);
  }

  void write(nanoseconds passed) {
    Channel& channel = (upload ? client->channels() : server->channels()).at(0);
    may_write = std::min(may_write + kind.sender * seconds_of(passed), 1 * mb);
    while (channel.room() > 0 && may_write > 0) {
      const MutableBytes place = channel.data_space(channel.room());
      channel.commit(place.size());
      may_write -= static_cast<double>(place.size());
      upload ? leave(*client, to_receiver, false) : leave(*server, to_receiver, false);
    }
  }

  void on_data(const DataArrived& data) {
    received += data.data.size();
    unread += data.data.size();
  }

  void on(ClientEvent& event) {
    if (std::holds_alternative<HostKeyOffered>(event)) {
      client->accept_host_key();
    } else if (std::holds_alternative<IdentitiesWanted>(event)) {
      client->provide_identities({Credential(user_key.public_key())});
    } else if (auto* wanted = std::get_if<UserSignatureWanted>(&event)) {
      client->provide_user_signature(user_key.sign(wanted->algorithm, wanted->data));
    } else if (std::holds_alternative<AuthenticationSucceeded>(event)) {
      logged_in = true;
      client->channels().open("session");
    } else if (std::holds_alternative<ChannelOpened>(event)) {
      started = true;
    } else if (auto* data = std::get_if<DataArrived>(&event)) {
      on_data(*data);
    } else if (auto* requested = std::get_if<GlobalRequested>(&event)) {
      ++global_requests;
      if (requested->want_reply && kind.answers) client->channels().answer_global(false);
    } else {
      expect_no_surprise(event);
    }
  }

  void on(ServerEvent& event) {
    if (auto* wanted = std::get_if<SignatureWanted>(&event)) {
      server->provide_signature(host_key.sign(wanted->host_key_algorithm, wanted->exchange_hash));
    } else if (std::holds_alternative<AuthSettingsWanted>(event)) {
      server->provide_auth_settings({.accepted_algorithms = {"ssh-ed25519"}});
    } else if (std::holds_alternative<LoginAttempt>(event)) {
      server->decide_login(LoginDecision::accept);
    } else if (std::holds_alternative<LoginComplete>(event)) {
      server->welcome();
    } else if (auto* opening = std::get_if<ChannelOpenWanted>(&event)) {
      server->channels().accept_open(opening->channel);
    } else if (auto* data = std::get_if<DataArrived>(&event)) {
      on_data(*data);
    } else {
      global_requests += std::holds_alternative<GlobalRequested>(event);
      expect_no_surprise(event);
    }
  }

  // The answers to probes in particular are not for the application.
  template <class Event>
  void expect_no_surprise(const Event& event) {
    EXPECT_FALSE(std::holds_alternative<GlobalRequestAnswered>(event));
    if (auto* end = std::get_if<Disconnected>(&event)) FAIL() << end->description;
  }

  void set_now(TimePoint time) {
    now = time;
    client->set_now(now);
    server->set_now(now);
  }

  SeededRng key_rng{1}, client_rng{2}, server_rng{3};
  const PrivateKey host_key = PrivateKey::generate("ssh-ed25519", key_rng);
  const PrivateKey user_key = PrivateKey::generate("ssh-ed25519", key_rng);
  Direction to_receiver, to_sender;
  std::unique_ptr<ClientConnection> client;
  std::unique_ptr<ServerConnection> server;
  TimePoint now{};
  bool logged_in = false, started = false;
  std::uint64_t received = 0, unread = 0;
  double may_read = 0, may_write = 0;
};

const PathKind kinds[] = {
    {.name = "ShortAndFast",
     .hops = {{microseconds(100), 500 * mb}},
     .sender_thinks = milliseconds(10),
     .lasts = milliseconds(200),
     .used = 0.95},
    {.name = "ShortAndTheSenderThinksForASecondInTheLogin",
     .hops = {{microseconds(100), 500 * mb}},
     .sender_thinks = seconds(1),
     .lasts = milliseconds(200),
     .used = 0.95},
    {.name = "MiddlingAndFast",
     .hops = {{milliseconds(20), 300 * mb}},
     .lasts = milliseconds(600),
     .least = 6 * mib,
     .most = 14 * mib,
     .used = 0.95},
    {.name = "LongAndFat", .hops = {{milliseconds(100), 100 * mb}}, .least = 10 * mib, .most = 24 * mib, .used = 0.95},
    {.name = "LongAndThin", .hops = {{milliseconds(100), 4 * mb}}, .lasts = seconds(5), .used = 0.95},
    // Its buffer for what it reads ahead does not bear more.
    {.name = "MiddlingAndFastFromOpenSsh",
     .hops = {{milliseconds(20), 300 * mb}},
     .least = 8 * mib,
     .most = 8 * mib,
     .used = 0.95,
     .client = "OpenSSH_9.2p1"},
    {.name = "LongAndFatFromOpenSsh",
     .hops = {{milliseconds(100), 100 * mb}},
     .least = 8 * mib,
     .most = 8 * mib,
     .used = 0.8,
     .client = "OpenSSH_9.2p1"},
    {.name = "LongBehindAFastLastHop",
     .hops = {{milliseconds(100), 100 * mb}, {microseconds(100), 1000 * mb}},
     .least = 10 * mib,
     .most = 24 * mib,
     .used = 0.95},
    {.name = "LongBehindAFastFirstHop",
     .hops = {{microseconds(100), 1000 * mb}, {milliseconds(100), 100 * mb}},
     .least = 10 * mib,
     .most = 24 * mib,
     .used = 0.95},
    {.name = "LongToASlowReader", .hops = {{milliseconds(100), 100 * mb}}, .reader = 5 * mb},
    {.name = "LongAndTheSenderThinksForASecondInTheLogin",
     .hops = {{milliseconds(100), 100 * mb}},
     .sender_thinks = seconds(1),
     .least = 10 * mib,
     .most = 28 * mib,
     .used = 0.95},
    {.name = "ThinAndTheSenderThinksForASecondInTheLogin",
     .hops = {{milliseconds(100), 4 * mb}},
     .sender_thinks = seconds(1),
     .lasts = seconds(5),
     .most = 5 * mib,
     .used = 0.95},
    {.name = "LongWithJitter",
     .hops = {{milliseconds(90), 100 * mb}},
     .jitter = milliseconds(10),
     .least = 9 * mib,
     .most = 24 * mib,
     .used = 0.9},
    {.name = "ShorterWhileDataFlow",
     .hops = {{milliseconds(100), 500 * mb}},
     .reader = 5 * mb,
     .lasts = milliseconds(5600),
     .later = {{milliseconds(1), 500 * mb}},
     .later_reader = 50 * mb},
    {.name = "LongToASenderThatAnswersNoProbe",
     .hops = {{milliseconds(100), 100 * mb}},
     .answers = false,
     .least = 10 * mib,
     .most = 24 * mib,
     .used = 0.95},
    // The probe tells nothing, so the login does.
    {.name = "ShortToASenderThatAnswersNoProbe",
     .hops = {{microseconds(100), 500 * mb}},
     .sender_thinks = milliseconds(10),
     .answers = false,
     .lasts = milliseconds(200),
     .most = 10 * mib,
     .used = 0.95},
    // All of the first window stands before the first answer.
    {.name = "ShortWithADeepQueue",
     .hops = {{microseconds(100), 100 * mb}},
     .sender_thinks = seconds(1),
     .sender = 10'000 * mb,
     .lasts = milliseconds(1000),
     .most = 2 * initial,
     .used = 0.95},
};

struct Case {
  PathKind kind;
  bool upload;
};
void PrintTo(const Case& which, std::ostream* out) { *out << which.kind.name; }

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const PathKind& kind : kinds) {
    cases.push_back({kind, true});
    if (kind.answers && kind.client.empty()) cases.push_back({kind, false});  // a real server answers each PING
  }
  return cases;
}

class Path : public testing::TestWithParam<Case> {};

TEST_P(Path, HasTheWindowThatItNeeds) {
  const PathKind& kind = GetParam().kind;
  Journey journey(kind, GetParam().upload);
  journey.run();
  EXPECT_GE(journey.window(), kind.least);
  EXPECT_LE(journey.window(), kind.most);
  double narrowest = 1e12;
  for (const Hop& hop : kind.hops) narrowest = std::min(narrowest, hop.bytes_per_second);
  const double most = narrowest * seconds_of(kind.lasts) / 2;
  EXPECT_GE(static_cast<double>(journey.in_second_half), kind.used * most);
  EXPECT_EQ(journey.global_requests > 0, journey.upload) << "a server is asked by PING";
}

INSTANTIATE_TEST_SUITE_P(Kinds, Path, testing::ValuesIn(all_cases()), [](const testing::TestParamInfo<Case>& info) {
  return info.param.kind.name + (info.param.upload ? "Upload" : "Download");
});

}  // namespace
}  // namespace glassh::test
