// The client's half of RFC 4252, without I/O: `none` first, then the methods in the user's order, as far as the server
// takes them, until one succeeds or all are exhausted.
//
// Here are the order of the methods, success, failure and partial success; how each method goes about it is in
// client_auth_publickey, client_auth_password and client_auth_interactive. What has to be known or decided outside
// comes out as an event (client_auth_events.h), and its answer may lead to the next one.
//
//   auth.start();  if (auto event = auth.on_payload(payload)) …  event = auth.provide_password(secret.reveal());
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "auth/client_auth_events.h"
#include "proto/trace_sink.h"
#include "transport/packet_writer.h"

namespace glassh {

class ClientAuth {
 public:
  using Event = std::optional<ClientAuthEvent>;

  // All that `server` views and points to, and `writer`, must outlive it; `trace` may be null.
  ClientAuth(ClientAuthSettings settings, ClientAuthServer server, PacketWriter& writer, TraceSink* trace);
  ~ClientAuth();

  void start();                     // after SERVICE_ACCEPT for ssh-userauth: sends the `none` request
  Event on_payload(Bytes payload);  // messages 50 to 79; throws ProtocolError

  // Answers to the last question; the event is what follows at once, if anything does. Throw std::logic_error if that
  // was not the question.
  Event provide_identities(std::vector<std::optional<Credential>> identities);
  Event provide_public_half(PublicKey key);
  // The signature blob of RFC 4253 section 6.6. One by another algorithm than was asked for counts as none.
  Event provide_signature(Bytes signature);
  Event provide_password(Bytes password);
  Event provide_new_password(Bytes old_password, Bytes new_password);
  Event provide_answers(std::span<const SecretBytes> answers);  // one per prompt
  Event decline();

  bool waiting() const;  // for an answer
  bool done() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace glassh
