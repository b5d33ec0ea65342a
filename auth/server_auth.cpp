#include "auth/server_auth.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "auth/publickey_request.h"
#include "proto/error.h"

namespace glassh {

namespace {

constexpr std::string_view connection_service = "ssh-connection";
constexpr std::string_view publickey = msg::PublicKeyRequest::name;
constexpr std::string_view password = msg::PasswordRequest::name;
constexpr std::string_view keyboard_interactive = msg::KeyboardInteractiveRequest::name;
constexpr std::string_view none = msg::NoneRequest::name;

// RFC 4256 section 3.2 [4256-3.2-7] [4256-3.2-10]: short, and not empty. Clients put the user and the host in front.
constexpr std::string_view password_prompt = "Password: ";

// RFC 4252 section 5.4 [4252-5.4-5]: lines of a banner end in CR LF; files end them in LF.
std::string with_network_line_ends(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n' && (out.empty() || out.back() != '\r')) out.push_back('\r');
    out.push_back(c);
  }
  return out;
}

// Our name for the method of a request. The two forms of publickey are one method.
std::string_view method_of(const msg::UserauthRequest& request) {
  return is_publickey_method(request.method_name) ? publickey : request.method_name;
}

}  // namespace

std::vector<std::string> enabled_methods(const ServerAuthSettings& settings) {
  std::vector<std::string> methods;
  if (settings.publickey) methods.emplace_back(publickey);
  if (settings.password) methods.emplace_back(password);
  if (settings.keyboard_interactive) methods.emplace_back(keyboard_interactive);
  if (settings.empty_password && settings.password) methods.emplace_back(none);
  return methods;
}

struct ServerAuth::State {
  enum class Stage {
    idle,
    settings_wanted,  // the application says how this user may log in
    query_judged,     // … whether a key would do
    login_judged,     // … whether the user may log in with what was proved
    question_open,    // INFO_REQUEST went out; the client answers it, or begins something else
    exhausted,        // MaxAuthTries is reached
    done,
  };

  Bytes session_id;
  Bytes server_host_key;
  PacketWriter& writer;
  TraceSink* trace;

  Stage stage = Stage::idle;
  std::optional<std::string> user = {};  // of the first request, and so of all
  // A copy, since its settings may take their time; it may hold a password.
  SecretBytes first_request = {};
  ServerAuthSettings settings = {};  // since then
  std::optional<AuthenticationProgress> progress = {};
  // Each was part of a partial success. Two credentials with one key count as that key.
  std::vector<PublicKey> used_keys = {};
  unsigned requests = 0;
  unsigned failures = 0;
  bool none_tried = false;
  // Of the request that is being judged.
  std::string_view method = {};
  std::optional<PublicKeyOffer> offer = {};
  std::string refusal = {};

  ServerAuthEvent on_request(Bytes payload);
  ServerAuthEvent on_none(const msg::UserauthRequest& request);
  ServerAuthEvent on_publickey(const msg::UserauthRequest& request);
  ServerAuthEvent refused_request(std::string why);
  ServerAuthEvent on_password(const msg::UserauthRequest& request);
  ServerAuthEvent on_keyboard_interactive(const msg::UserauthRequest& request);
  ServerAuthEvent on_info_response(Bytes payload);
  void check_user_and_service(const msg::UserauthRequest& request) const;
  void send_banner();
  ServerAuthEvent judge_password(std::string_view its_method, Bytes its_password);
  ServerAuthEvent success();
  ServerAuthEvent failure(std::string_view its_method, std::string_view why);
  AttemptAnswered answered(AttemptAnswered::Outcome outcome, std::string_view its_method) const;
  const Credential* credential() const { return offer ? &offer->credential : nullptr; }
  void note(std::string_view its_method, std::string_view text) const;
};

ServerAuth::ServerAuth(Bytes session_id, Bytes server_host_key, PacketWriter& writer, TraceSink* trace)
    : state_(new State{session_id, server_host_key, writer, trace}) {}

ServerAuth::~ServerAuth() = default;

bool ServerAuth::waiting() const {
  using Stage = State::Stage;
  const Stage stage = state_->stage;
  return stage == Stage::settings_wanted || stage == Stage::query_judged || stage == Stage::login_judged;
}
bool ServerAuth::done() const { return state_->stage == State::Stage::done; }
unsigned ServerAuth::failures() const { return state_->failures; }

