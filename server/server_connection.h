// ServerConnection is the server's side of one connection, without I/O: transport, authentication and channels
// together.
//
// Lives as long as the connection. Job: turn bytes and time into events, and answers into bytes. The rim hands in bytes
// and the time, pulls events, answers those that ask, and writes the bytes that are ready. ProtocolError is caught only
// here: a DISCONNECT is queued, Disconnected is returned, and later calls do nothing.
//
//   while (auto event = connection.next_event()) …;  connection.ready() → writev → connection.written(n)
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "auth/server_auth.h"
#include "channels/channels.h"
#include "channels/path_probe.h"
#include "transport/liveness.h"
#include "transport/transport.h"

namespace glassh {

struct ServerConnectionSettings {
  TransportSettings transport;
  ChannelLimits channels;
  std::size_t max_channels = 4096;
  std::chrono::seconds login_grace{120};          // LoginGraceTime; 0: none
  std::chrono::seconds client_alive_interval{0};  // ClientAliveInterval; 0: off
  unsigned client_alive_count_max = 3;            // 0: asks for ever and never gives up
};

// Answer: SignatureWanted → provide_signature(); AuthSettingsWanted → provide_auth_settings(); LoginAttempt →
// decide_login(); LoginComplete → welcome() or hand_over(). Until then next_event() returns nothing.
using ServerEvent = std::variant<SignatureWanted, AuthSettingsWanted, LoginAttempt, AttemptAnswered, LoginComplete,
                                 KeysChanged, ChannelOpenWanted, ChannelOpened, ChannelOpenRefused, DataArrived,
                                 EofArrived, CloseArrived, ChannelRequested, ChannelRequestAnswered, ChannelIdled,
                                 GlobalRequested, GlobalRequestAnswered, Disconnected>;

class ServerConnection {
 public:
  using Event = ServerEvent;

  // `rng` and `trace` (which may be null) must outlive it. Many connections share one settings object.
  ServerConnection(std::shared_ptr<const ServerConnectionSettings> settings, Rng& rng, TraceSink* trace = nullptr);
  // Goes on where hand_over() of another one stopped: as if LoginComplete had been the last event. The owner calls
  // set_now() and welcome(); no LoginGraceTime counts until then, unless set_login_grace() says so.
  ServerConnection(std::shared_ptr<const ServerConnectionSettings> settings, Rng& rng, TraceSink* trace,
                   TransportState state);
  ~ServerConnection();

  // Bytes in.
  MutableBytes space() { return transport_.reader().space(); }
  void filled(std::size_t size);  // also says that the peer is alive
  void end_of_input();            // the peer hung up: Disconnected{connection_lost} follows
  // Bytes out.
  const std::vector<Bytes>& ready() { return transport_.writer().ready(); }
  void written(std::size_t size) { transport_.writer().written(size); }
  std::size_t backlog() { return transport_.writer().backlog(); }  // sealed bytes not yet written

  std::optional<ServerEvent> next_event();
  void begin_turn(const Transport::Turn& turn) { transport_.begin_turn(turn); }
  bool paused() const { return !closed_ && transport_.paused(); }
  bool waiting() const;  // for an answer from the application

  void provide_signature(Bytes signature);
  void provide_auth_settings(ServerAuthSettings settings);
  void decide_login(LoginDecision decision);
  // Sends USERAUTH_SUCCESS: the login is over, and channels() exist from here on. What LoginComplete points to stays
  // valid until the next next_event(). Does nothing if closed() already.
  void welcome();
  // The other answer: everything that another ServerConnection, perhaps in another process, needs for going on. This
  // one is closed() then and says nothing more. No write may be in progress; what is ready() leaves with the state, and
  // so does what has come behind the login. Throws std::logic_error without LoginComplete, or if closed() already, and
  // where the settings' keeps_keys or a running key exchange does not allow it (Transport::hand_over()).
  TransportState hand_over();
  void disconnect(DisconnectReason reason, std::string_view description);
  void start_key_exchange() { transport_.start_key_exchange(); }
  // Sets the values for this user, if they differ from those of the settings.
  void set_limits(const RekeyLimit& rekey_limit, std::chrono::seconds client_alive_interval,
                  unsigned client_alive_count_max);
  // LoginGraceTime, if that is not what the settings say; it counts from the first set_now(). 0: none.
  void set_login_grace(std::chrono::nanoseconds grace) { login_grace_ = grace; }
  bool login_is_late() const { return login_is_late_; }  // LoginGraceTime has ended the connection
  // The time for which there may be no channel at all; 0: no limit. The channels' own limits are in channels().idle().
  void set_unused_limit(std::chrono::seconds limit) { unused_limit_ = limit; }

  void set_now(TimePoint now);
  std::optional<TimePoint> next_deadline() const;

  Channels& channels() { return *channels_; }  // after welcome()
  Transport& transport() { return transport_; }
  // From LoginComplete on. Empty in one that took over: there the owner has the name from elsewhere (Welcome).
  const std::string& user() const { return user_; }
  bool closed() const { return closed_; }

 private:
  std::optional<ServerEvent> pull();
  std::optional<ServerEvent> on_transport_event(TransportEvent& event);
  std::optional<ServerEvent> on_payload(Bytes payload);
  std::optional<ServerEvent> on_channel_message(Bytes payload);
  std::optional<ServerEvent> on_auth_event(std::optional<ServerAuthEvent> event);
  bool unused_is_checked() const;
  void check_deadlines();

  const std::shared_ptr<const ServerConnectionSettings> settings_;
  TraceSink* trace_;
  Transport transport_;
  std::vector<std::uint8_t> host_key_;               // of the first key exchange
  std::unique_ptr<ServerAuth> auth_;                 // lives from ServiceRequested to welcome()
  std::unique_ptr<Channels> channels_;               // from welcome()
  std::unique_ptr<PathProbe> probe_;                 // as long as channels_
  std::optional<ServerAuthSettings> auth_settings_;  // answers that are not yet carried out
  std::optional<LoginDecision> decision_;
  bool welcome_due_ = false;  // LoginComplete is not answered
  std::string user_;
  bool closed_ = false;
  bool end_of_input_ = false;
  TimePoint now_{};
  std::chrono::nanoseconds login_grace_;
  std::optional<TimePoint> login_deadline_;
  bool login_is_late_ = false;
  Liveness liveness_;
  std::chrono::seconds unused_limit_{0};
  TimePoint unused_since_{};
};

}  // namespace glassh
