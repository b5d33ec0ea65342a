// The application of the recorded sessions, in both roles, over a core with seeded randomness: what it does depends on
// the recording's header and on the peer's bytes alone. So it makes the same recording again from the same bytes; the
// recorder gets them from a socket, the replayer from the file.
//
// The client runs `command`, sends `input`, and ends. The server gives back what it gets in upper case, then says
// "done" on stderr and exit status 7. With `rekey: ours` a key exchange starts in the middle.
//
//   RecordedSession<ClientApplication> session(header);  session.arrive(bytes);  session.recording()
#pragma once

#include <algorithm>
#include <cctype>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "client/client_connection.h"
#include "crypto/key_files/key_file.h"
#include "crypto/rng.h"
#include "proto/messages_session.h"
#include "proto/safe_text.h"
#include "server/server_connection.h"
#include "test/support/recording.h"

namespace glassh::test {

inline TransportSettings recorded_transport(const Recording& header, Role role) {
  TransportSettings settings;
  settings.kex.role = role;
  Proposal& proposal = settings.kex.proposal;
  proposal = default_proposal();
  proposal.kex = {header.at("kex")};
  proposal.host_key = {header.at("host_key")};
  proposal.cipher_client_to_server = proposal.cipher_server_to_client = {header.at("cipher")};
  proposal.mac_client_to_server = proposal.mac_server_to_client = {header.at("mac")};
  return settings;
}

// Text on its way into a channel, as far as there is room.
struct Outgoing {
  std::string text;
  std::uint32_t extended_type = 0;

  // True when all of it has gone.
  bool send(Channel& channel) {
    while (!text.empty() && channel.room() > 0) {
      const MutableBytes place = channel.data_space(text.size(), extended_type);
      std::copy_n(text.begin(), place.size(), place.begin());
      channel.commit(place.size());
      text.erase(0, place.size());
    }
    return text.empty();
  }
};

// What both roles tell of an event, for the recording.
struct Words {
  std::string operator()(const KeysChanged& event) const { return event.first ? "first keys" : "new keys"; }
  std::string operator()(const DataArrived& event) const {
    return fmt::format("data on channel {}{}: {}", event.channel, event.extended_type == 1 ? " (stderr)" : "",
                       quoted(text_of(event.data)));
  }
  std::string operator()(const ChannelOpenWanted& event) const {
    return fmt::format("channel {} wanted: {}", event.channel, event.type);
  }
  std::string operator()(const ChannelOpened& event) const { return fmt::format("channel {} opened", event.channel); }
  std::string operator()(const ChannelRequested& event) const {
    return fmt::format("channel {} {}: {}", event.channel, event.type, hex(event.details));
  }
  std::string operator()(const ChannelRequestAnswered& event) const {
    return fmt::format("channel {} {}", event.channel, event.success ? "success" : "failure");
  }
  std::string operator()(const EofArrived& event) const { return fmt::format("channel {} eof", event.channel); }
  std::string operator()(const CloseArrived& event) const { return fmt::format("channel {} closed", event.channel); }
  std::string operator()(const GlobalRequested& event) const { return fmt::format("global request: {}", event.name); }
  std::string operator()(const HostKeyOffered& event) const { return fmt::format("host key: {}", event.algorithm); }
  std::string operator()(const SignatureWanted& event) const {
    return fmt::format("sign: {}", event.host_key_algorithm);
  }
  std::string operator()(const IdentitiesWanted&) const { return "the user's keys wanted"; }
  std::string operator()(const UserSignatureWanted& event) const {
    return fmt::format("sign as the user: {}", event.algorithm);
  }
  std::string operator()(const AuthSettingsWanted& event) const { return fmt::format("settings for {}", event.user); }
  std::string operator()(const LoginAttempt& event) const {
    return fmt::format("login by {}, {}", event.method, event.proved ? "proved" : "a query");
  }
  std::string operator()(const AttemptAnswered& event) const {
    return fmt::format("not yet in by {}: {} failures", event.method, event.failures);
  }
  std::string operator()(const LoginComplete& event) const { return fmt::format("logged in by {}", event.method); }
  std::string operator()(const AuthenticationSucceeded& event) const {
    return fmt::format("logged in by {}", event.method);
  }
  std::string operator()(const Disconnected& event) const {
    return fmt::format("disconnected{}: {}", event.by_peer ? " by the peer" : "", event.description);
  }
  std::string operator()(const DebugArrived& event) const { return fmt::format("debug: {}", quoted(event.message)); }
  template <class Other>
  std::string operator()(const Other&) const {
    return "something that no recorded session has";
  }
};

class ClientApplication {
 public:
  using Core = ClientConnection;

