// The client's half of RFC 4252, without I/O: none, then publickey with each identity in turn.
//
// It holds public keys only. When the server would take one (PK_OK), the application is asked to sign, with a file's
// key or an agent; or it says that it cannot, and the next one is tried. Which RSA algorithm is used follows the
// server's server-sig-algs (RFC 8308 section 3.1, RFC 8332 section 3.3).
//
//   auth.start();  if (auto event = auth.on_payload(payload)) …  auth.provide_signature(blob);
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "crypto/key.h"
#include "proto/messages_auth.h"
#include "proto/trace_sink.h"
#include "transport/packet_writer.h"

namespace glassh {

// Sign `data` with identity number `identity` and answer provide_signature(), or cannot_sign(). Views until answered.
struct UserSignatureWanted {
  std::size_t identity = 0;
  std::string_view algorithm;
  Bytes data;
};
struct AuthenticationSucceeded {
  std::string_view method;              // "publickey", "none"
  std::optional<std::size_t> identity;  // which key
};
// Nothing is left to try. The connection is of no further use.
struct AuthenticationFailed {
  std::string_view methods_that_can_continue;  // as the server listed them
};
struct BannerArrived {  // RFC 4252 section 5.4: from the server, not trusted: filter control characters before showing
                        // it
  std::string_view message;
};
using ClientAuthEvent = std::variant<UserSignatureWanted, AuthenticationSucceeded, AuthenticationFailed, BannerArrived>;

struct ClientAuthSettings {
  std::string user;
  std::vector<PublicKey> identities;             // in the order in which to try them
  std::vector<std::string> accepted_algorithms;  // PubkeyAcceptedAlgorithms
};

class ClientAuth {
 public:
  // `session_id`, `server_sig_algs` and `writer` must outlive it; `trace` may be null.
  ClientAuth(ClientAuthSettings settings, Bytes session_id, const std::vector<std::string>& server_sig_algs,
             PacketWriter& writer, TraceSink* trace);
  ~ClientAuth();

  void start();  // after SERVICE_ACCEPT for ssh-userauth: sends the `none` request
  std::optional<ClientAuthEvent> on_payload(Bytes payload);  // messages 50 to 79; throws ProtocolError
  // The signature blob of RFC 4253 section 6.6. False if it is by another algorithm than was asked for: nothing is sent
  // and the question stands; cannot_sign() goes on.
  bool provide_signature(Bytes signature);
  // That key cannot sign after all: the next is tried. AuthenticationFailed if there is none.
  std::optional<ClientAuthEvent> cannot_sign();
  bool waiting() const;
  bool done() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace glassh
