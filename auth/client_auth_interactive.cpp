#include "auth/client_auth_interactive.h"

#include <stdexcept>

#include <fmt/format.h>

#include "proto/error.h"

namespace glassh {

// RFC 4256 section 3.1 [4256-3.1-1]: the request names no language. It hints at mechanisms only if the user gave a hint
// [4256-3.1-5] [4256-3.1-6]. A server that has refused without a question will not ask one now.
MethodStep ClientInteractive::begin() {
  if (attempts_ == settings_.password_prompts || (attempts_ > 0 && !was_asked_)) return MethodStep::exhausted();
  ++attempts_;
  send_request(msg::KeyboardInteractiveRequest{"", settings_.interactive_devices});
  owed_ = Owed::answer_to_request;
  return {};
}

// RFC 4256 section 3.2 [4256-3.2-1]: as many rounds as the server likes, and any number of prompts in each; name and
// instruction may be empty [4256-3.2-9].
MethodStep ClientInteractive::on_message(Bytes payload) {
  if (payload[0] != msg::UserauthInfoRequest::number || owed_ != Owed::answer_to_request) {
    throw ProtocolError(fmt::format("message {}: it answers nothing that we asked", payload[0]));
  }
  info_request_ = copy_of(payload);
  auto message = decode<msg::UserauthInfoRequest>(info_request_);
  owed_ = Owed::nothing;
  was_asked_ = true;
  prompts_ = message.prompts.size();
  return MethodStep::asks(AnswersWanted{message.request_name, message.instruction, std::move(message.prompts)});
}

// RFC 4256 section 3.4 [4256-3.4-1] [4256-3.4-6] [4256-3.4-7]: one response to each request, with one answer for each
// prompt, in their order; none for none. Section 3.3 [4256-3.3-17]: an empty answer is an answer. RFC 4252 section 6
// [4252-6-4]: the only message of a method's own that we ever send.
MethodStep ClientInteractive::provide_answers(std::span<const SecretBytes> answers) {
  if (answers.size() != prompts_) {
    throw std::logic_error(fmt::format("ClientInteractive: {} answers to {} prompts", answers.size(), prompts_));
  }
  msg::UserauthInfoResponse message;
  for (const SecretBytes& answer : answers) message.responses.push_back({Hidden{answer.reveal()}});
  const std::size_t size = measure(message);
  encode_into(message, writer_.begin(size));
  writer_.finish(size, PacketWriter::Length::hidden);
  owed_ = Owed::answer_to_request;
  if (prompts_ > 0) proved_something_ = true;
  return {};
}

}  // namespace glassh
