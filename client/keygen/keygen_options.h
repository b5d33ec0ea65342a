// The command line of glassh-keygen, as ssh-keygen(1) has it, plus --password and --help.
//
// Certificates, revocation lists, signatures, moduli and hardware keys are not done yet: their flags throw UsageError
// saying so. Values are checked here, so that nothing is asked or written before a typing error is found.
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

// A wrong value: print the text and exit with 255, as ssh-keygen does; the usage does not help.
class KeygenValueError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Throws UsageError (print its text and keygen_usage(), exit with 1) and KeygenValueError.
KeygenOptions parse_keygen_options(std::span<const std::string> arguments);
std::string_view keygen_usage();

// "rsa", "ecdsa", "ed25519": what the default files of a key type are named after.
std::string_view short_file_type(std::string_view key_type);

}  // namespace glassh
