#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "crypto/key_files/bcrypt_pbkdf.h"
#include "crypto/key_files/key_file_cipher.h"
#include "crypto/key_files/key_file_formats.h"
#include "crypto/keys/key_type.h"
#include "proto/safe_text.h"
#include "proto/wire.h"

namespace glassh {
namespace {

using Kind = KeyFileError::Kind;

constexpr std::string_view begin_line = "-----BEGIN OPENSSH PRIVATE KEY-----";
constexpr std::string_view end_line = "-----END OPENSSH PRIVATE KEY-----";
constexpr std::array<std::uint8_t, 15> auth_magic = {'o', 'p', 'e', 'n', 's', 's', 'h', '-',
                                                     'k', 'e', 'y', '-', 'v', '1', 0};
constexpr std::size_t line_length = 70;  // what ssh-keygen writes
constexpr std::size_t salt_size = 16;
constexpr std::size_t largest_salt = 1024;
constexpr KeyFileCipher no_cipher = {"none", "", 0, 0, 8, 0};

// OpenSSH PROTOCOL.key section 1
struct KeyFileHeader {
  static constexpr std::string_view name = "private key file";
  std::array<std::uint8_t, 15> magic = auth_magic;
  std::string_view ciphername = no_cipher.name;
  std::string_view kdfname = "none";
  Bytes kdfoptions;
  std::uint32_t number_of_keys = 1;
  Rest keys;

  static void fields(auto& self, auto& field) {
    field("AUTH_MAGIC", self.magic);
    field("ciphername", self.ciphername);
    field("kdfname", self.kdfname);
    field("kdfoptions", self.kdfoptions);
    field("number of keys", self.number_of_keys);
    field("keys", self.keys);
  }
};

struct KeyFileKeys {
  static constexpr std::string_view name = "private key file";
  Bytes publickey1;
  Hidden private_keys;
  Rest tag;  // of an AEAD cipher: it stands behind the string that it protects

  static void fields(auto& self, auto& field) {
    field("publickey1", self.publickey1);
    field("private keys", self.private_keys);
    field("tag", self.tag);
  }
};

// OpenSSH PROTOCOL.key section 2
struct BcryptOptions {
  static constexpr std::string_view name = "kdfoptions";
  Bytes salt;
  std::uint32_t rounds = 0;

  static void fields(auto& self, auto& field) {
    field("salt", self.salt);
    field("rounds", self.rounds);
  }
};

// OpenSSH PROTOCOL.key section 3, for writing. Where the private key ends only its type knows.
struct KeyFilePrivatePart {
  std::uint32_t checkint1 = 0;
  std::uint32_t checkint2 = 0;
  Rest privatekey1;
  std::string_view comment1;
  Rest padding;