  explicit ClientApplication(const Recording& header)
      : header_(header), key_(parse_private_key_file(header.at("our_key")).key), out_{header.at("input"), 0} {}

  std::shared_ptr<const ClientConnectionSettings> settings() const {
    auto settings = std::make_shared<ClientConnectionSettings>();
    settings->transport = recorded_transport(header_, Role::client);
    settings->auth.user = header_.at("user");
    settings->auth.accepted_algorithms = {"ssh-ed25519", "rsa-sha2-512"};
    return settings;
  }

  void on(Core& core, ClientEvent& event) {
    if (auto* offered = std::get_if<HostKeyOffered>(&event)) {
      if (PublicKey::decode(offered->host_key) == parse_public_key_line(header_.at("their_key")).key) {
        core.accept_host_key();
      } else {
        core.disconnect(DisconnectReason::host_key_not_verifiable, "another host key");
      }
    } else if (std::holds_alternative<IdentitiesWanted>(event)) {
      core.provide_identities({Credential(key_.public_key())});
    } else if (auto* wanted = std::get_if<UserSignatureWanted>(&event)) {
      core.provide_user_signature(key_.sign(wanted->algorithm, wanted->data));
    } else if (std::holds_alternative<AuthenticationSucceeded>(event)) {
      core.channels().open("session");
    } else if (auto* opened = std::get_if<ChannelOpened>(&event)) {
      core.channels().at(opened->channel).request(msg::Exec{header_.at("command")}, true);
    } else if (auto* answered = std::get_if<ChannelRequestAnswered>(&event)) {
      channel_ = answered->channel;
    } else if (auto* data = std::get_if<DataArrived>(&event)) {
      core.channels().at(data->channel).consumed(data->data.size());
    } else if (std::holds_alternative<CloseArrived>(event)) {
      channel_.reset();
      core.disconnect(DisconnectReason::by_application, "the command has ended");
    }
  }

  // After the events of each arrival.
  void act(Core& core) {
    Channel* const channel = channel_ ? core.channels().find(*channel_) : nullptr;
    if (channel == nullptr) return;
    if (header_.at("rekey") == "ours" && !rekeyed_) {
      rekeyed_ = true;
      Outgoing half{out_.text.substr(0, out_.text.size() / 2), 0};
      out_.text.erase(0, half.text.size());
      half.send(*channel);
      core.start_key_exchange();
    }
    if (out_.send(*channel)) channel->send_eof();
  }

 private:
  const Recording& header_;
  PrivateKey key_;
  Outgoing out_;
  std::optional<std::uint32_t> channel_;  // once the command runs
  bool rekeyed_ = false;
};

class ServerApplication {
 public:
  using Core = ServerConnection;

  explicit ServerApplication(const Recording& header)
      : header_(header), key_(parse_private_key_file(header.at("our_key")).key) {}

  std::shared_ptr<const ServerConnectionSettings> settings() const {
    auto settings = std::make_shared<ServerConnectionSettings>();
    settings->transport = recorded_transport(header_, Role::server);
    settings->transport.kex.host_keys = {{std::string(key_.public_key().type()), copy_of(key_.public_key().blob())}};
    settings->transport.server_sig_algs = {"ssh-ed25519", "rsa-sha2-512"};
    return settings;
  }

