// An application for each core, as patient as one can be: it answers every question, takes all data, echoes some, and
// throws nothing. With it stand the properties that hold whatever the peer sends.
//
// feed() hands in bytes the way the rim does and pulls events until there are none. A broken property aborts; an
// exception that next_event() lets out ends the fuzzer by itself.
//
//   FuzzServer server;  server.feed(bytes, chunk);  server.hang_up();
#pragma once

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <variant>
#include <vector>

#include "client/client_connection.h"
#include "crypto/keys/key.h"
#include "crypto/rng.h"
#include "proto/messages_session.h"
#include "server/server_connection.h"

namespace glassh::fuzz {

inline void check(bool holds) {
  if (!holds) std::abort();
}

// Made once: they do not depend on the input.
struct Keys {
  SeededRng rng{1};
  PrivateKey host = PrivateKey::generate("ssh-ed25519", rng);
  PrivateKey user = PrivateKey::generate("ssh-ed25519", rng);
};
inline const Keys& keys() {
  static const Keys made;
  return made;
}

inline Proposal fast_proposal() {
  Proposal proposal = default_proposal();
  proposal.kex = {"curve25519-sha256", "ecdh-sha2-nistp256"};
  proposal.host_key = {"ssh-ed25519"};
  return proposal;
}

inline std::shared_ptr<const ServerConnectionSettings> settings_of(const ServerConnection*) {
  auto settings = std::make_shared<ServerConnectionSettings>();
  settings->transport.kex.role = Role::server;
  settings->transport.kex.proposal = fast_proposal();
  settings->transport.kex.host_keys = {{"ssh-ed25519", copy_of(keys().host.public_key().blob())}};
  settings->transport.server_sig_algs = {"ssh-ed25519"};
  settings->channels.initial_window = 4000;
  settings->channels.maximum_packet = 1000;
  settings->max_channels = 5;
  settings->client_alive_interval = std::chrono::seconds(15);
  return settings;
}

inline std::shared_ptr<const ClientConnectionSettings> settings_of(const ClientConnection*) {
  auto settings = std::make_shared<ClientConnectionSettings>();
  settings->transport.kex.role = Role::client;
  settings->transport.kex.proposal = fast_proposal();
  settings->auth.user = "student";
  settings->auth.accepted_algorithms = {"ssh-ed25519"};
  settings->channels.initial_window = 4000;
  settings->channels.maximum_packet = 1000;
  settings->max_channels = 5;
  settings->server_alive_interval = std::chrono::seconds(15);
  return settings;
}

// What only one of the roles is asked.
inline void answer_own(ServerConnection& core, ServerEvent& event) {
  if (auto* wanted = std::get_if<SignatureWanted>(&event)) {
    core.provide_signature(keys().host.sign(wanted->host_key_algorithm, wanted->exchange_hash));
  } else if (std::holds_alternative<AuthSettingsWanted>(event)) {
    core.provide_auth_settings({.password = true,
                                .keyboard_interactive = true,
                                .empty_password = true,
                                .methods = {{"publickey"}, {"none", "password"}, {"keyboard-interactive", "publickey"}},
                                .accepted_algorithms = {"ssh-ed25519"},
                                .banner = "hello\r\n"});
  } else if (auto* attempt = std::get_if<LoginAttempt>(&event)) {
    const bool our_key = attempt->key != nullptr && attempt->key->key() == keys().user.public_key();
    const bool right = attempt->key == nullptr && attempt->password.size() % 2 == 1;
    core.decide_login(our_key || right ? LoginDecision::accept : LoginDecision::refuse);
  } else if (std::holds_alternative<LoginComplete>(event)) {
    core.welcome();
  }
}
inline void answer_own(ClientConnection& core, ClientEvent& event) {
  if (std::holds_alternative<HostKeyOffered>(event)) {
    core.accept_host_key();
  } else if (std::holds_alternative<IdentitiesWanted>(event)) {
    core.provide_identities({Credential(keys().host.public_key()), std::nullopt, Credential(keys().user.public_key())});
  } else if (std::holds_alternative<PublicHalfWanted>(event)) {
    core.decline();
  } else if (auto* wanted = std::get_if<UserSignatureWanted>(&event)) {
    if (wanted->identity == 0) {
      core.decline();
    } else {
      core.provide_user_signature(keys().user.sign(wanted->algorithm, wanted->data));
    }
  } else if (std::holds_alternative<PasswordWanted>(event)) {
    core.provide_password(bytes_of("secret"));
  } else if (std::holds_alternative<PasswordChangeWanted>(event)) {
    core.provide_new_password(bytes_of("secret"), bytes_of("better"));
  } else if (auto* asked = std::get_if<AnswersWanted>(&event)) {
    const std::vector<SecretBytes> answers(asked->prompts.size());
    core.provide_answers(answers);
  } else if (std::holds_alternative<AuthenticationSucceeded>(event)) {
    core.channels().open("session");
  } else if (auto* opened = std::get_if<ChannelOpened>(&event)) {
    core.channels().at(opened->channel).request(msg::Exec{"echo"}, true);
  }
}

template <class Core, class Event>
class Application {
 public:
  // As many bytes at once as `chunk` says, at least one.
  void feed(Bytes bytes, std::size_t chunk) {
    while (!bytes.empty() && !core.closed()) {
      pull();
      if (core.closed()) break;
      check(!core.waiting());  // everything has been answered
      const MutableBytes space = core.space();
      check(!space.empty());
      const std::size_t size = std::min({space.size(), bytes.size(), std::max<std::size_t>(chunk, 1)});
      std::copy_n(bytes.begin(), size, space.begin());
      core.filled(size);
      bytes = bytes.subspan(size);
      pull();
    }
  }

