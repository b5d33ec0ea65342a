// A whole client and a whole server, without sockets: two connection cores joined by byte queues, with seeded
// randomness, a clock that only the test moves, a chunk size and a delay for answers.
//
// The application on top is small and honest: the server accepts the one user key, opens sessions, and echoes what a
// session sends, then reports exit status 7. The client logs in, opens `channels` sessions and sends `payload_size`
// bytes through each.
//
//   Pair pair;  pair.run();  EXPECT_TRUE(pair.complete());
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <fmt/format.h>

#include "client/client_connection.h"
#include "crypto/keys/key.h"
#include "crypto/rng.h"
#include "proto/messages_session.h"
#include "server/server_connection.h"

namespace glassh::test {

struct PairOptions {
  std::uint64_t seed = 1;
  Proposal proposal = default_proposal();
  std::size_t chunk = 0;       // bytes that arrive at once; 0: all there are
  bool random_chunks = false;  // between 1 and `chunk`
  unsigned late = 0;           // how many rounds an answer (signature, decision) takes
  std::size_t payload_size = 100000;
  bool echoes = true;  // false: the server takes the bytes and sends none
  unsigned channels = 1;
  ChannelLimits limits;
  bool judges_host_key = true;  // false: the client's application leaves that question open
  bool client_rekeys_each_round = false, server_rekeys_each_round = false;
  std::chrono::seconds client_alive_interval{0}, server_alive_interval{0};
  unsigned alive_count_max = 3;
  RekeyLimit client_rekey_limit, server_rekey_limit;
  bool hands_over = false;  // the server's connection goes on in another object when the login is complete
  TraceSink* client_trace = nullptr;
  TraceSink* server_trace = nullptr;
};

// Bytes of a pattern that tells where one went missing.
inline std::uint8_t pattern(std::size_t at) { return static_cast<std::uint8_t>(at * 7 + at / 251); }

class Pair {
 public:
  explicit Pair(PairOptions its_options = {})
      : options(std::move(its_options)),
        key_rng(options.seed + 1000),
        host_key(PrivateKey::generate("ssh-ed25519", key_rng)),
        user_key(PrivateKey::generate("ssh-ed25519", key_rng)),
        client_rng(options.seed),
        server_rng(options.seed + 1),
        chunk_rng(options.seed + 2),
        client(client_settings(), client_rng, options.client_trace),
        server_settings_(server_settings()),
        server_(std::make_unique<ServerConnection>(server_settings_, server_rng, options.server_trace)) {
    set_now(TimePoint{} + std::chrono::hours(1));
  }

  // Until nothing moves any more.
  void run() {
    for (bool moved = true; moved;) moved = round();
  }

  // One exchange of bytes each way, with everything that follows from it. False: nothing happened.
  bool round() {
    bool moved = answer_when_due();
    moved |= send_application_data();
    if (options.client_rekeys_each_round && client_may_rekey() && !complete()) client.start_key_exchange();
    if (options.server_rekeys_each_round && server_may_rekey() && !complete()) server().start_key_exchange();
    move_bytes(client, to_server, "client to server:");
    move_bytes(server(), to_client, "server to client:");
    moved |= step_client();
    moved |= step_server();
    return moved;
  }

  // One side alone takes what is on its way to it; for tests that play the other side themselves.
  bool step_client() {
    return deliver([this]() -> ClientConnection& { return client; }, to_client,
                   [this](ClientEvent& event) { on_client_event(event); });
  }
  bool step_server() {
    return deliver([this]() -> ServerConnection& { return server(); }, to_server,
                   [this](ServerEvent& event) { on_server_event(event); });
  }

  void set_now(TimePoint time) {
    now = time;
    client.set_now(now);
    server().set_now(now);
  }

  // Every session got back what it sent, its exit status and its end.
  bool complete() const {
    return client_sessions.size() == options.channels &&
           std::all_of(client_sessions.begin(), client_sessions.end(), [this](const auto& entry) {
             const ClientSession& session = entry.second;
             return session.received == (options.echoes ? options.payload_size : 0) && session.intact &&
                    session.status == 7U && session.closed;
           });
  }

