#include "server/host_keys.h"

#include <algorithm>

namespace glassh {

bool HostKeys::has(Bytes blob) const {
  return std::any_of(keys_.begin(), keys_.end(), [blob](const PublicKey& key) { return equal(key.blob(), blob); });
}

std::vector<HostKey> HostKeys::offered() const {
  std::vector<HostKey> out;
  for (const PublicKey& key : keys_) {
    const bool again =
        std::any_of(out.begin(), out.end(), [&key](const HostKey& other) { return other.type == key.type(); });
    if (!again) out.push_back({std::string(key.type()), copy_of(key.blob())});
  }
  return out;
}

std::vector<std::string> HostKeys::usable(const std::vector<std::string>& algorithms) const {
  std::vector<std::string> out;
  for (const std::string& algorithm : algorithms) {
    const auto type = key_type_of_algorithm(algorithm);
    const bool have =
        type && std::any_of(keys_.begin(), keys_.end(), [&type](const PublicKey& key) { return key.type() == *type; });
    if (have) out.push_back(algorithm);
  }
  return out;
}

}  // namespace glassh
