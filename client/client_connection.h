// ClientConnection is the client's side of one connection, without I/O: transport, authentication and channels
// together. It is the counterpart of ServerConnection.
//
// Lives as long as the connection. Job: turn bytes and time into events, and answers into bytes. ProtocolError is
// caught only here: a DISCONNECT is queued, Disconnected is returned, and later calls do nothing.
//
//   while (auto event = connection.next_event()) …;  connection.ready() → writev → connection.written(n)
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "auth/client_auth.h"
#include "channels/channels.h"
#include "channels/path_probe.h"
#include "transport/liveness.h"
#include "transport/transport.h"

namespace glassh {

struct ClientConnectionSettings {
  TransportSettings transport;
  ClientAuthSettings auth;
  ChannelLimits channels;
  std::size_t max_channels = 4096;
  std::chrono::seconds server_alive_interval{0};  // ServerAliveInterval; 0: off
  unsigned server_alive_count_max = 3;
};

// Answer: HostKeyOffered → accept_host_key() or disconnect(); the questions of auth/client_auth_events.h → the
// functions that their comments name. Until then next_event() returns nullopt. HostKeyOffered cannot be skipped: before
// it is answered, the connection sends nothing about the user. Known attack 70 (conformance/known_attacks) is a library
// that checked no host key unless it was told to.
using ClientEvent =
    std::variant<HostKeyOffered, KeysChanged, IdentitiesWanted, PublicHalfWanted, UserSignatureWanted, PasswordWanted,
                 PasswordChangeWanted, AnswersWanted, BannerArrived, AuthenticationSucceeded, AuthenticationFailed,
                 ChannelOpenWanted, ChannelOpened, ChannelOpenRefused, DataArrived, EofArrived, CloseArrived,
                 ChannelRequested, ChannelRequestAnswered, GlobalRequested, GlobalRequestAnswered, DebugArrived,
                 Disconnected>;

class ClientConnection {
 public:
  using Event = ClientEvent;

  // `rng` and `trace` (which may be null) must outlive it. Many connections share one settings object.
  ClientConnection(std::shared_ptr<const ClientConnectionSettings> settings, Rng& rng, TraceSink* trace = nullptr);
  ~ClientConnection();

  MutableBytes space() { return transport_.reader().space(); }
  void filled(std::size_t size);
  void end_of_input();
  const std::vector<Bytes>& ready() { return transport_.writer().ready(); }
  void written(std::size_t size) { transport_.writer().written(size); }
  std::size_t backlog() { return transport_.writer().backlog(); }

  std::optional<ClientEvent> next_event();
  void begin_turn(const Transport::Turn& turn) { transport_.begin_turn(turn); }
  bool paused() const { return !closed_ && transport_.paused(); }
  bool waiting() const;

  void accept_host_key();
  // To be called before accept_host_key() if the key is accepted although another one is known. No password and no
  // answer to a question will be sent, because the holder of that key could pass it on.
  void withhold_secrets() { secrets_withheld_ = true; }
  // The events that follow from these calls come out of the next next_event(). After the end the calls do nothing.
  void provide_identities(std::vector<std::optional<Credential>> identities);
  void provide_public_half(PublicKey key);
  void provide_user_signature(Bytes signature);
  void provide_password(Bytes password);
  void provide_new_password(Bytes old_password, Bytes new_password);
  void provide_answers(std::span<const SecretBytes> answers);
  void decline();
  void disconnect(DisconnectReason reason, std::string_view description);
  void start_key_exchange() { transport_.start_key_exchange(); }

  void set_now(TimePoint now);
  std::optional<TimePoint> next_deadline() const;

  Channels& channels() { return *channels_; }  // after AuthenticationSucceeded
  Transport& transport() { return transport_; }
  bool closed() const { return closed_; }

 private:
  std::optional<ClientEvent> pull();
  std::optional<ClientEvent> on_transport_event(TransportEvent& event);
  std::optional<ClientEvent> on_payload(Bytes payload);
  std::optional<ClientEvent> on_channel_message(Bytes payload);
  std::optional<ClientEvent> on_auth_event(const std::optional<ClientAuthEvent>& event);
  void check_deadlines();

  const std::shared_ptr<const ClientConnectionSettings> settings_;
  TraceSink* trace_;
  Transport transport_;
  std::unique_ptr<ClientAuth> auth_;
  std::unique_ptr<Channels> channels_;
  std::unique_ptr<PathProbe> probe_;  // as long as channels_
  ClientAuth::Event answered_;        // the event that followed from the last answer, not yet handed out
  bool secrets_withheld_ = false;
  bool closed_ = false;
  bool end_of_input_ = false;
  TimePoint now_{};
  Liveness liveness_;
};

}  // namespace glassh