  PairOptions options;
  SeededRng key_rng;
  PrivateKey host_key, user_key;
  SeededRng client_rng, server_rng, chunk_rng;
  ClientConnection client;
  ServerConnection& server() { return *server_; }              // the one in use
  std::vector<std::unique_ptr<ServerConnection>> handed_over;  // those that were
  std::vector<std::uint8_t> to_client, to_server;              // on their way
  std::vector<std::string> client_log, server_log;             // every event but data and room, in words
  std::optional<Disconnected> client_end, server_end;
  std::size_t client_key_changes = 0, server_key_changes = 0;
  TimePoint now;
  // Sees the bytes that leave one side in one round.
  std::function<void(const char* direction, const std::vector<std::uint8_t>& bytes)> on_flight;
  std::function<void()> on_login_complete;  // before it is answered
  bool welcomes = true;                     // false: LoginComplete stays open

  struct ClientSession {
    std::size_t sent = 0, received = 0;
    bool intact = true, closed = false, started = false;
    std::optional<std::uint32_t> status;
  };
  struct ServerSession {
    std::vector<std::uint8_t> to_echo;
    bool eof = false;
  };
  std::map<std::uint32_t, ClientSession> client_sessions;
  std::map<std::uint32_t, ServerSession> server_sessions;

 private:
  std::shared_ptr<const ClientConnectionSettings> client_settings() const {
    auto settings = std::make_shared<ClientConnectionSettings>();
    settings->transport.kex.role = Role::client;
    settings->transport.kex.proposal = options.proposal;
    settings->transport.rekey_limit = options.client_rekey_limit;
    settings->auth.user = "student";
    settings->auth.accepted_algorithms = {"ssh-ed25519"};
    settings->channels = options.limits;
    settings->server_alive_interval = options.server_alive_interval;
    settings->server_alive_count_max = options.alive_count_max;
    return settings;
  }

  std::shared_ptr<const ServerConnectionSettings> server_settings() const {
    auto settings = std::make_shared<ServerConnectionSettings>();
    settings->transport.kex.role = Role::server;
    settings->transport.kex.proposal = options.proposal;
    settings->transport.rekey_limit = options.server_rekey_limit;
    settings->transport.kex.proposal.host_key = {"ssh-ed25519"};
    settings->transport.kex.host_keys = {{"ssh-ed25519", copy_of(host_key.public_key().blob())}};
    settings->transport.server_sig_algs = {"ssh-ed25519"};
    settings->transport.kex.keeps_keys = options.hands_over;
    settings->channels = options.limits;
    settings->client_alive_interval = options.client_alive_interval;
    settings->client_alive_count_max = options.alive_count_max;
    return settings;
  }

  void hand_over() {
    TransportState state = server_->hand_over();
    handed_over.push_back(std::move(server_));
    server_ = std::make_unique<ServerConnection>(server_settings_, server_rng, options.server_trace, std::move(state));
    server_->set_now(now);
  }

  bool client_may_rekey() const {
    return const_cast<ClientConnection&>(client).transport().key_exchange().first_done();
  }
  bool server_may_rekey() const {
    const bool login_comes_first = options.hands_over && handed_over.empty();  // no exchange may run then
    return !login_comes_first && server_->transport().key_exchange().first_done();
  }

  template <class Core>
  void move_bytes(Core& core, std::vector<std::uint8_t>& queue, const char* direction) {
    std::vector<std::uint8_t> flight;
    for (const Bytes part : core.ready()) flight.insert(flight.end(), part.begin(), part.end());
    core.written(flight.size());
    queue.insert(queue.end(), flight.begin(), flight.end());
    if (on_flight) on_flight(direction, flight);
  }

  std::size_t chunk_size(std::size_t available) {
    if (options.chunk == 0) return available;
    std::size_t size = options.chunk;
    if (options.random_chunks) {
      std::uint8_t draw[2];
      chunk_rng.fill(draw);
      size = 1 + (std::size_t{draw[0]} * 256 + draw[1]) % options.chunk;
    }
    return std::min(size, available);
  }

