// The private halves of the host keys: what signs for this server.
//
// Lives as long as what was read at one time (a Generation, server/setup.h). Job: holds the private keys and signs with
// the one that is named. Only the keeper (server/login/local_keeper) has one; it decides what is signed. Connections
// see public_keys().
//
//   HostKeySigner signer;  signer.add(std::move(key));  signer.sign(blob, "ssh-ed25519", hash)
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "crypto/keys/key.h"
#include "server/host_keys.h"

namespace glassh {

class HostKeySigner {
 public:
  // False if it is there already.
  bool add(PrivateKey key);
  bool empty() const { return keys_.empty(); }
  HostKeys public_keys() const;  // in the order in which they came

  // Returns the public half of the key with this public blob, null if there is none; valid until the next add().
  const PublicKey* find(Bytes host_key) const;
  // The signature blob over `data` by the key whose public blob is `host_key`. Safe from several threads. Throws
  // std::runtime_error, also if there is no such key.
  std::vector<std::uint8_t> sign(Bytes host_key, std::string_view algorithm, Bytes data) const;

 private:
  std::vector<PrivateKey> keys_;
};

}  // namespace glassh
