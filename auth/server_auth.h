// The server's half of RFC 4252 and RFC 4256, without I/O: requests come in, attempts to judge come out, answers go to
// the writer.
//
// Methods: publickey (also in OpenSSH's host-bound form), password (a change of password is refused),
// keyboard-interactive (which asks for the password), and `none`, which is enough only for an empty password where that
// is allowed. Which of them are needed, and in which order, follows the user's settings (authentication_methods.h). A
// signature is checked before the application is asked, so the key that signed is the key that logs in. While an
// attempt awaits its answer, waiting() is true and no payload may be handed in. It knows no users, files or clocks:
// `server/login/login` judges, `server_connection` holds the login deadline.
//
//   if (auto event = auth.on_payload(payload)) …  auth.decide(LoginDecision::accept);
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "auth/authentication_methods.h"
#include "crypto/keys/credential.h"
#include "proto/messages_auth.h"
#include "proto/trace_sink.h"
#include "transport/packet_writer.h"

namespace glassh {

// A peer begins to log in as `user`, who need not exist. Answer how that user may log in, with provide_settings(),
// which goes on with the request. It is asked once, since a connection keeps its user name. A view until then.
struct AuthSettingsWanted {
  std::string_view user;
};
// May this user log in like this? Answer with decide(). Views until then.
struct LoginAttempt {
  std::string_view user;
  std::string_view method;          // "publickey" (both forms), "password", "keyboard-interactive", "none"
  const Credential* key = nullptr;  // publickey: what was offered
  std::string_view algorithm;       // publickey: "rsa-sha2-512", …
  // publickey: the signature was right; false: only a query whether this key would do. True for the other methods.
  bool proved = false;
  Bytes password = {};  // password, keyboard-interactive: as it came. `none`: empty
};
// A request did not let the user in, at least not yet. For the log: nothing to answer. Views until the next call.
struct AttemptAnswered {
  enum class Outcome {
    failed,
    postponed,  // the method goes on: PK_OK, or a question
    partial,    // right, but more is needed
  };
  Outcome outcome = Outcome::failed;
  std::string_view user;
  std::string_view method;          // as in LoginAttempt; what the peer said if it is none of those
  const Credential* key = nullptr;  // publickey, unless the request had none that we can read
  unsigned failures = 0;            // so far
  bool last = false;                // that was one failure too many: end_if_exhausted() throws
  std::string_view refusal = {};    // publickey: why the request as such fails; empty: the key was judged
};
// A list of methods is complete: the user may come in. The owner sends USERAUTH_SUCCESS; nothing is left to do here.
// Views until the next call.
struct LoginComplete {
  std::string_view user;
  std::string_view method;          // the last one, if several were needed
  const Credential* key = nullptr;  // publickey: the one that signed
};
using ServerAuthEvent = std::variant<AuthSettingsWanted, LoginAttempt, AttemptAnswered, LoginComplete>;

// For a query, accept means PK_OK.
enum class LoginDecision { refuse, accept };

struct ServerAuthSettings {
  bool publickey = true;
  bool password = false;
  bool keyboard_interactive = false;
  bool empty_password = false;                        // PermitEmptyPasswords: `none` asks whether the password is empty
  AuthenticationMethods methods = {};                 // which of these are needed; none: any one
  std::vector<std::string> accepted_algorithms = {};  // PubkeyAcceptedAlgorithms; signature algorithms
  unsigned max_tries = 6;       // MaxAuthTries: failures; queries that are refused count, `none` once does not
  unsigned max_requests = 128;  // requests of any kind, so that no peer tries keys for ever
  std::string banner = {};      // RFC 4252 section 5.4; empty: none
};

// Returns the methods that a peer may try, in the order in which they are offered.
std::vector<std::string> enabled_methods(const ServerAuthSettings& settings);

class ServerAuth {
 public:
  // All but `trace`, which may be null, must outlive it. `server_host_key` is that of the first key exchange.
  ServerAuth(Bytes session_id, Bytes server_host_key, PacketWriter& writer, TraceSink* trace);
  ~ServerAuth();

  // Messages 50 to 79; throws ProtocolError.
  // Nothing: there is nothing left to say, since the user is in.
  std::optional<ServerAuthEvent> on_payload(Bytes payload);
  ServerAuthEvent provide_settings(ServerAuthSettings settings);  // may throw ProtocolError, too
  // LoginComplete if that lets the user in, otherwise AttemptAnswered.
  ServerAuthEvent decide(LoginDecision decision);
  // RFC 4252 section 4 [4252-4-8] [4252-4-10]: throws ProtocolError after MaxAuthTries failures.
  void end_if_exhausted() const;
  bool waiting() const;
  bool done() const;  // LoginComplete was the last event
  unsigned failures() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace glassh
