#include "client/keygen/keygen_options.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "config/syntax.h"
#include "crypto/key_files/key_file_cipher.h"
#include "proto/safe_text.h"

namespace glassh {
namespace {

using Action = KeygenOptions::Action;

constexpr std::string_view letters = "ABC:D:E:F:HI:KLM:N:O:P:QR:UV:XY:Z:a:b:cef:ghiklm:n:opqr:s:t:uvw:xyz:";
// Certificates, revocation lists, signatures, moduli, hardware keys, and the oldest fingerprints.
constexpr std::string_view missing_letters = "BDIKLMOQUVYhknsuwz";

struct TypeName {
  std::string_view name;  // for -t
  std::string_view key_type;
  std::string_view file_type;
};
constexpr std::array<TypeName, 8> type_names = {{
    {"ed25519", "ssh-ed25519", "ed25519"},
    {"ssh-ed25519", "ssh-ed25519", "ed25519"},
    {"ecdsa", "ecdsa-sha2-nistp256", "ecdsa"},
    {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", "ecdsa"},
    {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", "ecdsa"},
    {"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521", "ecdsa"},
    {"rsa", "ssh-rsa", "rsa"},
    {"ssh-rsa", "ssh-rsa", "rsa"},
}};

SecretBytes secret(std::string_view text) { return SecretBytes(bytes_of(text)); }

std::string key_type_named(const std::string& name) {
  for (const TypeName& type : type_names) {
    if (equal_ignoring_case(type.name, name)) return std::string(type.key_type);
  }
  for (const std::string_view other : {"dsa", "ssh-dss", "ecdsa-sk", "ed25519-sk"}) {
    if (equal_ignoring_case(other, name)) {
      throw KeygenValueError(fmt::format("keys of type {} are not supported; ed25519, ecdsa and rsa are", name));
    }
  }
  throw KeygenValueError(fmt::format("unknown key type {}", name));
}

HashName hash_named(const std::string& name) {
  for (const HashName hash : {HashName::md5, HashName::sha1, HashName::sha256, HashName::sha384, HashName::sha512}) {
    std::string ours(hash_text(hash));
    std::erase(ours, '-');
    if (equal_ignoring_case(ours, name)) return hash;
  }
  throw KeygenValueError(
      fmt::format("Invalid hash algorithm \"{}\": md5, sha1, sha256, sha384 and sha512 exist", name));
}

std::string cipher_named(const std::string& name) {
  if (find_key_file_cipher(name) != nullptr) return name;
  std::string known;
  for (const KeyFileCipher& cipher : key_file_ciphers()) known += fmt::format(" {}", cipher.name);
  throw KeygenValueError(fmt::format("Invalid OpenSSH-format cipher '{}': these exist:{}", name, known));
}

std::uint32_t rounds_of(const std::string& text) {
  const auto number = parse_number(text, 0xffffffff);
  if (!number) throw KeygenValueError(fmt::format("Invalid number: {} (invalid)", text));
  if (*number == 0) throw KeygenValueError(fmt::format("Invalid number: {} (too small)", text));
  if (*number > key_file_most_rounds) {
    throw KeygenValueError(
        fmt::format("Invalid number: {} (too large: {} rounds are the limit)", text, key_file_most_rounds));
  }
  return static_cast<std::uint32_t>(*number);
}

void take_format(const std::string& name, KeygenOptions& options) {
  if (equal_ignoring_case(name, "RFC4716")) {
    options.private_format = PrivateKeyFormat::openssh;  // as with ssh-keygen: RFC 4716 has public keys only
    options.public_format = PublicKeyFormat::rfc4716;
  } else if (equal_ignoring_case(name, "PKCS8")) {
    options.private_format = PrivateKeyFormat::pkcs8;
    options.public_format = PublicKeyFormat::pkcs8;
  } else if (equal_ignoring_case(name, "PEM")) {
    options.private_format = PrivateKeyFormat::pem;
    options.public_format = PublicKeyFormat::pem;
  } else {
    throw KeygenValueError(fmt::format("Unsupported conversion format \"{}\": RFC4716, PKCS8 and PEM exist", name));
  }
}

// -b goes with a type, and either may come first.
void check_bits(const std::string& text, KeygenOptions& options) {
  const auto bits = parse_number(text, 0xffffffff);
  if (!bits) throw KeygenValueError(fmt::format("Bits has bad value {} (invalid)", text));
  options.bits = *bits;
  if (options.type == "ssh-rsa") {
    if (*bits < 2048) throw KeygenValueError("Invalid RSA key length: minimum is 2048 bits");
    if (*bits > 16384) throw KeygenValueError("Invalid RSA key length: maximum is 16384 bits");
  } else if (options.type.starts_with("ecdsa-")) {  // the size is a curve, and a curve is a type
    if (*bits != 256 && *bits != 384 && *bits != 521) {
      throw KeygenValueError("Invalid ECDSA key length: valid lengths are 256, 384 or 521 bits");
    }
    options.type = fmt::format("ecdsa-sha2-nistp{}", *bits);
  }
}

// The flags that choose an action.
struct Chosen {
  std::string given;  // the letters, each once
  bool has(char letter) const { return given.find(letter) != std::string::npos; }
};

// As ssh-keygen decides between several.
Action action_of(const Chosen& chosen) {
  if (chosen.has('p') && chosen.has('c')) throw UsageError("Can only have one of -p and -c.");
  if (chosen.has('l') && (chosen.has('R') || (chosen.has('H') && !chosen.has('F')))) {
    throw UsageError("Cannot use -l with -H or -R.");
  }
  constexpr std::array<std::pair<char, Action>, 11> order = {{{'R', Action::remove_host},
                                                              {'F', Action::find_host},
                                                              {'H', Action::hash_hosts},
                                                              {'l', Action::fingerprint},
                                                              {'p', Action::change_passphrase},
                                                              {'c', Action::change_comment},
                                                              {'e', Action::export_public},
                                                              {'i', Action::import_public},
                                                              {'y', Action::print_public},
                                                              {'r', Action::dns_records},
                                                              {'A', Action::host_keys}}};
  for (const auto& [letter, action] : order) {
    if (chosen.has(letter)) return action;
  }
  return Action::generate;
}

void take_value(char letter, const std::string& value, KeygenOptions& options) {
  switch (letter) {
    case 't':
      options.type = key_type_named(value);
      return;
    case 'f':
      options.file = value;
      return;
    case 'C':
      options.comment = value;
      return;
    case 'N':
      options.new_passphrase = secret(value);
      return;
    case 'P':
      options.passphrase = secret(value);
      return;
    case 'm':
      return take_format(value, options);
    case 'Z':
      options.cipher = cipher_named(value);
      return;
    case 'a':
      options.rounds = rounds_of(value);
      return;
    case 'E':
      options.hash = hash_named(value);
      return;
    case 'v':
      ++options.verbose;
      return;
    case 'q':
      options.quiet = true;
      return;
    case 'g':
      options.generic_record = true;
      return;
    case 'F':
    case 'R':
    case 'r':
      options.name = value;
      return;
    default:
      return;  // -o, which once chose the format that is now the default
  }
}

void check_comment(const KeygenOptions& options) {
  if (options.comment && std::any_of(options.comment->begin(), options.comment->end(), is_control)) {
    throw KeygenValueError("The comment must not have control characters: it stands in a file of lines.");
  }
}

}  // namespace

KeygenOptions parse_keygen_options(std::span<const std::string> arguments) {
  FlagReader reader(arguments, letters, {{"password", true}, {"help", false}});
  KeygenOptions options;
  Chosen chosen;
  std::optional<std::string> bits;
  std::optional<std::string> user;
  while (const auto flag = reader.next_flag()) {
    if (flag->name == "password") user = flag->value;
    if (flag->name == "help") options.action = Action::help;
    if (flag->name.size() > 1) continue;
    char letter = flag->name.front();
    if (missing_letters.find(letter) != std::string_view::npos) {
      throw UsageError(fmt::format("-{} is not supported yet", letter));
    }
    if (letter == 'x') letter = 'e';  // what they once were
    if (letter == 'X') letter = 'i';
    if (letter == 'b') bits = flag->value;
    chosen.given += letter;
    take_value(letter, flag->value, options);
  }
  if (reader.next_word()) throw UsageError("Too many arguments.");
  if (options.action == Action::help) return options;
  options.action = action_of(chosen);
  options.show_fingerprint = chosen.has('l');
  options.show_hashed = chosen.has('H');
  if (bits) check_bits(*bits, options);
  if (user) {
    options.action = Action::password_line;
    options.name = *user;
  }
  check_comment(options);
  return options;
}

std::string_view keygen_usage() {
  return "usage: glassh-keygen [-q] [-a rounds] [-b bits] [-C comment] [-f output_keyfile]\n"
         "                     [-m format] [-N new_passphrase] [-t ed25519 | ecdsa | rsa]\n"
         "                     [-Z cipher]\n"
         "       glassh-keygen -p [-a rounds] [-f keyfile] [-m format] [-N new_passphrase]\n"
         "                     [-P old_passphrase] [-Z cipher]\n"
         "       glassh-keygen -i [-f input_keyfile] [-m key_format]\n"
         "       glassh-keygen -e [-f input_keyfile] [-m key_format]\n"
         "       glassh-keygen -y [-f input_keyfile] [-P passphrase]\n"
         "       glassh-keygen -c [-a rounds] [-C comment] [-f keyfile] [-P passphrase]\n"
         "       glassh-keygen -l [-v] [-E fingerprint_hash] [-f input_keyfile]\n"
         "       glassh-keygen -F hostname [-lv] [-f known_hosts_file]\n"
         "       glassh-keygen -H [-f known_hosts_file]\n"
         "       glassh-keygen -R hostname [-f known_hosts_file]\n"
         "       glassh-keygen -r hostname [-g] [-f input_keyfile]\n"
         "       glassh-keygen -A [-a rounds] [-f prefix_path]\n"
         "       glassh-keygen --password user [-N password]\n"
         "       glassh-keygen --help\n";
}

std::string_view short_file_type(std::string_view key_type) {
  for (const TypeName& type : type_names) {
    if (type.key_type == key_type) return type.file_type;
  }
  return "ed25519";
}

}  // namespace glassh
