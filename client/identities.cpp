#include "client/identities.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <sys/stat.h>

#include "crypto/key_file.h"

namespace glassh {
namespace {

// 0, or why stat(2) fails.
int missing(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 ? 0 : errno;
}

void complain(ClientLog& log, const std::string& path, const KeyFileError& error) {
  switch (error.kind()) {
    case KeyFileError::Kind::unsafe:
      log.error(
          "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n"
          "@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @\n"
          "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n"
          "{}\n"
          "Load key \"{}\": bad permissions",
          error.what(), path);
      return;
    case KeyFileError::Kind::encrypted:
      log.error("Load key \"{}\": it has a passphrase, and passphrases are not supported yet; the key is skipped",
                path);
      return;
    default:
      log.error("Load key \"{}\": {}", path, error.what());
  }
}

}  // namespace

Identities::Identities(const ClientConfig& config, ClientLog& log) : log_(log) {
  if (!config.pubkey_authentication) return;
  for (const std::string& path : config.identity_files) add(path, config.identity_files_given);
}

void Identities::add(const std::string& path, bool given) {
  if (const int error = missing(path); error != 0) {
    const std::string why = std::generic_category().message(error);
    if (given) {
      log_.error("no such identity: {}: {}", path, why);
    } else {
      log_.debug1("identity {}: {}", path, why);
    }
    return;
  }
  const bool beside = missing(path + ".pub") == 0;
  try {
    PublicKey key = beside ? load_public_key(path + ".pub").key : load_private_key(path).key.public_key();
    if (std::any_of(list_.begin(), list_.end(), [&](const Identity& other) { return other.key == key; })) {
      log_.debug1("identity {}: the same key as an earlier one", path);
      return;
    }
    log_.debug1("identity {}: {} {}, public half from {}", path, key.short_type(), key.fingerprint(),
                beside ? path + ".pub" : "the private key's file");
    list_.push_back({path, std::move(key)});
  } catch (const KeyFileError& error) {
    complain(log_, beside ? path + ".pub" : path, error);
  }
}

std::vector<PublicKey> Identities::public_keys() const {
  std::vector<PublicKey> keys;
  for (const Identity& identity : list_) keys.push_back(identity.key);
  return keys;
}

std::optional<std::vector<std::uint8_t>> Identities::sign(std::size_t identity, std::string_view algorithm,
                                                          Bytes data) const {
  const Identity& wanted = list_.at(identity);
  try {
    const PrivateKeyFile file = load_private_key(wanted.path);
    if (!(file.key.public_key() == wanted.key)) {
      log_.error("identity {}: the private key is another one than {}.pub says; it is not used", wanted.path,
                 wanted.path);
      return std::nullopt;
    }
    return file.key.sign(algorithm, data);
  } catch (const KeyFileError& error) {
    complain(log_, wanted.path, error);
  } catch (const std::exception& error) {
    log_.error("identity {}: cannot sign with {}: {}", wanted.path, algorithm, error.what());
  }
  return std::nullopt;
}

}  // namespace glassh