  // Feeds one chunk and pulls what it leads to.
  template <class CoreInUse, class OnEvent>
  bool deliver(CoreInUse core, std::vector<std::uint8_t>& queue, OnEvent on_event) {
    bool any = false;
    if (!core().closed() && !queue.empty() && !core().waiting()) {
      const MutableBytes space = core().space();
      const std::size_t size = std::min(space.size(), chunk_size(queue.size()));
      std::copy_n(queue.begin(), size, space.begin());
      core().filled(size);
      any = true;
      queue.erase(queue.begin(), queue.begin() + static_cast<std::ptrdiff_t>(size));
    } else if (core().closed()) {
      queue.clear();
      return false;
    }
    while (auto event = core().next_event()) {
      any = true;
      try {
        on_event(*event);
      } catch (const ProtocolError& error) {  // details that only the application decodes
        core().disconnect(error.reason(), error.what());
      }
    }
    return any;
  }

  template <class Answer>
  void later(Answer answer) {
    if (options.late == 0) {
      answer();
      return;
    }
    answers.emplace_back(options.late, std::move(answer));
  }

  bool answer_when_due() {
    std::vector<std::pair<unsigned, std::function<void()>>> pending;
    pending.swap(answers);
    for (auto& [rounds, answer] : pending) {
      if (rounds == 0) {
        answer();
      } else {
        answers.emplace_back(rounds - 1, std::move(answer));
      }
    }
    return !pending.empty();
  }

  void on_client_event(ClientEvent& event) {
    if (std::holds_alternative<HostKeyOffered>(event)) {
      client_log.push_back("host key offered");
      if (options.judges_host_key) later([this] { client.accept_host_key(); });
    } else if (std::holds_alternative<IdentitiesWanted>(event)) {
      client.provide_identities({Credential(user_key.public_key())});
    } else if (auto* wanted = std::get_if<UserSignatureWanted>(&event)) {
      client_log.push_back(fmt::format("user signature wanted: {}", wanted->algorithm));
      later([this, signature = user_key.sign(wanted->algorithm, wanted->data)] {
        client.provide_user_signature(signature);
      });
    } else if (auto* succeeded = std::get_if<AuthenticationSucceeded>(&event)) {
      client_log.push_back(fmt::format("logged in by {}", succeeded->method));
      for (unsigned i = 0; i < options.channels; ++i) client_sessions[client.channels().open("session")];
    } else if (auto* opened = std::get_if<ChannelOpened>(&event)) {
      client_log.push_back(fmt::format("channel {} opened", opened->channel));
      client.channels().at(opened->channel).request(msg::Exec{"echo"}, true);
    } else if (auto* answered = std::get_if<ChannelRequestAnswered>(&event)) {
      client_log.push_back(fmt::format("channel {} request: {}", answered->channel, answered->success));
      client_sessions[answered->channel].started = answered->success;
    } else if (auto* data = std::get_if<DataArrived>(&event)) {
      ClientSession& session = client_sessions[data->channel];
      for (const std::uint8_t byte : data->data) session.intact &= byte == pattern(session.received++);
      client.channels().at(data->channel).consumed(data->data.size());
    } else if (auto* requested = std::get_if<ChannelRequested>(&event)) {
      client_log.push_back(fmt::format("channel {} {}", requested->channel, requested->type));
      if (requested->type == "exit-status") {
        client_sessions[requested->channel].status = decode<msg::ExitStatus>(requested->details).exit_status;
      }
    } else if (auto* eof = std::get_if<EofArrived>(&event)) {
      client_log.push_back(fmt::format("channel {} eof", eof->channel));
    } else if (auto* closed = std::get_if<CloseArrived>(&event)) {
      client_log.push_back(fmt::format("channel {} closed", closed->channel));
      client_sessions[closed->channel].closed = true;
    } else if (auto* changed = std::get_if<KeysChanged>(&event)) {
      ++client_key_changes;
      if (changed->first) client_log.push_back("first keys");
    } else if (auto* disconnected = std::get_if<Disconnected>(&event)) {
      client_log.push_back("disconnected: " + disconnected->description);
      client_end = *disconnected;
    }
  }

