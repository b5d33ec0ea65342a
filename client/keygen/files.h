// What the actions of glassh-keygen share: which file is meant, how its key is opened, what is said when it cannot be.
//
// A passphrase comes from -P or -N, from the terminal, from askpass, or from standard input, as ssh-keygen takes it.
// Failures are KeygenFailure.
//
//   const std::string path = key_file_of(options, context);  auto file = open_private_key(path, …);
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "client/keygen/keygen.h"

namespace glassh {

// -f, or what the user answers to "Enter file in which the key is". Exits with 255 unless there is such a file.
std::string key_file_of(const KeygenOptions& options, const KeygenContext& context);
// "/home/me/.ssh/id_ed25519"
std::string default_key_file(const KeygenOptions& options, const KeygenContext& context);
bool file_exists(const std::string& path);  // of any kind; a symbolic link that leads nowhere as well

struct OpenedKey {
  PrivateKeyFile file;
  std::optional<SecretBytes> passphrase;  // that was needed
};
// Asks `question` if the key needs a passphrase and -P has none. `failing` is what the error begins with:
// "Load key \"x\"".
OpenedKey open_private_key(const std::string& path, const KeygenOptions& options, const KeygenContext& context,
                           const std::string& question, const std::string& failing);
// Asked twice, and until both are equal if `again`. Empty: none.
SecretBytes ask_new_passphrase(const KeygenContext& context, const std::string& question, bool again);

// A public key, from a public key file, from the .pub beside a private one, or from the private one.
struct FoundPublicKey {
  PublicKey key;
  std::string comment;
};
FoundPublicKey find_public_key(const std::string& path);

// Any readable file, also a pipe, up to a limit; "-" is standard input.
std::string read_whole(const std::string& path);

// OpenSSH's words for what is wrong with a key file, and ours where they say more. An unprotected private key gets the
// warning, on standard error.
std::string reason_of(const KeyFileError& error, const std::string& path);

// Writes the file whole; what fails is "Saving key "…" failed", status 1.
void save_key(const std::string& path, const PrivateKey& key, std::string_view comment, const SecretBytes& passphrase,
              const KeygenOptions& options, const KeygenContext& context, IfExists if_exists);
void save_public_line(const std::string& path, const PublicKey& key, std::string_view comment,
                      const KeygenContext& context);

}  // namespace glassh
