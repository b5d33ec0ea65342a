#include "auth/client_auth.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "auth/client_auth_interactive.h"
#include "auth/client_auth_password.h"
#include "auth/client_auth_publickey.h"
#include "proto/error.h"

namespace glassh {

namespace {

bool list_contains(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (list.substr(0, comma) == name) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace

struct ClientAuth::State {
  // `running`: a method has sent a request, or asked the application.
  enum class Stage { idle, none_sent, running, asking, succeeded, failed };
  // What the application was asked last.
  enum class Question { none, identities, public_half, signature, password, new_password, answers };

  State(ClientAuthSettings its_settings, ClientAuthServer its_server, PacketWriter& its_writer, TraceSink* its_trace)
      : settings(std::move(its_settings)),
        server(its_server),
        writer(its_writer),
        trace(its_trace),
        publickey(settings, server, writer, trace),
        interactive(settings, server, writer, trace),
        password(settings, server, writer, trace) {}

  const ClientAuthSettings settings;
  const ClientAuthServer server;
  PacketWriter& writer;
  TraceSink* const trace;
  ClientPublickey publickey;
  ClientInteractive interactive;
  ClientPassword password;

  Stage stage = Stage::idle;
  Question question = Question::none;
  std::string methods;                       // authentications_that_can_continue of the last FAILURE
  ClientAuthMethod* method = nullptr;        // the one being tried
  std::size_t next_method = 0;               // in settings.methods, for this list
  std::vector<ClientAuthMethod*> exhausted;  // not tried any more

  Event on_failure(const msg::UserauthFailure& message);
  Event on_success();
  Event try_next();
  ClientAuthMethod* choose();
  ClientAuthMethod* find(std::string_view name);
  bool is_exhausted(const ClientAuthMethod* its) const;
  Event go_on(MethodStep step);
  void answer(Question expected);
  void expect(bool allowed, std::string_view message) const;
  void note(std::string_view text) const;
};

ClientAuth::ClientAuth(ClientAuthSettings settings, ClientAuthServer server, PacketWriter& writer, TraceSink* trace)
    : state_(std::make_unique<State>(std::move(settings), server, writer, trace)) {}

ClientAuth::~ClientAuth() = default;

bool ClientAuth::waiting() const { return state_->stage == State::Stage::asking; }
bool ClientAuth::done() const { return state_->stage == State::Stage::succeeded; }

// ----------------------------------------------------------------------------------------------------------------
// messages

// RFC 4252 section 4 [4252-4-2]: asked first, for it costs nothing and the answer tells what the server takes.
void ClientAuth::start() {
  State& s = *state_;
  if (s.stage != State::Stage::idle) throw std::logic_error("ClientAuth: start() twice");
  s.stage = State::Stage::none_sent;
  s.writer.send(msg::UserauthRequest{s.settings.user, "ssh-connection", msg::NoneRequest::name, {}});
}

ClientAuth::Event ClientAuth::on_payload(Bytes payload) {
  State& s = *state_;
  switch (payload[0]) {
    case msg::UserauthBanner::number: {
      // RFC 4252 section 5.4 [4252-5.4-1]: at any time before success.
      const auto message = decode<msg::UserauthBanner>(payload);
      s.expect(s.stage != State::Stage::succeeded, message.name);
      return BannerArrived{message.message};
    }
    case msg::UserauthFailure::number:
      return s.on_failure(decode<msg::UserauthFailure>(payload));
    case msg::UserauthSuccess::number:
      decode<msg::UserauthSuccess>(payload);
      return s.on_success();
  }
  // RFC 4252 section 6: 60 to 79 belong to the method of the last request, and mean nothing without one.
  s.expect(s.stage == State::Stage::running && payload[0] >= message_number::userauth_pk_ok,
           fmt::format("message {}", payload[0]));
  return s.go_on(s.method->on_message(payload));
}

// RFC 4252 section 5.1 [4252-5.1-12]: once, and in answer to something that could succeed. Section 7 [4252-7-9]: a
// query could not.
ClientAuth::Event ClientAuth::State::on_success() {
  const bool by_method = stage == Stage::running && method->owed() == ClientAuthMethod::Owed::answer_to_request;
  expect(stage == Stage::none_sent || by_method, msg::UserauthSuccess::name);
  stage = Stage::succeeded;
  AuthenticationSucceeded event;
  event.method = by_method ? method->name() : msg::NoneRequest::name;
  if (method == &publickey) event.identity = publickey.identity();
  event.trivial = !publickey.proved_something() && !password.proved_something() && !interactive.proved_something();
  note(fmt::format("{}: accepted", event.method));
  return event;
}

ClientAuth::Event ClientAuth::State::on_failure(const msg::UserauthFailure& message) {
  using Owed = ClientAuthMethod::Owed;
  const bool by_method = stage == Stage::running && method->owed() != Owed::nothing;
  expect(stage == Stage::none_sent || by_method, message.name);
  const std::string_view before = methods;
  const bool other_list = message.authentications_that_can_continue.text != before;
  methods = message.authentications_that_can_continue.text;
  if (by_method) {
    // RFC 4252 section 5.1 [4252-5.1-4]: a query cannot have been right, whatever the flag says.
    const bool partial = message.partial_success && method->owed() == Owed::answer_to_request;
    method->on_failure(message.partial_success);
    if (partial) {
      note(fmt::format("{}: partial success, the server wants more", method->name()));
      publickey.start_over();
      std::erase(exhausted, &publickey);
    }
  }
  note(fmt::format("methods that can continue: {}", methods));
  // The user's order counts anew for another list.
  if (other_list) {
    method = nullptr;
    next_method = 0;
  }
  return try_next();
}

// ----------------------------------------------------------------------------------------------------------------
// the order of the methods

// RFC 4252 section 5.1 [4252-5.1-10]: called only when no request of ours is unanswered.
ClientAuth::Event ClientAuth::State::try_next() {
  if ((method = choose()) != nullptr) return go_on(method->begin());
  stage = Stage::failed;
  return AuthenticationFailed{methods};
}

// The one that is being tried, as long as it has something left; then the next of the user's that the server takes.
ClientAuthMethod* ClientAuth::State::choose() {
  if (method != nullptr && !is_exhausted(method) && list_contains(methods, method->name())) return method;
  while (next_method < settings.methods.size()) {
    const std::string& name = settings.methods[next_method++];
    ClientAuthMethod* const found = find(name);
    if (found == nullptr || is_exhausted(found) || !list_contains(methods, name)) continue;
    note(fmt::format("{}: the next method to try", name));
    return found;
  }
  return nullptr;
}

ClientAuthMethod* ClientAuth::State::find(std::string_view name) {
  for (ClientAuthMethod* const each : std::array<ClientAuthMethod*, 3>{&publickey, &interactive, &password}) {
    if (each->name() == name) return each;
  }
  return nullptr;
}

bool ClientAuth::State::is_exhausted(const ClientAuthMethod* its) const {
  return std::find(exhausted.begin(), exhausted.end(), its) != exhausted.end();
}

ClientAuth::Event ClientAuth::State::go_on(MethodStep step) {
  stage = Stage::running;
  switch (step.kind) {
    case MethodStep::Kind::sent:
      return std::nullopt;
    case MethodStep::Kind::exhausted:
      exhausted.push_back(method);
      return try_next();
    case MethodStep::Kind::asks:
      break;
  }
  stage = Stage::asking;
  const ClientAuthEvent& event = *step.event;
  question = std::holds_alternative<IdentitiesWanted>(event)       ? Question::identities
             : std::holds_alternative<PublicHalfWanted>(event)     ? Question::public_half
             : std::holds_alternative<UserSignatureWanted>(event)  ? Question::signature
             : std::holds_alternative<PasswordWanted>(event)       ? Question::password
             : std::holds_alternative<PasswordChangeWanted>(event) ? Question::new_password
                                                                   : Question::answers;
  return std::move(step.event);
}

// ----------------------------------------------------------------------------------------------------------------
// answers

void ClientAuth::State::answer(Question expected) {
  if (stage != Stage::asking || question != expected) {
    throw std::logic_error("ClientAuth: an answer to what was not asked");
  }
}

ClientAuth::Event ClientAuth::provide_identities(std::vector<std::optional<Credential>> identities) {
  state_->answer(State::Question::identities);
  return state_->go_on(state_->publickey.provide_identities(std::move(identities)));
}

ClientAuth::Event ClientAuth::provide_public_half(PublicKey key) {
  state_->answer(State::Question::public_half);
  return state_->go_on(state_->publickey.provide_public_half(std::move(key)));
}

ClientAuth::Event ClientAuth::provide_signature(Bytes signature) {
  state_->answer(State::Question::signature);
  if (auto step = state_->publickey.provide_signature(signature)) return state_->go_on(std::move(*step));
  return decline();
}

ClientAuth::Event ClientAuth::provide_password(Bytes password) {
  state_->answer(State::Question::password);
  return state_->go_on(state_->password.provide_password(password));
}

ClientAuth::Event ClientAuth::provide_new_password(Bytes old_password, Bytes new_password) {
  state_->answer(State::Question::new_password);
  return state_->go_on(state_->password.provide_new_password(old_password, new_password));
}

ClientAuth::Event ClientAuth::provide_answers(std::span<const SecretBytes> answers) {
  state_->answer(State::Question::answers);
  return state_->go_on(state_->interactive.provide_answers(answers));
}

ClientAuth::Event ClientAuth::decline() {
  if (!waiting()) throw std::logic_error("ClientAuth: decline() without a question");
  return state_->go_on(state_->method->decline());
}

// ----------------------------------------------------------------------------------------------------------------

void ClientAuth::State::expect(bool allowed, std::string_view message) const {
  if (allowed) return;
  throw ProtocolError(fmt::format("{}: it answers nothing that we asked", message));
}

void ClientAuth::State::note(std::string_view text) const {
  if (trace != nullptr) trace->note("authentication", text);
}

}  // namespace glassh