  // The end of input is the end of the connection.
  void hang_up() {
    core.end_of_input();
    pull();
    check(core.closed() && ended_ == 1);
    core.set_now(now_ += std::chrono::hours(3));
    check(!core.next_event());
  }

  void pass_time(std::chrono::seconds time) {
    core.set_now(now_ += time);
    pull();
  }

  void pull() {
    while (auto event = core.next_event()) {
      check(ended_ == 0);  // Disconnected was the last
      on(*event);
    }
    check(core.closed() == (ended_ == 1));
  }

  std::vector<std::uint8_t> take_output() {
    std::vector<std::uint8_t> bytes;
    for (const Bytes part : core.ready()) bytes.insert(bytes.end(), part.begin(), part.end());
    core.written(bytes.size());
    return bytes;
  }

  SeededRng rng{7};
  Core core{settings_of(static_cast<const Core*>(nullptr)), rng};

 private:
  void on(Event& event) {
    if (auto* wanted = std::get_if<ChannelOpenWanted>(&event)) {
      if (wanted->type == "session") {
        core.channels().accept_open(wanted->channel);
      } else {
        core.channels().refuse_open(wanted->channel, 3, "no");
      }
    } else if (auto* data = std::get_if<DataArrived>(&event)) {
      send(data->channel, data->data);
      core.channels().at(data->channel).consumed(data->data.size());
    } else if (auto* requested = std::get_if<ChannelRequested>(&event)) {
      if (requested->want_reply) core.channels().at(requested->channel).answer_request(requested->type == "exec");
    } else if (auto* global = std::get_if<GlobalRequested>(&event)) {
      if (global->want_reply) core.channels().answer_global(false);
    } else if (auto* answered = std::get_if<ChannelRequestAnswered>(&event)) {
      send(answered->channel, bytes_of("to be echoed"));
      core.channels().at(answered->channel).send_eof();
    } else if (auto* eof = std::get_if<EofArrived>(&event)) {
      Channel& channel = core.channels().at(eof->channel);
      if (channel.eof_sent() || channel.close_sent()) return;
      channel.request(msg::ExitStatus{7}, false);
      channel.send_eof();
      channel.close();
    } else if (auto* disconnected = std::get_if<Disconnected>(&event)) {
      ++ended_;
      check(!disconnected->description.empty() || disconnected->by_peer);
    } else {
      answer_own(core, event);
    }
  }

  // As much as there is room for.
  void send(std::uint32_t id, Bytes data) {
    Channel* const channel = core.channels().find(id);
    if (channel == nullptr || data.empty() || channel->room() == 0) return;
    const MutableBytes place = channel->data_space(data.size());
    std::copy_n(data.begin(), place.size(), place.begin());
    channel->commit(place.size());
  }

  unsigned ended_ = 0;
  TimePoint now_{};
};
using FuzzServer = Application<ServerConnection, ServerEvent>;
using FuzzClient = Application<ClientConnection, ClientEvent>;

}  // namespace glassh::fuzz
