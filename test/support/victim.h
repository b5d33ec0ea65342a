// One connection core with a small application on it, in either role, for tests that play the other side themselves and
// mean no good.
//
// The server lets in whoever says the right password, by either method that asks for one, and grants every channel and
// request. The client accepts the host key, answers questions with that password, and opens a session when it is told
// to. What the core tells its application is kept in words.
//
//   ServerVictim victim;  victim.hear(bytes);  victim.said();  EXPECT_TRUE(victim.events.empty());
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "client/client_connection.h"
#include "crypto/keys/key.h"
#include "crypto/rng.h"
#include "proto/messages_session.h"
#include "server/server_connection.h"

namespace glassh::test {

inline constexpr std::string_view right_password = "right password";

// One key of each type that signs by one algorithm only, which has the name of the type.
inline const PrivateKey& victims_host_key(std::string_view type = "ssh-ed25519") {
  static std::map<std::string, PrivateKey, std::less<>> keys;
  auto found = keys.find(type);
  if (found == keys.end()) {
    SeededRng rng(31);
    found = keys.emplace(type, PrivateKey::generate(type, rng)).first;
  }
  return found->second;
}

// Seeds make exchange hashes repeat, so most signatures have been made before.
inline const std::vector<std::uint8_t>& signed_by_host(Bytes exchange_hash, std::string_view type = "ssh-ed25519") {
  static std::map<std::string, std::vector<std::uint8_t>> made;
  std::vector<std::uint8_t>& signature = made[fmt::format("{} {}", type, hex(exchange_hash))];
  if (signature.empty()) signature = victims_host_key(type).sign(type, exchange_hash);
  return signature;
}

class Victim {
 public:
  Victim() = default;
  Victim(const Victim&) = delete;
  Victim& operator=(const Victim&) = delete;
  virtual ~Victim() = default;

  virtual Role role() const = 0;
  virtual Transport& transport() = 0;
  virtual bool closed() const = 0;
  virtual void start_key_exchange() = 0;
  virtual void let_pass(std::chrono::nanoseconds time) = 0;
  virtual void open_channel() = 0;  // a client's; a server does nothing
  // Takes in what it can; while it waits for an answer the rest waits as well.
  virtual void hear(Bytes bytes) = 0;

  std::vector<std::uint8_t> said() {
    PacketWriter& writer = transport().writer();
    std::vector<std::uint8_t> bytes = std::exchange(said_before, {});
    for (const Bytes part : writer.ready()) bytes.insert(bytes.end(), part.begin(), part.end());
    writer.written(writer.backlog());
    return bytes;
  }
  // With `late`, the answer to SignatureWanted or HostKeyOffered is given by this.
  void answer() {
    if (answer_) std::exchange(answer_, nullptr)();
    hear({});
  }
  bool owes_answer() const { return answer_ != nullptr; }

  bool late = false;
  bool logged_in = false;
  std::vector<std::string> events;
  std::vector<std::uint8_t> received;     // the data of channels and the details of global requests, in order
  std::vector<std::uint8_t> said_before;  // by a core that is no longer in use; goes in front of said()
  std::optional<Disconnected> end;

 protected:
  void now_or_late(std::function<void()> answer) {
    if (late) {
      answer_ = std::move(answer);
    } else {
      answer();
    }
  }
  void tell(std::string words) { events.push_back(std::move(words)); }

  // What both roles have. True if it was such an event.
  template <class Core, class Event>
  bool on_common_event(Core& core, Event& event) {
    if (std::holds_alternative<KeysChanged>(event)) {
      tell("new keys");
    } else if (auto* wanted = std::get_if<ChannelOpenWanted>(&event)) {
      tell("channel wanted");
      core.channels().accept_open(wanted->channel);
    } else if (std::holds_alternative<ChannelOpened>(event)) {
      tell("channel opened");
    } else if (std::holds_alternative<ChannelOpenRefused>(event)) {
      tell("channel refused");
    } else if (auto* data = std::get_if<DataArrived>(&event)) {
      tell("data");
      received.insert(received.end(), data->data.begin(), data->data.end());
      core.channels().at(data->channel).consumed(data->data.size());
    } else if (std::holds_alternative<EofArrived>(event)) {
      tell("eof");
    } else if (std::holds_alternative<CloseArrived>(event)) {
      tell("close");
    } else if (auto* requested = std::get_if<ChannelRequested>(&event)) {
      tell(fmt::format("request {}", requested->type));
      if (requested->want_reply) core.channels().at(requested->channel).answer_request(true);
    } else if (std::holds_alternative<ChannelRequestAnswered>(event)) {
      tell("request answered");
    } else if (auto* global = std::get_if<GlobalRequested>(&event)) {
      tell("global request");
      received.insert(received.end(), global->details.begin(), global->details.end());
      if (global->want_reply) core.channels().answer_global(false);
    } else if (std::holds_alternative<GlobalRequestAnswered>(event)) {
      tell("global request answered");
    } else if (auto* disconnected = std::get_if<Disconnected>(&event)) {
      end = std::move(*disconnected);
    } else {
      return false;
    }
    return true;
  }

