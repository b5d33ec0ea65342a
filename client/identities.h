// The user's keys, from files: which public keys to offer, in which order, and signatures when the server wants one.
//
// RFC 4252 section 7. The public half comes from FILE.pub where that exists; the private half is read when a signature
// is wanted, and forgotten after it. Files with a passphrase, agents and certificates are not done yet.
//
//   Identities identities(config, log);  settings.auth.identities = identities.public_keys();
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/config.h"
#include "client/log.h"
#include "crypto/key.h"

namespace glassh {

struct Identity {
  std::string path;  // of the private key
  PublicKey key;
};

class Identities {
 public:
  // Reads the files of config.identity_files in their order and says in the log why one cannot be used. `log` must
  // outlive this.
  Identities(const ClientConfig& config, ClientLog& log);

  const std::vector<Identity>& list() const { return list_; }
  std::vector<PublicKey> public_keys() const;

  // `identity` is an index into list(). Nothing if that key cannot sign; the log says why.
  std::optional<std::vector<std::uint8_t>> sign(std::size_t identity, std::string_view algorithm, Bytes data) const;

 private:
  void add(const std::string& path, bool given);

  ClientLog& log_;
  std::vector<Identity> list_;
};

}  // namespace glassh
