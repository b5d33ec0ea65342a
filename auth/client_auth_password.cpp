#include "auth/client_auth_password.h"

#include <fmt/format.h>

#include "proto/error.h"

namespace glassh {

MethodStep ClientPassword::begin() {
  if (attempts_ == settings_.password_prompts) return MethodStep::exhausted();
  ++attempts_;
  return MethodStep::asks(PasswordWanted{attempts_});
}

MethodStep ClientPassword::provide_password(Bytes password) {
  send_request(msg::PasswordRequest{false, Hidden{password}, {}}, PacketWriter::Length::hidden);
  owed_ = Owed::answer_to_request;
  proved_something_ = true;
  return {};
}

// RFC 4252 section 8 [4252-8-12]: instead of an answer the server may want a new password, and again if it does not
// like that one.
MethodStep ClientPassword::on_message(Bytes payload) {
  if (payload[0] != msg::UserauthPasswdChangereq::number || owed_ != Owed::answer_to_request) {
    throw ProtocolError(fmt::format("message {}: it answers nothing that we asked", payload[0]));
  }
  change_request_ = copy_of(payload);
  const auto message = decode<msg::UserauthPasswdChangereq>(change_request_);
  owed_ = Owed::nothing;
  return MethodStep::asks(PasswordChangeWanted{message.prompt});
}

MethodStep ClientPassword::provide_new_password(Bytes old_password, Bytes new_password) {
  send_request(msg::PasswordRequest{true, Hidden{old_password}, Hidden{new_password}}, PacketWriter::Length::hidden);
  owed_ = Owed::answer_to_request;
  return {};
}

}  // namespace glassh