  static void fields(auto& self, auto& field) {
    field("checkint", self.checkint1);
    field("checkint", self.checkint2);
    field("privatekey1", self.privatekey1);
    field("comment1", self.comment1);
    field("padding", self.padding);
  }
};

// ----------------------------------------------------------------------------------------------------------------
// reading

// The bytes between the two lines of dashes.
SecretBytes unarmored(std::string_view text) {
  text.remove_prefix(begin_line.size());
  const std::size_t end = text.find(end_line);
  if (end == std::string_view::npos)
    throw KeyFileError(Kind::malformed, "the file has no line " + std::string(end_line));
  if (text.substr(end + end_line.size()).find_first_not_of(" \t\r\n") != std::string_view::npos) {
    throw KeyFileError(Kind::malformed, "something follows the line " + std::string(end_line));
  }
  SecretBytes joined(end);
  std::size_t size = 0;
  for (const char c : text.substr(0, end)) {
    if (c != '\n' && c != '\r' && c != ' ' && c != '\t') joined.reveal()[size++] = static_cast<std::uint8_t>(c);
  }
  joined.truncate(size);
  auto decoded = base64_decode(text_of(joined.reveal()));
  if (!decoded) throw KeyFileError(Kind::malformed, "what lies between the lines of dashes is not valid base64");
  SecretBytes out(*decoded);
  wipe(*decoded);
  return out;
}

struct Container {
  KeyFileHeader header;
  KeyFileKeys keys;
};

// Views into `content`.
Container decode_container(Bytes content) {
  Container out;
  out.header = decode<KeyFileHeader>(content);
  if (out.header.magic != auth_magic) throw ProtocolError("private key file: does not begin with openssh-key-v1");
  if (out.header.number_of_keys != 1) {
    throw KeyFileError(Kind::unsupported,
                       fmt::format("the file has {} keys, must have one", out.header.number_of_keys));
  }
  out.keys = decode<KeyFileKeys>(out.header.keys.bytes);
  return out;
}

PublicKey decode_public_half(Bytes publickey1) {
  Decoder decoder("public key", publickey1);
  std::string_view type;
  decoder("type", type);
  if (find_key_type(type) == nullptr) {
    throw KeyFileError(Kind::unsupported,
                       fmt::format("keys of type {} are not supported", made_safe(type, TextFor::name)));
  }
  return PublicKey::decode(publickey1);
}

const KeyFileCipher& cipher_of(const KeyFileHeader& header) {
  // OpenSSH PROTOCOL.key section 5: what is not encrypted has no key derivation, and the other way round.
  if (header.ciphername == no_cipher.name) {
    if (header.kdfname != "none" || !header.kdfoptions.empty()) {
      throw ProtocolError("private key file: a kdf without a cipher");
    }
    return no_cipher;
  }
  const KeyFileCipher* const cipher = find_key_file_cipher(header.ciphername);
  if (cipher == nullptr) {
    throw KeyFileError(Kind::unsupported, fmt::format("it is encrypted with {}, which is not supported",
                                                      made_safe(header.ciphername, TextFor::name)));
  }
  if (header.kdfname == "none") throw ProtocolError("private key file: a cipher without a kdf");
  if (header.kdfname != "bcrypt") {
    throw KeyFileError(Kind::unsupported, fmt::format("the kdf is {}; only bcrypt is supported",
                                                      made_safe(header.kdfname, TextFor::name)));
  }
  return *cipher;
}

// The file says how long to stretch the passphrase, and a file may come from anywhere.
BcryptOptions decode_kdf_options(Bytes kdfoptions) {
  const auto options = decode<BcryptOptions>(kdfoptions);
  if (options.salt.empty() || options.salt.size() > largest_salt) {
    throw ProtocolError(
        fmt::format("kdfoptions: salt has {} bytes, must have 1 to {}", options.salt.size(), largest_salt));
  }
  if (options.rounds == 0 || options.rounds > key_file_most_rounds) {
    throw KeyFileError(Kind::unsupported,
                       fmt::format("kdfoptions: {} rounds, must be 1 to {}", options.rounds, key_file_most_rounds));
  }
  return options;
}

// The private part in the clear. Nothing in the result has been believed yet.
SecretBytes decrypted(const Container& container, const KeyFileCipher& cipher, const SecretBytes* passphrase) {
  SecretBytes part(container.keys.private_keys.bytes);
  if (part.size() % cipher.block_size != 0) {
    throw ProtocolError(
        fmt::format("private keys: {} bytes, must be a multiple of {}", part.size(), cipher.block_size));
  }
  if (container.keys.tag.bytes.size() != cipher.tag_size) {
    throw ProtocolError(fmt::format("private key file: {} bytes after the last field, must be {}",
                                    container.keys.tag.bytes.size(), cipher.tag_size));
  }
  if (&cipher == &no_cipher) return part;

  const BcryptOptions options = decode_kdf_options(container.header.kdfoptions);
  if (passphrase == nullptr) {
    throw KeyFileError(Kind::encrypted,
                       fmt::format("the key needs a passphrase (it is encrypted with {})", cipher.name));
  }
  if (passphrase->empty()) throw KeyFileError(Kind::wrong_passphrase, "the passphrase is empty, but the key has one");
  const SecretBytes key_and_iv =
      bcrypt_pbkdf(passphrase->reveal(), options.salt, options.rounds, cipher.key_and_iv_size());
  if (!cipher.decrypt(key_and_iv.reveal(), part.reveal(), container.keys.tag.bytes)) {
    throw KeyFileError(Kind::wrong_passphrase, "wrong passphrase, or the file has been changed");
  }
  return part;
}

void check_padding(Bytes padding) {
  if (padding.size() > 255)
    throw ProtocolError(fmt::format("private keys: {} bytes follow the comment", padding.size()));
  for (std::size_t i = 0; i < padding.size(); ++i) {
    if (padding[i] != i + 1) throw ProtocolError("private keys: padding is not 1, 2, 3, …");
  }
}

// OpenSSH PROTOCOL.key section 3
PrivateKeyFile parse_private_part(Bytes part, const PublicKey& public_key, bool was_encrypted) {
  Decoder decoder("private keys", part);
  std::uint32_t checkint1 = 0;
  std::uint32_t checkint2 = 0;
  std::string_view type_name;
  decoder("checkint", checkint1);
  decoder("checkint", checkint2);
  if (checkint1 != checkint2) {
    if (was_encrypted) throw KeyFileError(Kind::wrong_passphrase, "wrong passphrase");
    throw ProtocolError("private keys: the two check numbers differ");
  }
  decoder("type", type_name);
  if (type_name != public_key.type()) throw KeyMismatch("private keys: the type is not the public key's");
  EvpPkey key = find_key_type(type_name)->read_private(decoder);
  std::string_view comment;
  Rest padding;
  decoder("comment", comment);
  decoder("padding", padding);
  check_padding(padding.bytes);
  if (find_key_type(type_name)->encode_public(key.get()) != copy_of(public_key.blob())) {
    throw KeyMismatch("private key file: the public key in front is not the private one's");
  }
  return {make_private_key(std::move(key), public_key), std::string(comment)};
}

}  // namespace

bool is_openssh_key_file(std::string_view text) { return text.starts_with(begin_line); }

PrivateKeyFile parse_openssh_key_file(std::string_view text, const SecretBytes* passphrase) {
  const SecretBytes content = unarmored(text);
  const Container container = decode_container(content.reveal());
  const KeyFileCipher& cipher = cipher_of(container.header);
  const PublicKey public_key = decode_public_half(container.keys.publickey1);
  const SecretBytes part = decrypted(container, cipher, passphrase);
  return parse_private_part(part.reveal(), public_key, &cipher != &no_cipher);
}

PublicKey parse_openssh_public_half(std::string_view text) {
  const SecretBytes content = unarmored(text);
  return decode_public_half(decode_container(content.reveal()).keys.publickey1);
}

// ----------------------------------------------------------------------------------------------------------------
// writing

namespace {

SecretBytes private_part(const PrivateKey& key, std::string_view comment, Rng& rng, std::size_t block_size) {
  const SecretBytes fields = find_key_type(key.public_key().type())->write_private(key.pkey());
  std::array<std::uint8_t, 4> random{};
  rng.fill(random);
  const std::uint32_t checkint = get_u32(random.data());

  constexpr std::array<std::uint8_t, 16> padding = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  KeyFilePrivatePart part{checkint, checkint, {fields.reveal()}, comment, {}};
  part.padding.bytes = Bytes(padding).first((block_size - measure(part) % block_size) % block_size);
  SecretBytes out(measure(part));
  encode_into(part, out.reveal());
  return out;
}

SecretBytes armored(Bytes content) {
  std::string encoded = base64_encode(content);
  SecretBytes text(begin_line.size() + encoded.size() + encoded.size() / line_length + end_line.size() + 4);
  std::size_t size = 0;
  const auto add_line = [&text, &size](std::string_view line) {
    std::copy(line.begin(), line.end(), text.reveal().begin() + static_cast<std::ptrdiff_t>(size));
    size += line.size();
    text.reveal()[size++] = '\n';
  };
  add_line(begin_line);
  for (std::size_t at = 0; at < encoded.size(); at += line_length) {
    add_line(std::string_view(encoded).substr(at, line_length));
  }
  add_line(end_line);
  OPENSSL_cleanse(encoded.data(), encoded.size());
  text.truncate(size);
  return text;
}

const KeyFileCipher& cipher_for(const PrivateKeyStyle& style) {
  if (!has_passphrase(style)) return no_cipher;
  const KeyFileCipher* const cipher = find_key_file_cipher(style.cipher);
  if (cipher == nullptr) throw std::invalid_argument(fmt::format("'{}' is no cipher for key files", style.cipher));
  if (style.rounds == 0 || style.rounds > key_file_most_rounds) {
    throw std::invalid_argument(
        fmt::format("{} rounds for a key file: must be 1 to {}", style.rounds, key_file_most_rounds));
  }
  return *cipher;
}

}  // namespace

SecretBytes write_openssh_key_file(const PrivateKey& key, std::string_view comment, Rng& rng,
                                   const PrivateKeyStyle& style) {
  const KeyFileCipher& cipher = cipher_for(style);
  SecretBytes part = private_part(key, comment, rng, cipher.block_size);
  std::vector<std::uint8_t> tag(cipher.tag_size);
  std::vector<std::uint8_t> kdfoptions;
  KeyFileHeader header;
  if (&cipher != &no_cipher) {
    std::array<std::uint8_t, salt_size> salt{};
    rng.fill(salt);
    const SecretBytes key_and_iv =
        bcrypt_pbkdf(style.passphrase->reveal(), salt, style.rounds, cipher.key_and_iv_size());
    cipher.encrypt(key_and_iv.reveal(), part.reveal(), tag);
    kdfoptions = encode(BcryptOptions{salt, style.rounds});
    header.ciphername = cipher.name;
    header.kdfname = "bcrypt";
    header.kdfoptions = kdfoptions;
  }
  const KeyFileKeys keys{key.public_key().blob(), {part.reveal()}, {tag}};
  SecretBytes keys_bytes(measure(keys));
  encode_into(keys, keys_bytes.reveal());
  header.keys.bytes = keys_bytes.reveal();
  SecretBytes content(measure(header));
  encode_into(header, content.reveal());
  return armored(content.reveal());
}

}  // namespace glassh
