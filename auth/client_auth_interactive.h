// The method "keyboard-interactive" as a client runs it: RFC 4256.
//
// The server asks, any number of prompts in any number of rounds; the application shows them and collects the answers.
// Memory grows with the prompts that came, not with the number that was announced (past vulnerability 48).
//
//   step = interactive.begin();  …  step = interactive.provide_answers(answers);
#pragma once

#include <span>
#include <vector>

#include "auth/client_auth_method.h"

namespace glassh {

class ClientInteractive final : public ClientAuthMethod {
 public:
  using ClientAuthMethod::ClientAuthMethod;

  std::string_view name() const override { return msg::KeyboardInteractiveRequest::name; }
  MethodStep begin() override;
  MethodStep on_message(Bytes payload) override;
  MethodStep decline() override { return MethodStep::exhausted(); }
  void on_failure(bool) override { owed_ = Owed::nothing; }

  // RFC 4256 section 3.4 [4256-3.4-2]: one answer per prompt, in UTF-8. Throws std::logic_error for another number.
  MethodStep provide_answers(std::span<const SecretBytes> answers);

 private:
  unsigned attempts_ = 0;
  bool was_asked_ = false;                  // an INFO_REQUEST has come
  std::size_t prompts_ = 0;                 // of the last one
  std::vector<std::uint8_t> info_request_;  // the last one; the event is a view into it
};

}  // namespace glassh