void ServerAuth::end_if_exhausted() const {
  if (state_->stage != State::Stage::exhausted) return;
  throw ProtocolError(DisconnectReason::no_more_auth_methods_available, "Too many authentication failures");
}

std::optional<ServerAuthEvent> ServerAuth::on_payload(Bytes payload) {
  State& s = *state_;
  // RFC 4252 section 5.1 [4252-5.1-13] and section 5.3 [4252-5.3-1]: what comes after success is ignored.
  if (done()) return std::nullopt;
  // RFC 4252 section 5.1 [4252-5.1-9]: one request is finished before the next is begun.
  if (waiting()) throw std::logic_error("ServerAuth: a payload while an attempt is being judged");
  end_if_exhausted();
  s.offer.reset();
  s.first_request = {};
  if (payload[0] == msg::UserauthRequest::number) return s.on_request(payload);
  // RFC 4252 section 6 [4252-6-4]: keyboard-interactive alone has a further message of the client's, and only behind a
  // question. The others are ours to send.
  if (payload[0] != msg::UserauthInfoResponse::number) {
    throw ProtocolError(fmt::format("message {}: during authentication a client sends only {} and answers to questions",
                                    payload[0], msg::UserauthRequest::name));
  }
  if (s.stage != State::Stage::question_open) {
    throw ProtocolError(fmt::format("{}: no question is open", msg::UserauthInfoResponse::name));
  }
  return s.on_info_response(payload);
}

ServerAuthEvent ServerAuth::State::on_request(Bytes payload) {
  const auto request = decode<msg::UserauthRequest>(payload);
  check_user_and_service(request);
  if (!user) {
    user = request.user_name;
    first_request = SecretBytes(payload);
    stage = Stage::settings_wanted;
    return AuthSettingsWanted{*user};
  }
  if (++requests > settings.max_requests) {
    throw ProtocolError(DisconnectReason::no_more_auth_methods_available,
                        fmt::format("too many authentication requests; {} is the limit", settings.max_requests));
  }
  // RFC 4252 section 5 [4252-5-14] and section 5.1 [4252-5.1-11]: whoever begins anew has given up the open question;
  // it gets no FAILURE of its own, but it was a try.
  if (stage == Stage::question_open) {
    stage = Stage::idle;
    note(keyboard_interactive, "abandoned by the client");
    if (++failures >= settings.max_tries) {
      stage = Stage::exhausted;
      return answered(AttemptAnswered::Outcome::failed, keyboard_interactive);
    }
  }
  if (requests == 1) send_banner();

  const std::string_view asked = method_of(request);
  if (asked == none) return on_none(request);
  // RFC 4252 section 5 [4252-5-11]: a method that we do not know or do not allow is a failure like any other.
  if (!progress->allows(asked)) return failure(asked, "not a method that can help now");
  if (asked == publickey) return on_publickey(request);
  if (asked == password) return on_password(request);
  return on_keyboard_interactive(request);
}

ServerAuthEvent ServerAuth::provide_settings(ServerAuthSettings settings) {
  State& s = *state_;
  if (s.stage != State::Stage::settings_wanted) {
    throw std::logic_error("ServerAuth: provide_settings() without AuthSettingsWanted");
  }
  s.stage = State::Stage::idle;
  s.settings = std::move(settings);
  s.progress.emplace(s.settings.methods, enabled_methods(s.settings));
  if (s.progress->impossible()) {
    throw ProtocolError(DisconnectReason::no_more_auth_methods_available,
                        "no authentication methods enabled: AuthenticationMethods asks for what is turned off");
  }
  return s.on_request(s.first_request.reveal());
}

// RFC 4252 section 5 [4252-5-3]: looked at in every request.
void ServerAuth::State::check_user_and_service(const msg::UserauthRequest& request) const {
  // RFC 4252 section 5 [4252-5-6] [4252-5-7] [4252-5-8]: there is one service to log in to.
  if (request.service_name != connection_service) {
    throw ProtocolError(DisconnectReason::service_not_available,
                        fmt::format("{}: service_name is {:?}; there is only \"{}\"", request.name,
                                    request.service_name, connection_service));
  }
  // RFC 4252 section 5 [4252-5-4] [4252-5-5]: state about another user must not survive; we end the connection.
  if (user && request.user_name != *user) {
    throw ProtocolError(fmt::format("{}: user_name changed from {:?} to {:?}", request.name, *user, request.user_name));
  }
}