 private:
  std::function<void()> answer_;
};

template <class Core>
class CoreVictim : public Victim {
 public:
  explicit CoreVictim(std::uint64_t seed) : rng_(seed) {}

  TimePoint now = TimePoint{} + std::chrono::hours(1);

  Transport& transport() override { return core->transport(); }
  bool closed() const override { return core->closed(); }
  void start_key_exchange() override { core->start_key_exchange(); }
  void let_pass(std::chrono::nanoseconds time) override {
    now += time;
    core->set_now(now);
  }

  void hear(Bytes bytes) override {
    inbox_.insert(inbox_.end(), bytes.begin(), bytes.end());
    std::size_t taken = 0;
    pull();
    while (taken < inbox_.size() && !core->closed() && !core->waiting()) {
      const MutableBytes space = core->space();
      const std::size_t size = std::min(space.size(), inbox_.size() - taken);
      std::copy_n(inbox_.data() + taken, size, space.begin());
      core->filled(size);
      taken += size;
      pull();
    }
    inbox_.erase(inbox_.begin(), inbox_.begin() + static_cast<std::ptrdiff_t>(taken));
  }

 private:
  SeededRng rng_;

 public:
  std::unique_ptr<Core> core;

 protected:
  Rng& rng() { return rng_; }
  virtual void on(typename Core::Event& event) = 0;

 private:
  void pull() {
    while (auto event = core->next_event()) on(*event);
  }

  std::vector<std::uint8_t> inbox_;
};

// The host key is of ssh-ed25519, unless the proposal has other algorithms than all.
inline TransportSettings victims_transport(Role role, const Proposal& proposal) {
  TransportSettings settings;
  settings.kex.role = role;
  settings.kex.proposal = proposal;
  std::vector<std::string>& host_key = settings.kex.proposal.host_key;
  if (host_key == default_proposal().host_key) host_key = {"ssh-ed25519"};
  if (role == Role::server) {
    for (const std::string& type : host_key) {
      settings.kex.host_keys.push_back({type, copy_of(victims_host_key(type).public_key().blob())});
    }
    settings.server_sig_algs = {"ssh-ed25519"};
  }
  return settings;
}

class ServerVictim final : public CoreVictim<ServerConnection> {
 public:
  explicit ServerVictim(const Proposal& proposal = default_proposal(), const KeyLog& key_log = {},
                        bool hands_over = false, const RekeyLimit& rekey_limit = {})
      : CoreVictim(5) {
    auto settings = std::make_shared<ServerConnectionSettings>();
    settings->transport = victims_transport(Role::server, proposal);
    settings->transport.kex.key_log = key_log;
    settings->transport.kex.keeps_keys = hands_over;
    settings->transport.rekey_limit = rekey_limit;
    core = std::make_unique<ServerConnection>(settings, rng());
    core->set_now(now);
    settings_ = std::move(settings);
  }

  Role role() const override { return Role::server; }
  void open_channel() override {}

  // How users may log in; before the first request. Who has the right password, or signs with this key, is right.
  ServerAuthSettings login = {
      .password = true, .keyboard_interactive = true, .accepted_algorithms = {"ssh-ed25519"}, .max_tries = 20};
  std::optional<PublicKey> user_key;
  bool empty_password_is_right = false;
  // With hands_over: the cores that were in use until LoginComplete.
  std::vector<std::unique_ptr<ServerConnection>> handed_over;
  std::function<void()> before_hand_over;
  std::function<void(TransportState&)> change_state;  // on its way to the next core