  void on_server_event(ServerEvent& event) {
    if (auto* wanted = std::get_if<SignatureWanted>(&event)) {
      later([this, signature = host_key.sign(wanted->host_key_algorithm, wanted->exchange_hash)] {
        server().provide_signature(signature);
      });
    } else if (auto* asked = std::get_if<AuthSettingsWanted>(&event)) {
      server_log.push_back(fmt::format("login settings wanted: {}", asked->user));
      later([this] { server().provide_auth_settings({.accepted_algorithms = {"ssh-ed25519"}}); });
    } else if (auto* attempt = std::get_if<LoginAttempt>(&event)) {
      server_log.push_back(
          fmt::format("login attempt: {} {} proved={}", attempt->user, attempt->method, attempt->proved));
      const bool ours = attempt->key != nullptr && attempt->key->key() == user_key.public_key();
      later([this, ours] { server().decide_login(ours ? LoginDecision::accept : LoginDecision::refuse); });
    } else if (auto* answered = std::get_if<AttemptAnswered>(&event)) {
      server_log.push_back(fmt::format("not yet in by {}: {} failures", answered->method, answered->failures));
    } else if (auto* login = std::get_if<LoginComplete>(&event)) {
      server_log.push_back(fmt::format("logged in: {}", login->user));
      if (on_login_complete) on_login_complete();
      if (!welcomes) return;
      later([this] {
        if (options.hands_over) hand_over();
        server().welcome();
      });
    } else if (auto* wanted_open = std::get_if<ChannelOpenWanted>(&event)) {
      server_log.push_back(fmt::format("channel {} open wanted: {}", wanted_open->channel, wanted_open->type));
      server().channels().accept_open(wanted_open->channel);
      server_sessions[wanted_open->channel];
    } else if (auto* requested = std::get_if<ChannelRequested>(&event)) {
      server_log.push_back(fmt::format("channel {} {}", requested->channel, requested->type));
      if (requested->want_reply) server().channels().at(requested->channel).answer_request(true);
    } else if (auto* data = std::get_if<DataArrived>(&event)) {
      std::vector<std::uint8_t>& to_echo = server_sessions[data->channel].to_echo;
      if (options.echoes) to_echo.insert(to_echo.end(), data->data.begin(), data->data.end());
      server().channels().at(data->channel).consumed(data->data.size());
    } else if (auto* eof = std::get_if<EofArrived>(&event)) {
      server_log.push_back(fmt::format("channel {} eof", eof->channel));
      server_sessions[eof->channel].eof = true;
    } else if (auto* closed = std::get_if<CloseArrived>(&event)) {
      server_log.push_back(fmt::format("channel {} closed", closed->channel));
      server_sessions.erase(closed->channel);
    } else if (auto* changed = std::get_if<KeysChanged>(&event)) {
      ++server_key_changes;
      if (changed->first) server_log.push_back("first keys");
    } else if (auto* disconnected = std::get_if<Disconnected>(&event)) {
      server_log.push_back("disconnected: " + disconnected->description);
      server_end = *disconnected;
    }
  }

  bool send_application_data() {
    bool moved = false;
    for (auto& [id, session] : client_sessions) {
      if (!session.started || session.closed || client.closed()) continue;
      Channel* const channel = client.channels().find(id);
      if (channel == nullptr) continue;
      while (session.sent < options.payload_size && channel->room() > 0) {
        const MutableBytes place = channel->data_space(options.payload_size - session.sent);
        for (std::uint8_t& byte : place) byte = pattern(session.sent++);
        channel->commit(place.size());
        moved = true;
      }
      if (session.sent == options.payload_size && !channel->eof_sent()) {
        channel->send_eof();
        moved = true;
      }
    }
    for (auto& [id, session] : server_sessions) {
      if (server().closed()) continue;
      Channel* const channel = server().channels().find(id);
      if (channel == nullptr) continue;
      std::size_t done = 0;
      while (done < session.to_echo.size() && channel->room() > 0) {
        const MutableBytes place = channel->data_space(session.to_echo.size() - done);
        std::copy_n(session.to_echo.begin() + static_cast<std::ptrdiff_t>(done), place.size(), place.begin());
        done += place.size();
        channel->commit(place.size());
        moved = true;
      }
      session.to_echo.erase(session.to_echo.begin(), session.to_echo.begin() + static_cast<std::ptrdiff_t>(done));
      if (session.eof && session.to_echo.empty() && !channel->eof_sent() && !channel->close_sent()) {
        channel->request(msg::ExitStatus{7}, false);
        channel->send_eof();
        channel->close();
        moved = true;
      }
    }
    return moved;
  }

  std::shared_ptr<const ServerConnectionSettings> server_settings_;
  std::unique_ptr<ServerConnection> server_;
  std::vector<std::pair<unsigned, std::function<void()>>> answers;
};

}  // namespace glassh::test
