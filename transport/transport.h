// RFC 4253 in one object, without I/O: bytes and time in, events and bytes out. Both roles.
//
// It exchanges identifications, runs key exchanges (by itself when a limit is reached), answers what the transport
// layer answers (IGNORE, DEBUG, UNIMPLEMENTED, PING, SERVICE_REQUEST), and passes everything else, 50 and up, to its
// owner. What may arrive is decided by message_gate. It throws ProtocolError; its owner (*_connection) catches it once
// and calls disconnect().
//
//   while (auto event = transport.next_event()) …
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "transport/key_exchange.h"
#include "transport/login_budget.h"
#include "transport/message_gate.h"
#include "transport/packet_reader.h"
#include "transport/packet_writer.h"
#include "transport/time_point.h"
#include "transport/transport_state.h"

namespace glassh {

struct PayloadArrived {  // 50 and up, allowed by the gate; valid until the next next_event()
  Bytes payload;
  std::uint32_t sequence_number = 0;
};
struct ServiceAccepted {};   // client: the answer to request_service()
struct ServiceRequested {};  // server: ssh-userauth was asked for and has been accepted
struct DebugArrived {  // RFC 4253 section 11.3: from the peer, not trusted: filter control characters before showing it
  std::string_view message;
  bool always_display = false;
};
struct PongArrived {  // OpenSSH PROTOCOL section 1.8: perhaps an answer to send_ping(); valid until the next
                      // next_event()
  Bytes data;
};
struct Disconnected {
  DisconnectReason reason = DisconnectReason::by_application;
  std::string description;
  bool by_peer = false;
  std::string unmatched = {};  // in OpenSSH's words, if that is why: "no matching cipher found. Their offer: 3des-cbc"
};
// How an error of the peer's ends it.
Disconnected disconnected_by(const ProtocolError& error, Role we_are);
using TransportEvent = std::variant<SignatureWanted, HostKeyOffered, KeysChanged, ServiceAccepted, ServiceRequested,
                                    DebugArrived, PongArrived, PayloadArrived, Disconnected>;

struct RekeyLimit {
  std::uint64_t bytes = std::uint64_t{1} << 30;  // in either direction; 0: only the cipher's own limits
  std::chrono::seconds time{3600};               // 0: none
};

struct TransportSettings {
  KexSettings kex;                              // its role is the transport's
  std::string software_version = "glassh_0.1";  // after "SSH-2.0-"; RFC 4253 section 4.2
  std::string version_comment = {};             // behind that, for people; empty: none
  RekeyLimit rekey_limit;
  std::vector<std::string> server_sig_algs;  // server: RFC 8308 section 3.1
};

class Transport {
 public:
  // Queues our identification and KEXINIT. All three must outlive it; `trace` may be null.
  Transport(const TransportSettings& settings, Rng& rng, TraceSink* trace);
  // Goes on, as a server, where hand_over() of another one stopped, and says nothing; the owner's next word is
  // USERAUTH_SUCCESS. Throws std::invalid_argument for keys that do not fit their names.
  Transport(const TransportSettings& settings, Rng& rng, TraceSink* trace, TransportState state);
  // Server, during authentication, between two packets and while no key exchange runs; settings.kex.keeps_keys must
  // have been set. Otherwise it throws std::logic_error. closed() afterwards: nothing is ready, and the keys are wiped.
  // The caller has no write in progress, for what was not written leaves with the state.
  TransportState hand_over();

  // Bytes in and out; see PacketReader and PacketWriter.
  PacketReader& reader() { return reader_; }
  PacketWriter& writer() { return writer_; }

  std::optional<TransportEvent> next_event();
  // From now on next_event() takes at most this much: so many bytes of payloads, of which compression makes very many
  // from few, and no packet while so many bytes of ours wait for the peer. Without a call there is no limit.
  struct Turn {
    std::size_t payload_bytes = 0;
    std::size_t backlog = 0;
  };
  void begin_turn(const Turn& turn) { turn_ = turn; }
  // The last next_event() stopped because of that, so there may be more without any new input.
  bool paused() const { return paused_; }