 private:
  void on(ServerEvent& event) override {
    if (auto* wanted = std::get_if<SignatureWanted>(&event)) {
      tell("signature wanted");
      now_or_late([this, hash = copy_of(wanted->exchange_hash), type = std::string(wanted->host_key_algorithm)] {
        core->provide_signature(signed_by_host(hash, type));
      });
    } else if (std::holds_alternative<AuthSettingsWanted>(event)) {
      tell("somebody logs in");
      core->provide_auth_settings(login);
    } else if (auto* attempt = std::get_if<LoginAttempt>(&event)) {
      tell(fmt::format("{} to judge", attempt->method));
      const bool right = attempt->key != nullptr ? user_key && attempt->key->key() == *user_key
                                                 : text_of(attempt->password) == right_password ||
                                                       (empty_password_is_right && attempt->password.empty());
      core->decide_login(right ? LoginDecision::accept : LoginDecision::refuse);
    } else if (std::holds_alternative<LoginComplete>(event)) {
      if (settings_->transport.kex.keeps_keys) hand_over();
      core->welcome();
      tell("logged in");
      logged_in = true;
    } else if (!on_common_event(*core, event) && !std::holds_alternative<AttemptAnswered>(event)) {
      tell("something else");
    }
  }

  void hand_over() {
    if (before_hand_over) before_hand_over();
    TransportState state = core->hand_over();
    if (change_state) change_state(state);
    handed_over.push_back(std::move(core));
    core = std::make_unique<ServerConnection>(settings_, rng(), nullptr, std::move(state));
    core->set_now(now);
  }

  std::shared_ptr<const ServerConnectionSettings> settings_;
};

class ClientVictim final : public CoreVictim<ClientConnection> {
 public:
  explicit ClientVictim(const Proposal& proposal = default_proposal(), const KeyLog& key_log = {},
                        std::vector<std::string> methods = {"keyboard-interactive", "password"})
      : CoreVictim(6) {
    auto settings = std::make_shared<ClientConnectionSettings>();
    settings->transport = victims_transport(Role::client, proposal);
    settings->transport.kex.key_log = key_log;
    settings->auth.user = "student";
    settings->auth.methods = std::move(methods);
    settings->auth.accepted_algorithms = {"ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256"};
    core = std::make_unique<ClientConnection>(settings, rng());
    core->set_now(now);
  }

  Role role() const override { return Role::client; }
  void open_channel() override {
    if (logged_in && !core->closed()) core->channels().open("session");
  }

  const PrivateKey* identity = nullptr;  // for the method publickey

 private:
  void on(ClientEvent& event) override {
    if (std::holds_alternative<HostKeyOffered>(event)) {
      tell("host key to judge");
      now_or_late([this] { core->accept_host_key(); });
    } else if (std::holds_alternative<IdentitiesWanted>(event)) {
      tell("identities wanted");
      std::vector<std::optional<Credential>> identities;
      if (identity != nullptr) identities.emplace_back(Credential(identity->public_key()));
      core->provide_identities(std::move(identities));
    } else if (auto* wanted = std::get_if<UserSignatureWanted>(&event)) {
      tell("signature of the user wanted");
      core->provide_user_signature(identity->sign(wanted->algorithm, wanted->data));
    } else if (std::holds_alternative<PasswordWanted>(event)) {
      tell("password wanted");
      core->provide_password(bytes_of(right_password));
    } else if (auto* answers = std::get_if<AnswersWanted>(&event)) {
      tell("answers wanted");
      std::vector<SecretBytes> given;
      for (std::size_t i = 0; i < answers->prompts.size(); ++i) given.emplace_back(bytes_of(right_password));
      core->provide_answers(given);
    } else if (std::holds_alternative<PasswordChangeWanted>(event)) {
      tell("new password wanted");
      core->decline();
    } else if (std::holds_alternative<AuthenticationSucceeded>(event)) {
      tell("logged in");
      logged_in = true;
    } else if (std::holds_alternative<AuthenticationFailed>(event)) {
      tell("login failed");
    } else if (std::holds_alternative<BannerArrived>(event)) {
      tell("banner");
    } else if (std::holds_alternative<DebugArrived>(event)) {
      tell("debug");
    } else if (auto* opened = std::get_if<ChannelOpened>(&event)) {
      tell("channel opened");
      core->channels().at(opened->channel).request(msg::Exec{"id"}, true);
    } else if (!on_common_event(*core, event)) {
      tell("something else");
    }
  }
};

}  // namespace glassh::test
