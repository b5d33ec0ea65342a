// The server's half of RFC 4252, without I/O: requests come in, attempts to judge come out, answers go to the writer.
//
// Methods: none (always refused, RFC 4252 section 5.2) and publickey (section 7: queries and signatures; RFC 8332
// names). The signature is checked here, over this session's identifier and the exact request, before the application
// is asked; so the key that signed is the key that logs in. While an attempt awaits its answer, waiting() is true and
// no payload may be handed in. It does not know users, files or clocks: `server/login` judges, `server_connection`
// holds the login deadline.
//
//   if (auto event = auth.on_payload(payload)) …  auth.decide(LoginDecision::accept);
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

// Somebody begins to log in as `user`, who need not exist: how may that user? Answer with provide_settings(), which
// goes on with the request. It is asked once, since a connection keeps its user name. A view until then.
struct AuthSettingsWanted {
  std::string_view user;
};
// May this user log in like this? Answer with decide(). Views until then.
struct LoginAttempt {
  std::string_view user;
  std::string_view method;         // "publickey"
  const PublicKey* key = nullptr;  // publickey: the key
  std::string_view algorithm;      // publickey: "rsa-sha2-512", …
  bool proved = false;             // the signature was right; false: only a query whether this key would do
};
// USERAUTH_SUCCESS is queued. Views until the next call.
struct LoggedIn {
  std::string_view user;
  std::string_view method;
  const PublicKey* key = nullptr;  // the one that signed
};
using ServerAuthEvent = std::variant<AuthSettingsWanted, LoginAttempt, LoggedIn>;

enum class LoginDecision { refuse, accept };  // for a query, accept means PK_OK

struct ServerAuthSettings {
  bool publickey = true;
  std::vector<std::string> accepted_algorithms = {};  // PubkeyAcceptedAlgorithms; signature algorithms
  unsigned max_tries = 6;       // MaxAuthTries: failures; queries that are refused count, `none` once does not
  unsigned max_requests = 128;  // requests of any kind, so that nobody hunts keys for ever
  std::string banner = {};      // RFC 4252 section 5.4; empty: none
};

class ServerAuth {
 public:
  // `session_id` and `writer` must outlive it; `trace` may be null.
  ServerAuth(Bytes session_id, PacketWriter& writer, TraceSink* trace);
  ~ServerAuth();

  // Messages 50 to 79; throws ProtocolError.
  std::optional<ServerAuthEvent> on_payload(Bytes payload);
  std::optional<ServerAuthEvent> provide_settings(ServerAuthSettings settings);  // may throw ProtocolError, too
  // LoggedIn if the decision let the user in.
  std::optional<ServerAuthEvent> decide(LoginDecision decision);
  bool waiting() const;
  bool done() const;  // USERAUTH_SUCCESS went out
  unsigned failures() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace glassh