// RFC 4252 section 5.4 [4252-5.4-1]: a banner may come at any time before the end of the login.
void ServerAuth::State::send_banner() {
  if (settings.banner.empty()) return;
  const std::string text = with_network_line_ends(settings.banner);
  writer.send(msg::UserauthBanner{text, ""});
}

// ---- the methods

// RFC 4252 sections 4 and 5.2 [4252-4-3] [4252-4-4] [4252-5.2-1]: `none` is enough only for a user who needs nothing
// else. The application decides that: the user's password is empty and may be. A list of AuthenticationMethods
// that has other methods next does not have this one. It is asked once, as a password would be. [4252-5.2-2]
// [4252-5.2-3]: everybody else gets a FAILURE that lists the methods.
ServerAuthEvent ServerAuth::State::on_none(const msg::UserauthRequest& request) {
  decode<msg::NoneRequest>(request.method_fields.bytes);
  if (!progress->allows(none)) return failure(none, "not enough");
  if (std::exchange(none_tried, true)) return failure(none, "it was not enough before");
  return judge_password(none, {});
}

// RFC 4252 sections 5 and 7 [4252-5-15] [4252-7-1]: every server has this method. Section 7 [4252-7-12]: a query may
// come before the signature, or none.
ServerAuthEvent ServerAuth::State::on_publickey(const msg::UserauthRequest& request) {
  std::string why;
  offer = read_publickey_request(request, {session_id, server_host_key, settings.accepted_algorithms}, why);
  if (!offer) return refused_request(std::move(why));
  // AuthenticationMethods publickey,publickey means two keys.
  if (std::find(used_keys.begin(), used_keys.end(), offer->credential.key()) != used_keys.end()) {
    return refused_request(fmt::format("{} has been used already", offer->credential.fingerprint()));
  }
  method = publickey;
  stage = offer->proved ? Stage::login_judged : Stage::query_judged;
  return LoginAttempt{*user, publickey, credential(), offer->algorithm, offer->proved};
}

ServerAuthEvent ServerAuth::State::refused_request(std::string why) {
  refusal = std::move(why);
  ServerAuthEvent event = failure(publickey, refusal);
  std::get<AttemptAnswered>(event).refusal = refusal;
  return event;
}

// RFC 4252 section 8. The cipher in force hides it [4252-8-7] [4252-8-8]: there is none here that does not. It is UTF-8
// [4252-8-4], and so are the passwords of the systems that we run on: it is compared byte for byte.
ServerAuthEvent ServerAuth::State::on_password(const msg::UserauthRequest& request) {
  const auto tail = decode<msg::PasswordRequest>(request.method_fields.bytes);
  // RFC 4252 section 8 [4252-8-13] [4252-8-14] [4252-8-15]: it was not changed. The old one is not even looked at, so
  // this is no way to try passwords.
  if (tail.change) return failure(password, "passwords are not changed here");
  return judge_password(password, tail.password.bytes);
}

// RFC 4256 section 3.1 [4256-3.1-7] [4256-3.1-8] [4256-3.1-9]: everybody is asked the same, whether there is such a
// user or not. There is one way to ask, so the hint `submethods` changes nothing, however often it names what
// [4256-3.1-5]; and the language is English [4256-3.2-3].
ServerAuthEvent ServerAuth::State::on_keyboard_interactive(const msg::UserauthRequest& request) {
  decode<msg::KeyboardInteractiveRequest>(request.method_fields.bytes);
  msg::UserauthInfoRequest question;  // RFC 4256 section 3.2 [4256-3.2-8]: without a name or an instruction
  question.prompts.push_back({password_prompt, false});
  writer.send(question);
  stage = Stage::question_open;
  note(keyboard_interactive, "asked");
  return answered(AttemptAnswered::Outcome::postponed, keyboard_interactive);
}

// RFC 4256 sections 3 and 3.2 [4256-3-1] [4256-3.2-2]: there is one open question at the most. Section 3.4 [4256-3.4-8]
// [4256-3.4-9] [4256-3.4-10]: SUCCESS or FAILURE follows the answer, and never another question.
ServerAuthEvent ServerAuth::State::on_info_response(Bytes payload) {
  stage = Stage::idle;
  const auto message = decode<msg::UserauthInfoResponse>(payload);
  // RFC 4256 section 3.4 [4256-3.4-5]: each question has one answer, or the attempt has failed.
  if (message.responses.size() != 1) {
    return failure(keyboard_interactive, fmt::format("{} answers to 1 question", message.responses.size()));
  }
  return judge_password(keyboard_interactive, message.responses[0].response.bytes);
}

