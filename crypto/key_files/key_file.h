// Private key files: OpenSSH's own format (OpenSSH PROTOCOL.key), PKCS#8, and the older PEM formats PKCS#1 and SEC 1,
// each with or without a passphrase, read and written. Public key files are in public_key_file.h.
//
// The two halves of a key are compared before it is used. A file is hostile until it has proved otherwise: no length in
// it is believed before the bytes are there, and no passphrase is stretched longer than key_file_most_rounds.
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

// What is wrong with a key file. The text names the file, where there is one.
class KeyFileError : public std::runtime_error {
 public:
  enum class Kind {
    unreadable,   // the operating system refuses, or it is no ordinary file
    unsafe,       // others may read it, or it belongs to somebody else
    not_a_key,    // no format that we know
    encrypted,    // needs a passphrase, and none was given
    unsupported,  // a key type, a cipher or a number of keys that we do not do
    malformed,
    wrong_passphrase,
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
  std::string comment;  // empty in the formats that have none
};

// How a private key file is written.
enum class PrivateKeyFormat {
  openssh,
  pem,    // PKCS#1 for RSA, SEC 1 for ECDSA; Ed25519 has none and is written in OpenSSH's
  pkcs8,  // what a passphrase does to it is libcrypto's: PBKDF2 and AES-256-CBC
};
constexpr std::uint32_t key_file_rounds = 24;  // of bcrypt_pbkdf; OpenSSH's default since 9.5: about 200 ms
// What a file may ask for. OpenSSH has no such limit; this many take a minute.
constexpr std::uint32_t key_file_most_rounds = 10000;
struct PrivateKeyStyle {
  PrivateKeyFormat format = PrivateKeyFormat::openssh;
  const SecretBytes* passphrase = nullptr;  // nullptr or empty: not encrypted
  std::string_view cipher = "aes256-ctr";   // of OpenSSH's format only: one of key_file_ciphers()
  std::uint32_t rounds = key_file_rounds;   // of OpenSSH's format only
};

// Throws KeyFileError, whose text names the field or the line. `passphrase` is not looked at where none is needed.
PrivateKeyFile parse_private_key_file(std::string_view text, const SecretBytes* passphrase = nullptr);
// The public half, without a passphrase and without touching what is secret where the format allows it, which
// OpenSSH's does. Throws KeyFileError, of kind `encrypted` where it does not.
PublicKey parse_public_half(std::string_view text);
// The text of a file. `rng` gives the check number and the salt. Throws std::invalid_argument for an unknown cipher or
// for rounds outside 1 to key_file_most_rounds.
SecretBytes write_private_key_file(const PrivateKey& key, std::string_view comment, Rng& rng,
                                   const PrivateKeyStyle& style = {});

// Reads and parses. Refuses a file that group or others may access in any way, one that belongs neither to us nor to
// root, and one that is not an ordinary file. Throws KeyFileError.
PrivateKeyFile load_private_key(const std::string& path, const SecretBytes* passphrase = nullptr);
// parse_public_half() of a private key file, whose mode does not matter here. Throws KeyFileError.
PublicKey load_public_half(const std::string& path);
// The part of that which is about the mode and the owner: why `user_id` must not use such a private key file. Nothing
// if it may.
std::optional<std::string> why_unsafe(std::uint32_t mode, std::uint32_t owner, std::uint32_t user_id);
// "…/id_ed25519.pub": its first line. Throws KeyFileError.
PublicKeyLine load_public_key(const std::string& path);

// The file appears whole or not at all, with mode 0600 (0644 for a public key), and is on the disk when this returns.
// `rng` also names the temporary file beside it. Throws KeyFileError.
void save_private_key(const std::string& path, const PrivateKey& key, std::string_view comment, Rng& rng,
                      IfExists if_exists, const PrivateKeyStyle& style = {});
void save_public_key(const std::string& path, const PublicKey& key, std::string_view comment, Rng& rng,
                     IfExists if_exists);

}  // namespace glassh
