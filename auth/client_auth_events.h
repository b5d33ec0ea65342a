// The questions of the client's half of RFC 4252 to its application, and the data that it gets before it starts.
//
// An event whose name ends in Wanted is a question: ClientAuth waits for the answer that its comment names, or for
// decline(). Texts come from the server and are not trusted: filter control characters before showing them.
//
//   if (auto* wanted = std::get_if<PasswordWanted>(&event)) …  auth.provide_password(password.reveal());
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "crypto/keys/credential.h"
#include "proto/messages_auth.h"
#include "proto/secret_bytes.h"

namespace glassh {

// --- publickey ------------------------------------------------------------------------------------------------------

// Which keys are there, in the order in which to try them? Asked once, and only if the server takes keys at all.
// provide_identities(), with the credential of each: what it is offered as.
struct IdentitiesWanted {};
// The public half of this one was not known, because it is inside an encrypted file. provide_public_half(), or
// decline(): it is passed over.
struct PublicHalfWanted {
  std::size_t identity = 0;
};
// Sign `data` with the private key of identity number `identity`, by `algorithm`. provide_signature(), or decline().
// Views until answered.
struct UserSignatureWanted {
  std::size_t identity = 0;
  std::string_view algorithm;
  Bytes data;
};

// --- password and keyboard-interactive ------------------------------------------------------------------------------

// provide_password(), or decline(): this method is given up.
struct PasswordWanted {
  unsigned attempt = 1;  // from 2 on, the last one was wrong
};
// RFC 4252 section 8: the password has expired. provide_new_password(), or decline(). A view until answered.
struct PasswordChangeWanted {
  std::string_view prompt;
};
// RFC 4256 section 3.2: show name and instruction, then ask each prompt; there may be none. provide_answers(), or
// decline(). Views until answered.
struct AnswersWanted {
  std::string_view name;
  std::string_view instruction;
  std::vector<msg::Prompt> prompts;
};

// --- how it ends ----------------------------------------------------------------------------------------------------

struct AuthenticationSucceeded {
  std::string_view method;              // "publickey", "none"
  std::optional<std::size_t> identity;  // which key, if the last method was publickey
  // Nothing was asked of the user: no signature, no password, no answer. What the server's programs ask for from now on
  // is not part of logging in (past vulnerability 24).
  bool trivial = false;
};
// No method is left to try. The connection is of no further use.
struct AuthenticationFailed {
  std::string_view methods_that_can_continue;  // as the server listed them
};
struct BannerArrived {  // RFC 4252 section 5.4: not trusted
  std::string_view message;
};

using ClientAuthEvent =
    std::variant<IdentitiesWanted, PublicHalfWanted, UserSignatureWanted, PasswordWanted, PasswordChangeWanted,
                 AnswersWanted, AuthenticationSucceeded, AuthenticationFailed, BannerArrived>;

struct ClientAuthSettings {
  std::string user;
  // PreferredAuthentications, without those that are switched off: what else the server offers is not tried.
  std::vector<std::string> methods = {"publickey", "keyboard-interactive", "password"};
  std::vector<std::string> accepted_algorithms = {};  // PubkeyAcceptedAlgorithms
  unsigned password_prompts = 3;         // NumberOfPasswordPrompts: how often each of the two methods is tried
  std::string interactive_devices = {};  // KbdInteractiveDevices; empty: as the server likes
  bool host_bound = true;                // PubkeyAuthentication is not "unbound"
};

// The connection, as far as a method needs it. All of it must outlive the method.
struct ClientAuthServer {
  Bytes session_id;                                    // RFC 4253 section 7.2
  Bytes host_key;                                      // the blob that the server proved in the first key exchange
  const std::vector<std::string>* sig_algs = nullptr;  // RFC 8308 section 3.1; empty if it did not say
  bool host_bound = false;                             // OpenSSH PROTOCOL section 3.1: it takes host-bound requests
};

}  // namespace glassh