  void on(Core& core, ServerEvent& event) {
    if (auto* wanted = std::get_if<SignatureWanted>(&event)) {
      core.provide_signature(key_.sign(wanted->host_key_algorithm, wanted->exchange_hash));
    } else if (std::holds_alternative<AuthSettingsWanted>(event)) {
      core.provide_auth_settings({.accepted_algorithms = {"ssh-ed25519", "rsa-sha2-512"}});
    } else if (auto* attempt = std::get_if<LoginAttempt>(&event)) {
      const bool known =
          attempt->key != nullptr && attempt->key->key() == parse_public_key_line(header_.at("their_key")).key;
      core.decide_login(known ? LoginDecision::accept : LoginDecision::refuse);
    } else if (std::holds_alternative<LoginComplete>(event)) {
      core.welcome();
    } else if (auto* opening = std::get_if<ChannelOpenWanted>(&event)) {
      core.channels().accept_open(opening->channel);
    } else if (auto* requested = std::get_if<ChannelRequested>(&event)) {
      const bool exec = requested->type == msg::Exec::name;
      if (exec) channel_ = requested->channel;
      if (requested->want_reply) core.channels().at(requested->channel).answer_request(exec);
    } else if (auto* global = std::get_if<GlobalRequested>(&event)) {
      if (global->want_reply) core.channels().answer_global(false);
    } else if (auto* data = std::get_if<DataArrived>(&event)) {
      for (const std::uint8_t byte : data->data) out_.text += static_cast<char>(std::toupper(byte));
      core.channels().at(data->channel).consumed(data->data.size());
    } else if (std::holds_alternative<EofArrived>(event)) {
      eof_ = true;
    }
  }

  void act(Core& core) {
    Channel* const channel = channel_ ? core.channels().find(*channel_) : nullptr;
    if (channel == nullptr) return;
    if (header_.at("rekey") == "ours" && !rekeyed_ && !out_.text.empty()) {
      rekeyed_ = true;
      core.start_key_exchange();
    }
    if (!out_.send(*channel) || !eof_ || channel->eof_sent() || !done_.send(*channel)) return;
    channel->send_eof();
    channel->request(msg::ExitStatus{7}, false);
    channel->close();
  }

 private:
  const Recording& header_;
  PrivateKey key_;
  Outgoing out_;
  Outgoing done_{"done\n", 1};
  std::optional<std::uint32_t> channel_;
  bool eof_ = false;
  bool rekeyed_ = false;
};

template <class Application>
class RecordedSession {
 public:
  using Core = typename Application::Core;

  explicit RecordedSession(const Recording& header)
      : header_{header.header, {}},
        application_(header_),
        rng_(std::stoull(header_.at("seed"))),
        core_(application_.settings(), rng_) {
    core_.set_now(TimePoint{} + std::chrono::hours(1));
    go_on();
  }
  RecordedSession(const RecordedSession&) = delete;
  RecordedSession& operator=(const RecordedSession&) = delete;

  // No bytes: the peer hung up.
  void arrive(Bytes bytes) {
    note('<', hex(bytes));
    if (bytes.empty()) core_.end_of_input();
    while (!bytes.empty() && !core_.closed()) {
      const MutableBytes space = core_.space();
      const std::size_t size = std::min(space.size(), bytes.size());
      std::copy_n(bytes.begin(), size, space.begin());
      core_.filled(size);
      bytes = bytes.subspan(size);
      pull();
    }
    go_on();
  }

  bool over() const { return core_.closed(); }
  // What has become ready to send since the last call; it is in the recording already.
  std::vector<std::uint8_t> take_output() { return std::exchange(output_, {}); }
  // The header and everything that happened so far.
  const Recording& recording() const { return header_; }

 private:
  void note(char kind, std::string text) { header_.lines.push_back({kind, std::move(text)}); }

  void pull() {
    while (auto event = core_.next_event()) {
      note('=', std::visit(Words{}, *event));
      application_.on(core_, *event);
    }
  }

  void go_on() {
    pull();
    if (!core_.closed()) application_.act(core_);
    std::vector<std::uint8_t> sent;
    for (const Bytes part : core_.ready()) sent.insert(sent.end(), part.begin(), part.end());
    core_.written(sent.size());
    if (!sent.empty()) note('>', hex(sent));
    output_.insert(output_.end(), sent.begin(), sent.end());
  }

  Recording header_;
  Application application_;
  SeededRng rng_;
  Core core_;
  std::vector<std::uint8_t> output_;
};

// The same session once more, from the peer's bytes in `recording`.
template <class Application>
Recording replay(const Recording& recording) {
  RecordedSession<Application> session(recording);
  for (const auto& [kind, text] : recording.lines) {
    if (kind == '<') session.arrive(unhex(text));
  }
  return session.recording();
}

inline Recording replay(const Recording& recording) {
  return recording.at("role") == "client" ? replay<ClientApplication>(recording) : replay<ServerApplication>(recording);
}

}  // namespace glassh::test