  void provide_signature(Bytes signature);
  void accept_host_key() { kex_.accept_host_key(); }
  void start_key_exchange() { kex_.start(); }
  void request_service(std::string_view name);  // client
  // The owner says when RFC 4252 begins and when it has ended; the gate, the answer to PING and delayed compression
  // follow.
  void enter(Phase phase);
  // RFC 4253 section 11.1: queues SSH_MSG_DISCONNECT; nothing follows it.
  void disconnect(DisconnectReason reason, std::string_view description);
  void send_debug(std::string_view text);
  void send_ping(Bytes data);  // only if peer_answers_ping(); PongArrived follows
  // While true, the peer may answer a global request also during its key exchange (message_gate).
  void await_answer(bool awaited) { answer_awaited_ = awaited; }

  // Time is an argument. set_now() may start a key exchange.
  void set_now(TimePoint now);
  std::optional<TimePoint> next_deadline() const;
  // From now on another one than the settings'.
  void set_rekey_limit(const RekeyLimit& limit);

  Role role() const { return settings_.kex.role; }
  Phase phase() const { return phase_; }
  const KeyExchange& key_exchange() const { return kex_; }
  Bytes session_id() const { return kex_.session_id(); }
  // The shortest time from a message of a login to the next one of the peer's, for there each waits for the other. It
  // counts all hops of a cascade, and the time that the peer needed to think; see RoundTrip.
  const std::optional<std::chrono::nanoseconds>& shortest_turn() const { return shortest_turn_; }
  std::string_view peer_version() const { return peer_version_; }  // "SSH-2.0-OpenSSH_9.2p1 …", empty before it came
  bool peer_is_openssh() const { return peer_version_.starts_with("SSH-2.0-OpenSSH"); }  // as far as its version tells
  // RFC 8308: from the peer's EXT_INFO; empty if none came.
  const std::vector<std::string>& peer_sig_algs() const { return peer_sig_algs_; }
  bool peer_answers_ping() const { return peer_answers_ping_; }
  bool peer_takes_host_bound_keys() const { return peer_takes_host_bound_keys_; }  // OpenSSH PROTOCOL section 3.1
  bool closed() const { return closed_; }

 private:
  bool turn_is_over() const;
  bool exchange_versions();
  std::optional<TransportEvent> on_payload(Bytes payload, std::uint32_t sequence_number);
  std::optional<TransportEvent> on_transport_message(Bytes payload);
  std::optional<TransportEvent> on_kex_event(KexEvent event);
  void on_ext_info(Bytes payload);
  void expect_success(std::uint8_t number) const;
  std::optional<TransportEvent> on_service_request(Bytes payload);
  std::optional<TransportEvent> on_service_accept(Bytes payload);
  void on_ping(Bytes payload);
  void measure_shortest_turn();
  void send_ext_info();
  bool may_rekey() const;
  const RekeyLimit& rekey_limit() const { return rekey_limit_ ? *rekey_limit_ : settings_.rekey_limit; }
  void rekey_if_due();

  const TransportSettings& settings_;
  std::optional<RekeyLimit> rekey_limit_;  // instead of the settings'
  TraceSink* trace_;
  PacketReader reader_;
  PacketWriter writer_;
  KeyExchange kex_;
  Phase phase_ = Phase::first_key_exchange;
  LoginBudget login_budget_;
  std::string our_version_, peer_version_;
  std::size_t lines_before_version_ = 0;
  std::vector<std::string> peer_sig_algs_;
  bool peer_answers_ping_ = false;
  bool peer_takes_host_bound_keys_ = false;
  bool answer_awaited_ = false;
  bool behind_first_newkeys_ = false;  // the peer's next packet follows its first NEWKEYS
  bool success_must_follow_ = false;   // the server's last packet was EXT_INFO, in the middle of the login
  bool service_requested_ = false;
  bool closed_ = false;
  TimePoint now_{};
  std::optional<TimePoint> turn_since_;  // during a login: since when the peer has had to say something
  std::optional<std::chrono::nanoseconds> shortest_turn_;
  TimePoint keys_since_{};
  std::uint64_t bytes_without_kexinit_ = 0;
  std::optional<Turn> turn_;
  bool paused_ = false;
};

}  // namespace glassh
