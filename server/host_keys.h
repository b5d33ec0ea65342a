// The server's host keys as everybody may see them: their public halves.
//
// Lives as long as what was read at one time (a Generation, server/setup.h). Job: says which keys a key exchange may
// offer and which there are to announce. It has no private key: server/host_key_signer signs, and only the keeper
// (server/login/keeper.h) has that.
//
//   const HostKeys keys = signer.public_keys();  settings.kex.host_keys = keys.offered();
#pragma once

#include <string>
#include <vector>

#include "crypto/keys/key.h"
#include "transport/key_exchange.h"

namespace glassh {

class HostKeys {
 public:
  HostKeys() = default;
  explicit HostKeys(std::vector<PublicKey> keys) : keys_(std::move(keys)) {}  // none twice

  bool empty() const { return keys_.empty(); }
  // All of them. Of several keys of one type the first is offered in key exchanges; the others are announced only, for
  // clients to know them when their time comes (server/host_key_proofs).
  const std::vector<PublicKey>& all() const { return keys_; }
  bool has(Bytes blob) const;
  std::vector<HostKey> offered() const;  // one of each type
  // Those of `algorithms` that one of the keys can sign with, in their order.
  std::vector<std::string> usable(const std::vector<std::string>& algorithms) const;

 private:
  std::vector<PublicKey> keys_;
};

}  // namespace glassh
