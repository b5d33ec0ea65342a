// A server for tests that lets the user in and then does what the test says, message by message, right or wrong.
//
// The handshake and the login are the core's; everything after that is the script's: it sees each payload of the client
// (80 and up, and DISCONNECT) and sends what it likes with the writer. It runs on the client's executor, over a socket.
//
//   ScriptedServer server(executor, std::move(socket), {.script = [](PacketWriter& writer, Bytes payload) { … }});
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "auth/server_auth.h"
#include "channels/io/descriptor.h"
#include "crypto/keys/key.h"
#include "proto/error.h"
#include "transport/transport.h"

namespace glassh {

struct ScriptedServerSettings {
  std::string software_version = "OpenSSH_9.9";
  std::string banner = {};
  bool lets_in = true;
  // How the login goes, if not by lets_in alone: called for each payload of 50 to 79 instead of the core.
  enum class Login { goes_on, succeeds, is_cut_off };
  std::function<Login(PacketWriter&, Bytes)> login = {};
  // Called for each payload, and once with an empty one after the login. When it returns false, the connection is cut
  // after what it sent.
  std::function<bool(PacketWriter&, Bytes)> script = [](PacketWriter&, Bytes) { return true; };
  // After the login the keys are changed, with this host key.
  std::optional<PrivateKey> next_host_key = {};
};

class ScriptedServer {
 public:
  ScriptedServer(const asio::any_io_executor& executor, Fd socket, ScriptedServerSettings settings)
      : settings_(std::move(settings)),
        host_key_(PrivateKey::generate("ssh-ed25519", rng_)),
        core_settings_(core_settings()),
        transport_(core_settings_, rng_, nullptr),
        socket_(Descriptor::own(executor, std::move(socket))) {
    asio::co_spawn(executor, run(), asio::detached);
  }

  const PublicKey& host_key() const { return host_key_.public_key(); }
  // What the client said last, if it said so.
  const std::optional<Disconnected>& disconnected() const { return disconnected_; }

 private:
  TransportSettings core_settings() const {
    TransportSettings settings;
    settings.kex.role = Role::server;
    settings.kex.proposal = default_proposal();
    settings.kex.proposal.host_key = {"ssh-ed25519"};
    settings.kex.host_keys = {{"ssh-ed25519", copy_of(host_key_.public_key().blob())}};
    settings.software_version = settings_.software_version;
    for (const std::string_view name : signature_algorithm_names()) settings.server_sig_algs.emplace_back(name);
    return settings;
  }

  asio::awaitable<void> run() {
    transport_.set_now(TimePoint{} + std::chrono::hours(1));
    bool open = true;
    while (open) {
      open = deliver();
      while (transport_.writer().backlog() > 0) {
        const IoResult put = socket_.write(transport_.writer().ready());
        if (put.failed()) co_return;
        if (put.would_block()) co_await socket_.writable();
        transport_.writer().written(put.size);
      }
      if (!open) break;
      const IoResult got = socket_.read(transport_.reader().space());
      transport_.reader().filled(got.size);
      if (got.would_block()) {
        co_await socket_.readable();
      } else if (got.size == 0) {
        break;
      }
    }
    socket_.close();
  }

  bool deliver() {
    try {
      while (auto event = transport_.next_event()) {
        if (!on_event(*event)) return false;
      }
    } catch (const ProtocolError& error) {
      const bool no_common_algorithm = error.reason() == DisconnectReason::key_exchange_failed;
      EXPECT_TRUE(no_common_algorithm) << "the client broke the protocol: " << error.what();
      return false;
    }
    return true;
  }

  bool on_event(TransportEvent& event) {
    if (auto* wanted = std::get_if<SignatureWanted>(&event)) {
      const PrivateKey& key = logged_in_ && settings_.next_host_key ? *settings_.next_host_key : host_key_;
      transport_.provide_signature(key.sign(wanted->host_key_algorithm, wanted->exchange_hash));
    } else if (std::holds_alternative<ServiceRequested>(event)) {
      auth_.emplace(transport_.session_id(), transport_.key_exchange().host_key(), transport_.writer(), nullptr);
    } else if (auto* disconnected = std::get_if<Disconnected>(&event)) {
      disconnected_ = *disconnected;
      return false;
    } else if (auto* arrived = std::get_if<PayloadArrived>(&event)) {
      return logged_in_ ? settings_.script(transport_.writer(), arrived->payload) : on_auth(arrived->payload);
    }
    return true;
  }

  bool on_auth(Bytes payload) {
    if (settings_.login) {
      const ScriptedServerSettings::Login result = settings_.login(transport_.writer(), payload);
      if (result != ScriptedServerSettings::Login::succeeds) return result == ScriptedServerSettings::Login::goes_on;
      transport_.writer().send(msg::UserauthSuccess{});
      return let_in();
    }
    std::optional<ServerAuthEvent> event = auth_->on_payload(payload);
    if (event && std::holds_alternative<AuthSettingsWanted>(*event)) {
      event =
          auth_->provide_settings({.accepted_algorithms = core_settings_.server_sig_algs, .banner = settings_.banner});
    }
    while (event && std::holds_alternative<LoginAttempt>(*event)) {
      event = auth_->decide(settings_.lets_in ? LoginDecision::accept : LoginDecision::refuse);
    }
    return event && std::holds_alternative<LoginComplete>(*event) ? let_in() : true;
  }

  bool let_in() {
    logged_in_ = true;
    transport_.writer().send(msg::UserauthSuccess{});
    transport_.enter(Phase::connection);
    if (settings_.next_host_key) {
      core_settings_.kex.host_keys[0].blob = copy_of(settings_.next_host_key->public_key().blob());
      transport_.start_key_exchange();
    }
    return settings_.script(transport_.writer(), {});
  }

  const ScriptedServerSettings settings_;
  SeededRng rng_{3};
  const PrivateKey host_key_;
  TransportSettings core_settings_;
  Transport transport_;
  std::optional<ServerAuth> auth_;
  Descriptor socket_;
  bool logged_in_ = false;
  std::optional<Disconnected> disconnected_;
};

}  // namespace glassh
