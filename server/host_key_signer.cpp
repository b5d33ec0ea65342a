#include "server/host_key_signer.h"

#include <stdexcept>
#include <utility>

namespace glassh {

bool HostKeySigner::add(PrivateKey key) {
  for (const PrivateKey& known : keys_) {
    if (known.public_key() == key.public_key()) return false;
  }
  keys_.push_back(std::move(key));
  return true;
}

HostKeys HostKeySigner::public_keys() const {
  std::vector<PublicKey> keys;
  keys.reserve(keys_.size());
  for (const PrivateKey& key : keys_) keys.push_back(key.public_key());
  return HostKeys(std::move(keys));
}

const PublicKey* HostKeySigner::find(Bytes host_key) const {
  for (const PrivateKey& key : keys_) {
    if (equal(key.public_key().blob(), host_key)) return &key.public_key();
  }
  return nullptr;
}

std::vector<std::uint8_t> HostKeySigner::sign(Bytes host_key, std::string_view algorithm, Bytes data) const {
  for (const PrivateKey& key : keys_) {
    if (equal(key.public_key().blob(), host_key)) return key.sign(algorithm, data);
  }
  throw std::runtime_error("asked to sign with a host key that is not ours");
}

}  // namespace glassh
