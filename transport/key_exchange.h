// Every transition of a key exchange, first or repeated, in either role: RFC 4253 sections 7 to 9, RFC 4419, RFC 5656
// section 4, RFC 8731, and OpenSSH's strict key exchange (OpenSSH PROTOCOL section 1.9).
//
// Messages 20 to 49 come in through on_payload(); what the application must do comes out as an event: sign an exchange
// hash (server), judge a host key (client). While it waits for that answer, waiting() is true and no further packet may
// be handed in. Everything that belongs to one exchange is in one object that dies at NEWKEYS.
//
//   if (auto event = kex.on_payload(payload)) …  kex.provide_signature(signature);
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "crypto/hash.h"
#include "crypto/kex/dh_group.h"
#include "crypto/keys/key.h"
#include "crypto/rng.h"
#include "proto/message_name.h"
#include "proto/messages_kex.h"
#include "proto/messages_transport.h"
#include "proto/trace_sink.h"
#include "transport/exchange_hash.h"
#include "transport/negotiation.h"
#include "transport/packet_reader.h"
#include "transport/packet_writer.h"
#include "transport/transport_state.h"

namespace glassh {

// Server: sign `exchange_hash` with the host key `parts.host_key` and answer provide_signature(). A signer that trusts
// the caller less computes the hash again, from `parts`. Views until answered.
struct SignatureWanted {
  ExchangeParts parts;
  std::string_view host_key_algorithm;
  Bytes exchange_hash;
};
// Client, in the first exchange and in each later one that brings another key: the server proved that it owns it; is it
// the right one? Answer accept_host_key(), or disconnect. Views until answered.
struct HostKeyOffered {
  Bytes host_key;
  std::string_view algorithm;
};
// Both directions use new keys.
struct KeysChanged {
  bool first = false;
};
// Client: shows an agent, which did not see the key exchange, which server the session is with: the server's signature,
// by that host key, over the session identifier. It is of the first exchange, also if a later one has another key.
struct SessionProof {
  std::vector<std::uint8_t> host_key;
  std::vector<std::uint8_t> session_id;
  std::vector<std::uint8_t> signature;
};
using KexEvent = std::variant<SignatureWanted, HostKeyOffered, KeysChanged>;

// For --keylog: K and the ephemeral private key of one exchange, known by our KEXINIT's cookie.
using KeyLog =
    std::function<void(Bytes client_cookie, Bytes server_cookie, Bytes shared_secret, Bytes ephemeral_private)>;

struct HostKey {  // of the server: what it can offer; the private half is elsewhere
  std::string type;
  std::vector<std::uint8_t> blob;
};

struct KexSettings {
  Role role = Role::client;
  Proposal proposal;
  std::vector<HostKey> host_keys;                      // server
  std::shared_ptr<const std::vector<DhGroup>> groups;  // server, for group exchange; null: RFC 3526's alone
  KeyLog key_log;                                      // may be empty
  // Server: derived keys are kept until the login is over, so that the connection can be handed over there.
  bool keeps_keys = false;
};

class KeyExchange {
 public:
  // All must outlive it; `trace` may be null.
  KeyExchange(const KexSettings& settings, Rng& rng, PacketReader& reader, PacketWriter& writer, TraceSink* trace);
  // Goes on where hand_over() stopped; the reader and the writer have their part of `state` already.
  KeyExchange(const KexSettings& settings, Rng& rng, PacketReader& reader, PacketWriter& writer, TraceSink* trace,
              const TransportState& state);
  ~KeyExchange();

  // Once, before start(): V_C and V_S, without CR LF.
  void set_versions(std::string_view client, std::string_view server);

  void start();  // RFC 4253 section 9: at any time; does nothing while an exchange runs
  std::optional<KexEvent> on_payload(Bytes payload);
  void provide_signature(Bytes signature);
  void accept_host_key();

  // Fills in what is known here, among it the names and the keys of both directions. Throws std::logic_error unless
  // keeps_keys was set, one exchange is over and none is running.
  void hand_over(TransportState& state);
  void forget_keys();  // the login is over: those that were kept are wiped, and later ones are not kept

  bool running() const {
    return exchange_ != nullptr;
  }                                 // from the first KEXINIT, sent or received, to the last NEWKEYS
  bool waiting() const;             // for provide_signature() or accept_host_key()
  bool peer_started() const;        // the peer's KEXINIT has come, its NEWKEYS has not
  bool awaits_wrong_guess() const;  // RFC 4253 section 7.1: the peer's next message of 30 to 49 will be dropped
  KexFamily family() const;         // what 30 to 49 mean now; unknown until both KEXINITs are there
  bool first_done() const { return !session_id_.empty(); }  // H of the first exchange is known
  bool strict() const { return strict_; }
  bool peer_wants_ext_info() const { return peer_wants_ext_info_; }
  Bytes session_id() const { return session_id_; }              // RFC 4253 section 7.2: H of the first exchange
  const Algorithms& algorithms() const { return algorithms_; }  // of the latest exchange that was negotiated
  // Client: the latest key that was accepted; session_proof() keeps the first one. Server: the host key it last signed
  // with. A view until another exchange begins; empty before the first.
  Bytes host_key() const { return host_key_; }
  const SessionProof& session_proof() const { return session_proof_; }  // client; empty before the first exchange

 private:
  enum class Stage {
    idle,
    sent_kexinit,             // ours is out, the peer's has not come
    expecting_group_request,  // server, group exchange
    expecting_group,          // client, group exchange
    expecting_init,           // server
    awaiting_signature,       // server: the application signs H
    expecting_reply,          // client
    awaiting_host_key,        // client: the application judges K_S
    expecting_newkeys,        // ours is out
  };
  struct Exchange;
  struct KeptKeys;

  void send_kexinit();
  std::optional<KexEvent> on_kexinit(Bytes payload);
  std::optional<KexEvent> on_method_message(Bytes payload);
  void on_group_request(Bytes payload);
  void on_group(Bytes payload);
  void request_group();
  void send_share();
  std::optional<KexEvent> on_init(Bytes payload);
  std::optional<KexEvent> on_reply(Bytes payload);
  std::optional<KexEvent> on_newkeys(Bytes payload);
  void expect(Stage stage, std::string_view message) const;
  void read_markers(const msg::KexInit& theirs);
  Bytes host_key_for(std::string_view algorithm) const;
  ExchangeParts hash_parts() const;
  void compute_exchange_hash();
  void note_exchange_hash() const;
  void verify_signature(Bytes signature) const;
  void send_newkeys();
  CipherNames names_for(bool sent_by_client) const;
  CipherKeys keys_for(const CipherNames& names, bool sent_by_client) const;
  void note_negotiation(const msg::KexInit& client, const msg::KexInit& server) const;
  void note(std::string_view topic, std::string_view text) const;

  const KexSettings& settings_;
  Rng& rng_;
  PacketReader& reader_;
  PacketWriter& writer_;
  TraceSink* trace_;
  std::string client_version_, server_version_;
  Stage stage_ = Stage::idle;
  std::unique_ptr<Exchange> exchange_;
  Algorithms algorithms_;
  bool strict_ = false;
  bool changed_once_ = false;
  bool peer_wants_ext_info_ = false;
  std::vector<std::uint8_t> session_id_;
  std::vector<std::uint8_t> host_key_;
  SessionProof session_proof_;
  std::unique_ptr<KeptKeys> kept_keys_;  // until the login is over, where settings_.keeps_keys
};

}  // namespace glassh
