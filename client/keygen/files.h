// The functions that all actions of glassh-keygen share: they find the key file that the user means, open its key, save
// a key, and word the errors.
//
// A passphrase comes from -P or -N, from the terminal, from askpass, or from standard input, as with ssh-keygen. Every
// failure throws KeygenFailure. The formats of the files are crypto/key_files' job.
//
//   const std::string path = key_file_of(options, context);  const FoundPublicKey found = find_public_key(path);
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "client/keygen/keygen.h"

namespace glassh {

// Returns the path of -f, or the user's answer to "Enter file in which the key is". Throws KeygenFailure with status
// 255 if there is no such file.
std::string key_file_of(const KeygenOptions& options, const KeygenContext& context);
// Returns "/home/me/.ssh/id_ed25519" for the type of key that -t names.
std::string default_key_file(const KeygenOptions& options, const KeygenContext& context);
bool file_exists(const std::string& path);  // of any kind, also a symbolic link that leads nowhere

struct OpenedKey {
  PrivateKeyFile file;
  std::optional<SecretBytes> passphrase;  // the one that opened it; nullopt if it needed none
};
// Asks `question` if the key needs a passphrase and -P is not given. The error's text begins with `failing`: "Load key
// \"x\"".
OpenedKey open_private_key(const std::string& path, const KeygenOptions& options, const KeygenContext& context,
                           const std::string& question, const std::string& failing);
// Asks for a new passphrase twice. If the two differ, it asks again (`again`) or throws KeygenFailure. An empty answer
// means no passphrase.
SecretBytes ask_new_passphrase(const KeygenContext& context, const std::string& question, bool again);

// A public key, from a public key file, from the .pub file beside a private key file, or from the private key file.
struct FoundPublicKey {
  PublicKey key;
  std::string comment;
};
FoundPublicKey find_public_key(const std::string& path);

// Reads a file of any kind, also a pipe, up to a limit of 16 MiB; "-" is standard input.
std::string read_whole(const std::string& path);

// Returns the reason why a key file cannot be used, in OpenSSH's words, or in ours if they say more. For an unprotected
// private key it also prints OpenSSH's warning on standard error.
std::string reason_of(const KeyFileError& error, const std::string& path);

// Save a key; the file is written whole. A failure throws KeygenFailure with 'Saving key "…" failed' and status 1.
void save_key(const std::string& path, const PrivateKey& key, std::string_view comment, const SecretBytes& passphrase,
              const KeygenOptions& options, const KeygenContext& context, IfExists if_exists);
void save_public_line(const std::string& path, const PublicKey& key, std::string_view comment,
                      const KeygenContext& context);

}  // namespace glassh
