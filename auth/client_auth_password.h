// The method "password" as a client runs it: RFC 4252 section 8, with the change of an expired password.
//
// The application asks the user; here a password is only on its way into the packet. This half of RFC 4252 exists only
// after NEWKEYS, and no cipher or MAC "none" exists here, so a password never travels in the clear [4252-8-7]
// [4252-8-8] [4252-8-9]. How long it is does not show either.
//
//   step = password.begin();  …  step = password.provide_password(secret.reveal());
#pragma once

#include <vector>

#include "auth/client_auth_method.h"

namespace glassh {

class ClientPassword final : public ClientAuthMethod {
 public:
  using ClientAuthMethod::ClientAuthMethod;

  std::string_view name() const override { return msg::PasswordRequest::name; }
  MethodStep begin() override;
  MethodStep on_message(Bytes payload) override;
  MethodStep decline() override { return MethodStep::exhausted(); }
  void on_failure(bool) override { owed_ = Owed::nothing; }

  // RFC 4252 section 8 [4252-8-3]: in UTF-8, which is the application's to see to.
  MethodStep provide_password(Bytes password);
  MethodStep provide_new_password(Bytes old_password, Bytes new_password);

 private:
  unsigned attempts_ = 0;
  std::vector<std::uint8_t> change_request_;  // the last one; the event is a view into it
};

}  // namespace glassh
