// Reads the command line of glassh-keygen: the flags of ssh-keygen(1), plus --password and --help.
//
// Certificates, revocation lists, signatures, moduli and hardware keys are not supported: their flags throw a
// UsageError that says this. Values are checked here, so that a typing error is found before the program asks or writes
// anything.
//
//   const KeygenOptions options = parse_keygen_options(arguments);  // arguments without the program's name
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "config/command_line.h"
#include "crypto/hash.h"
#include "crypto/key_files/key_file.h"
#include "crypto/key_files/public_key_file.h"

namespace glassh {

struct KeygenOptions {
  enum class Action {
    generate,
    change_passphrase,  // -p
    change_comment,     // -c
    print_public,       // -y
    fingerprint,        // -l
    export_public,      // -e
    import_public,      // -i
    find_host,          // -F
    hash_hosts,         // -H
    remove_host,        // -R
    host_keys,          // -A
    dns_records,        // -r
    password_line,      // --password
    help,               // --help
  };
  Action action = Action::generate;

  std::string type = "ssh-ed25519";                             // -t, as a key type
  std::size_t bits = 0;                                         // -b; checked against the type; 0: the type's default
  std::optional<std::string> file;                              // -f
  std::optional<std::string> comment;                           // -C
  std::optional<SecretBytes> new_passphrase;                    // -N
  std::optional<SecretBytes> passphrase;                        // -P
  PrivateKeyFormat private_format = PrivateKeyFormat::openssh;  // -m
  PublicKeyFormat public_format = PublicKeyFormat::rfc4716;     // -m
  std::string cipher = "aes256-ctr";                            // -Z
  std::uint32_t rounds = key_file_rounds;                       // -a
  HashName hash = HashName::sha256;                             // -E
  int verbose = 0;                                              // -v
  bool quiet = false;                                           // -q
  std::string name;                                             // of a host: -F, -R, -r; of a user: --password
  bool show_fingerprint = false;                                // -l with -F
  bool show_hashed = false;                                     // -H with -F
  bool generic_record = false;                                  // -g
};

// A flag has a wrong value. The program prints the text and exits with 255, as ssh-keygen does, without its usage.
class KeygenValueError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Throws KeygenValueError, and UsageError: the program then prints its text and keygen_usage(), and exits with 1.
KeygenOptions parse_keygen_options(std::span<const std::string> arguments);
std::string_view keygen_usage();

// Returns "rsa", "ecdsa" or "ed25519": the part of a default file's name that stands for the key type.
std::string_view short_file_type(std::string_view key_type);

}  // namespace glassh