ServerAuthEvent ServerAuth::State::judge_password(std::string_view its_method, Bytes its_password) {
  method = its_method;
  stage = Stage::login_judged;
  return LoginAttempt{*user, its_method, nullptr, {}, true, its_password};
}

// ---- the answers

ServerAuthEvent ServerAuth::decide(LoginDecision decision) {
  State& s = *state_;
  if (s.stage != State::Stage::query_judged && s.stage != State::Stage::login_judged) {
    throw std::logic_error("ServerAuth: decide() without a LoginAttempt");
  }
  const bool query = std::exchange(s.stage, State::Stage::idle) == State::Stage::query_judged;
  const std::string what = s.offer ? fmt::format("{} {}", s.offer->credential.type(), s.offer->credential.fingerprint())
                                   : std::string("the password");
  if (decision == LoginDecision::refuse) {
    // RFC 4252 section 7 [4252-7-2] [4252-7-5] [4252-7-9]: a key that may not log in is refused, in a query as well.
    return s.failure(s.method, fmt::format("{} does not let in {:?}", what, *s.user));
  }
  if (!query) {
    s.note(s.method, fmt::format("{} is right for {:?}", what, *s.user));
    return s.success();
  }
  // RFC 4252 section 7 [4252-7-9] [4252-7-10]: the answer repeats the question. Nothing else is remembered of it: the
  // key that logs in is the one that signs.
  s.note(s.method, fmt::format("{} would do", what));
  s.writer.send(msg::UserauthPkOk{s.offer->algorithm, s.offer->credential.blob()});
  return s.answered(AttemptAnswered::Outcome::postponed, s.method);
}

// RFC 4252 section 7 [4252-7-4] [4252-7-16]: a good key with a good signature is answered with SUCCESS, which the owner
// sends, or with FAILURE if more is needed.
ServerAuthEvent ServerAuth::State::success() {
  if (offer) used_keys.push_back(offer->credential.key());
  if (!progress->succeeded(method)) {
    // RFC 4252 section 5.1 [4252-5.1-4]: partial_success is true, as the method itself succeeded. Section 7 [4252-7-6]:
    // after a good public key, too, more may be needed.
    const std::string needed = progress->continuing();
    note(method, fmt::format("more is needed: {}", needed));
    writer.send(msg::UserauthFailure{NameList{needed}, true});
    return answered(AttemptAnswered::Outcome::partial, method);
  }
  // RFC 4252 section 5.1 [4252-5.1-7]: the login is complete only when all methods are through.
  stage = Stage::done;
  note(method, fmt::format("{:?} is logged in", *user));
  return LoginComplete{*user, method, credential()};
}

ServerAuthEvent ServerAuth::State::failure(std::string_view its_method, std::string_view why) {
  note(its_method, fmt::format("refused: {}", why));
  // A client asks `none` first, to learn what there is; that alone is no guess at anything.
  const bool free_of_charge = requests == 1 && its_method == none;
  if (!free_of_charge) ++failures;
  // RFC 4252 section 4 [4252-4-8] [4252-4-10]: DISCONNECT answers the failure that reaches the limit. That is
  // MaxAuthTries, as low as OpenSSH's and lower than the RFC's [4252-4-9].
  if (failures >= settings.max_tries) {
    stage = Stage::exhausted;
    return answered(AttemptAnswered::Outcome::failed, its_method);
  }
  // RFC 4252 section 5.1 [4252-5.1-1] [4252-5.1-2] [4252-5.1-5]: what could help; and no part of it was a success.
  // Section 4 [4252-4-5]: requests come in any order that the user's settings allow.
  const std::string needed = progress->continuing();
  writer.send(msg::UserauthFailure{NameList{needed}, false});
  return answered(AttemptAnswered::Outcome::failed, its_method);
}

AttemptAnswered ServerAuth::State::answered(AttemptAnswered::Outcome outcome, std::string_view its_method) const {
  return {outcome, *user, its_method, credential(), failures, stage == Stage::exhausted};
}

void ServerAuth::State::note(std::string_view its_method, std::string_view text) const {
  if (trace != nullptr) trace->note("authentication", fmt::format("{:?}: {}", its_method, text));
}

}  // namespace glassh
