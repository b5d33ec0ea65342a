#include "server/host_key_files.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/rsa_size.h"
#include "crypto/key_files/key_file.h"

namespace glassh {

HostKeySigner load_host_keys(const std::vector<std::string>& paths, const Log& log, std::uint32_t required_rsa_size) {
  HostKeySigner keys;
  for (const std::string& path : paths) {
    try {
      PrivateKey key = load_private_key(path).key;
      if (!is_long_enough(key.public_key(), required_rsa_size)) {
        log.error("Host key {}: Invalid key length: it has {} bits, RequiredRSASize is {}", path,
                  key.public_key().bits(), required_rsa_size);
        continue;
      }
      const std::string shown = fmt::format("{} {}", key.public_key().short_type(), key.public_key().fingerprint());
      if (keys.add(std::move(key))) {
        log.debug("Loaded host key {}: {}", path, shown);
      } else {
        log.debug("Host key {}: the same key as an earlier one", path);
      }
    } catch (const std::exception& error) {
      log.error("Could not load host key: {}", error.what());
    }
  }
  return keys;
}

namespace {

HostKeySigner system_host_keys(const std::string& directory, const Log& log, std::uint32_t required_rsa_size) {
  std::vector<std::string> readable;
  for (const char* type : {"ed25519", "ecdsa", "rsa"}) {
    const std::string path = fmt::format("{}/ssh_host_{}_key", directory, type);
    if (::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0) readable.push_back(path);
  }
  return load_host_keys(readable, log, required_rsa_size);
}

// Mode 0700, the directories above as well where they do not exist (XDG Base Directory Specification).
void make_private_directory(const std::string& path) {
  const std::string above = std::filesystem::path(path).parent_path().string();
  if (!above.empty() && !std::filesystem::exists(above)) make_private_directory(above);
  if (::mkdir(path.c_str(), 0700) < 0 && errno != EEXIST) {
    throw std::runtime_error(fmt::format("cannot make the directory {}: {}", path, std::strerror(errno)));
  }
}

// Two servers may start at once. The second one takes the key that the first one made.
void make_host_key(const std::string& path, Rng& rng, const Log& log) {
  const PrivateKey key = PrivateKey::generate("ssh-ed25519", rng);
  try {
    save_private_key(path, key, "glasshd", rng, IfExists::refuse);
  } catch (const KeyFileError& error) {
    if (error.kind() == KeyFileError::Kind::exists) return;
    throw;
  }
  save_public_key(path + ".pub", key.public_key(), "glasshd", rng, IfExists::replace);
  log.info("Made a host key, as there was none: {} ({} {})", path, key.public_key().short_type(),
           key.public_key().fingerprint());
}

}  // namespace

HostKeySigner default_host_keys(const std::string& system_directory, const std::string& state_directory, Rng* rng,
                                const Log& log, std::uint32_t required_rsa_size) {
  HostKeySigner keys = system_host_keys(system_directory, log, required_rsa_size);
  if (!keys.empty()) return keys;

  const std::string path = state_directory + "/ssh_host_ed25519_key";
  if (!std::filesystem::exists(path)) {
    if (rng == nullptr) return keys;
    make_private_directory(state_directory);
    make_host_key(path, *rng, log);
  }
  return load_host_keys({path}, log);
}

std::string state_directory(const Account& account, const char* xdg_state_home) {
  const std::string base = xdg_state_home != nullptr ? xdg_state_home : "";
  if (base.starts_with('/')) return base + "/glassh";
  return account.home + "/.local/state/glassh";
}

}  // namespace glassh
