// The method "publickey" as a client runs it: RFC 4252 section 7, RFC 8332, and the host-bound form of OpenSSH PROTOCOL
// section 3.1.
//
// It holds credentials only, no private key. Each is first asked about; when the server would take it (PK_OK), the
// application is asked to sign, with a file's key or an agent, or says that it cannot, and the next key is tried. Which
// RSA algorithm is used follows the server's server-sig-algs (RFC 8308 section 3.1, RFC 8332 section 3.3).
//
//   step = publickey.begin();  …  step = publickey.provide_identities(list);  step = publickey.on_message(payload);
#pragma once

#include <string>
#include <vector>

#include "auth/client_auth_method.h"

namespace glassh {

class ClientPublickey final : public ClientAuthMethod {
 public:
  using ClientAuthMethod::ClientAuthMethod;

  std::string_view name() const override { return msg::PublicKeyRequest::name; }
  MethodStep begin() override;
  MethodStep on_message(Bytes payload) override;
  MethodStep decline() override;
  void on_failure(bool partial_success) override;

  // An identity without a public half is one whose file has to be opened to know it.
  MethodStep provide_identities(std::vector<std::optional<Credential>> identities);
  MethodStep provide_public_half(PublicKey key);
  // The signature blob of RFC 4253 section 6.6. Nothing if it is by another algorithm than was asked for: then nothing
  // is sent and the question stands; decline() goes on.
  std::optional<MethodStep> provide_signature(Bytes signature);
  // RFC 4252 section 5.1: something was right and is not enough. Keys that were refused are tried again, those that
  // have logged in are not.
  void start_over();
  std::size_t identity() const { return identity_; }  // the one being tried

 private:
  struct Candidate {
    std::optional<Credential> credential;
    bool used = false;  // it has been accepted already
  };
  MethodStep try_next();
  bool query();
  std::string_view choose_algorithm(const Credential& credential) const;
  bool host_bound() const { return settings_.host_bound && server_.host_bound; }
  void note(std::string_view text) const;

  std::optional<std::vector<Candidate>> candidates_;
  std::size_t next_ = 0;
  std::size_t identity_ = 0;
  std::string algorithm_;  // for that credential
  std::vector<std::uint8_t> signed_data_;
};

}  // namespace glassh
