// Private key files: OpenSSH's own format (OpenSSH PROTOCOL.key), PKCS#8, and the older PEM formats PKCS#1 and SEC 1,
// each with or without a passphrase, read and written. Public key files are in public_key_file.h.
//
// The public and the private half of a key are compared before the key is used. Files are not trusted: a length counts
// only when that many bytes are there, and a file cannot ask for more rounds than key_file_most_rounds.
//
//   const PrivateKeyFile file = load_private_key("/etc/ssh/ssh_host_ed25519_key");  file.key.sign(…)
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "config/small_file.h"
#include "crypto/keys/key.h"

namespace glassh {

// A key file cannot be used. The text names the file, if there is one.
class KeyFileError : public std::runtime_error {
 public:
  enum class Kind {
    unreadable,   // the operating system refuses, or it is not an ordinary file
    unsafe,       // other users may read it, or it belongs to another user
    not_a_key,    // not in a format that we know
    encrypted,    // it needs a passphrase, and the caller gave none
    unsupported,  // a key type, a cipher or a number of keys that we do not support
    malformed,
    wrong_passphrase,
    mismatch,  // the public half does not belong to the private one
    exists,    // saving: there is already a file of that name
  };
  KeyFileError(Kind kind, const std::string& text) : std::runtime_error(text), kind_(kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

struct PrivateKeyFile {
  PrivateKey key;
  std::string comment;  // empty in the formats that have none
};

// The format in which a private key file is written.
enum class PrivateKeyFormat {
  openssh,
  pem,    // PKCS#1 for RSA, SEC 1 for ECDSA; Ed25519 has no such format and is written in OpenSSH's
  pkcs8,  // libcrypto encrypts it with PBKDF2 and AES-256-CBC if there is a passphrase
};
constexpr std::uint32_t key_file_rounds = 24;  // of bcrypt_pbkdf; OpenSSH's default since 9.5: about 200 ms
// The most rounds that a file may ask for. They take a minute. OpenSSH has no such limit.
constexpr std::uint32_t key_file_most_rounds = 10000;
struct PrivateKeyStyle {
  PrivateKeyFormat format = PrivateKeyFormat::openssh;
  const SecretBytes* passphrase = nullptr;  // nullptr or empty: not encrypted
  std::string_view cipher = "aes256-ctr";   // of OpenSSH's format only: one of key_file_ciphers()
  std::uint32_t rounds = key_file_rounds;   // of OpenSSH's format only
};

// Throws KeyFileError, whose text names the field or the line. `passphrase` is ignored if the file needs none.
PrivateKeyFile parse_private_key_file(std::string_view text, const SecretBytes* passphrase = nullptr);
// Returns the public half. OpenSSH's format needs no passphrase for that, and the secret part is not touched. Throws
// KeyFileError, of kind `encrypted` if the file is encrypted in another format.
PublicKey parse_public_half(std::string_view text);
// Returns the text of a file. The check number and the salt come from `rng`. Throws std::invalid_argument for an
// unknown cipher or for rounds outside 1 to key_file_most_rounds.
SecretBytes write_private_key_file(const PrivateKey& key, std::string_view comment, Rng& rng,
                                   const PrivateKeyStyle& style = {});

// Reads and parses a private key file. Refuses a file that group or others may access in any way, a file that belongs
// neither to our user nor to root, and a file that is not an ordinary one. Throws KeyFileError.
PrivateKeyFile load_private_key(const std::string& path, const SecretBytes* passphrase = nullptr);
// Reads a private key file and returns parse_public_half() of it. The file's mode does not matter. Throws KeyFileError.
PublicKey load_public_half(const std::string& path);
// load_private_key()'s check of mode and owner: returns the reason why `user_id` must not use such a private key file,
// or nullopt if it may.
std::optional<std::string> why_unsafe(std::uint32_t mode, std::uint32_t owner, std::uint32_t user_id);
// Reads the first line of a public key file, "…/id_ed25519.pub". Throws KeyFileError.
PublicKeyLine load_public_key(const std::string& path);

// Save a key. The file appears whole or not at all, with mode 0600 (0644 for a public key), and is on the disk when the
// function returns. `rng` also gives the name of the temporary file beside it. Throws KeyFileError.
void save_private_key(const std::string& path, const PrivateKey& key, std::string_view comment, Rng& rng,
                      IfExists if_exists, const PrivateKeyStyle& style = {});
void save_public_key(const std::string& path, const PublicKey& key, std::string_view comment, Rng& rng,
                     IfExists if_exists);

}  // namespace glassh
