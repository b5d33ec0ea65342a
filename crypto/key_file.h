// Private key files: OpenSSH's own format (OpenSSH PROTOCOL.key), written and read without a passphrase; and the
// unencrypted PEM formats PKCS#8, PKCS#1 and SEC 1, read only. Public key files are one line (key.h).
//
// The two halves of a key are compared before it is used. Files that need a passphrase are told from broken ones; they
// cannot be opened yet.
//
//   const PrivateKeyFile file = load_private_key("/etc/ssh/ssh_host_ed25519_key");  file.key.sign(…)
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "crypto/key.h"
#include "crypto/small_file.h"

namespace glassh {

// What is wrong with a key file. The text names the file, where there is one.
class KeyFileError : public std::runtime_error {
 public:
  enum class Kind {
    unreadable,   // the operating system refuses, or it is no ordinary file
    unsafe,       // others may read it, or it belongs to somebody else
    not_a_key,    // no format that we know
    encrypted,    // needs a passphrase
    unsupported,  // a key type, a cipher or a number of keys that we do not do
    malformed,
    mismatch,  // the public half does not belong to the private one
    exists,    // saving: there is a file already
  };
  KeyFileError(Kind kind, const std::string& text) : std::runtime_error(text), kind_(kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

struct PrivateKeyFile {
  PrivateKey key;
  std::string comment;
};

// Throws KeyFileError, whose text begins "line …" or names the field.
PrivateKeyFile parse_private_key_file(std::string_view text);
// The text of a file in OpenSSH's format. `rng` gives the check number.
SecretBytes write_private_key_file(const PrivateKey& key, std::string_view comment, Rng& rng);

// Reads and parses. Refuses a file that group or others may access in any way, one that belongs neither to us nor to
// root, and one that is not an ordinary file. Throws KeyFileError.
PrivateKeyFile load_private_key(const std::string& path);
// The part of that which is about the mode and the owner: why `user_id` must not use such a private key file. Nothing
// if it may.
std::optional<std::string> why_unsafe(std::uint32_t mode, std::uint32_t owner, std::uint32_t user_id);
// "…/id_ed25519.pub": its first line. Throws KeyFileError.
PublicKeyLine load_public_key(const std::string& path);

// The file appears whole or not at all, with mode 0600 (0644 for a public key), and is on the disk when this returns.
// `rng` also names the temporary file beside it. Throws KeyFileError.
void save_private_key(const std::string& path, const PrivateKey& key, std::string_view comment, Rng& rng,
                      IfExists if_exists);
void save_public_key(const std::string& path, const PublicKey& key, std::string_view comment, Rng& rng,
                     IfExists if_exists);

}  // namespace glassh
