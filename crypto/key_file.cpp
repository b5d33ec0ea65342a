#include "crypto/key_file.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <unistd.h>

#include "crypto/key_type.h"
#include "proto/wire.h"

namespace glassh {
namespace {

using Kind = KeyFileError::Kind;

constexpr std::string_view begin_line = "-----BEGIN OPENSSH PRIVATE KEY-----";
constexpr std::string_view end_line = "-----END OPENSSH PRIVATE KEY-----";
constexpr std::array<std::uint8_t, 15> auth_magic = {'o', 'p', 'e', 'n', 's', 's', 'h', '-',
                                                     'k', 'e', 'y', '-', 'v', '1', 0};
constexpr std::size_t line_length = 70;  // what ssh-keygen writes
constexpr std::size_t block_size = 8;    // of the cipher "none"
constexpr std::size_t size_limit = 256 * 1024;

// OpenSSH PROTOCOL.key section 1
struct KeyFileHeader {
  static constexpr std::string_view name = "private key file";
  std::array<std::uint8_t, 15> magic = auth_magic;
  std::string_view ciphername = "none";
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

  static void fields(auto& self, auto& field) {
    field("publickey1", self.publickey1);
    field("private keys", self.private_keys);
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

PrivateKey private_key(EvpPkey key, PublicKey public_key) {
  return {std::shared_ptr<EVP_PKEY>(key.release(), EVP_PKEY_free), std::move(public_key)};
}

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

void check_padding(Bytes padding) {
  if (padding.size() > 255)
    throw ProtocolError(fmt::format("private keys: {} bytes follow the comment", padding.size()));
  for (std::size_t i = 0; i < padding.size(); ++i) {
    if (padding[i] != i + 1) throw ProtocolError("private keys: padding is not 1, 2, 3, …");
  }
}

// OpenSSH PROTOCOL.key section 3
PrivateKeyFile parse_private_part(Bytes part, const PublicKey& public_key) {
  if (part.size() % block_size != 0) {
    throw ProtocolError(fmt::format("private keys: {} bytes, must be a multiple of {}", part.size(), block_size));
  }
  Decoder decoder("private keys", part);
  std::uint32_t checkint1 = 0;
  std::uint32_t checkint2 = 0;
  std::string_view type_name;
  decoder("checkint", checkint1);
  decoder("checkint", checkint2);
  if (checkint1 != checkint2) throw ProtocolError("private keys: the two check numbers differ");
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
  return {private_key(std::move(key), public_key), std::string(comment)};
}

PrivateKeyFile parse_openssh_file(std::string_view text) {
  const SecretBytes content = unarmored(text);
  const auto header = decode<KeyFileHeader>(content.reveal());
  if (header.magic != auth_magic) throw ProtocolError("private key file: does not begin with openssh-key-v1");
  if (header.ciphername != "none") {
    throw KeyFileError(Kind::encrypted, fmt::format("the key needs a passphrase (it is encrypted with {}), which this "
                                                    "version cannot ask for",
                                                    printable(header.ciphername)));
  }
  // OpenSSH PROTOCOL.key section 5
  if (header.kdfname != "none" || !header.kdfoptions.empty()) {
    throw ProtocolError("private key file: a kdf without a cipher");
  }
  if (header.number_of_keys != 1) {
    throw KeyFileError(Kind::unsupported, fmt::format("the file has {} keys, must have one", header.number_of_keys));
  }
  const auto keys = decode<KeyFileKeys>(header.keys.bytes);
  Decoder public_decoder("public key", keys.publickey1);
  std::string_view type;
  public_decoder("type", type);
  if (find_key_type(type) == nullptr) {
    throw KeyFileError(Kind::unsupported, fmt::format("keys of type {} are not supported", printable(type)));
  }
  return parse_private_part(keys.private_keys.bytes, PublicKey::decode(keys.publickey1));
}

// PKCS#8, PKCS#1 and SEC 1, which libcrypto reads. The key then takes the same way as one from OpenSSH's format, so
// that it is checked as much.
PrivateKeyFile parse_pem_file(std::string_view text) {
  using Bio = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
  const Bio bio(check_pointer(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), "BIO_new_mem_buf"));
  // Without a callback of ours libcrypto would ask for a passphrase on the terminal.
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  const EvpPkey pem_key(PEM_read_bio_PrivateKey_ex(bio.get(), nullptr, no_passphrase, nullptr, nullptr, nullptr));
  clear_libcrypto_errors();
  if (pem_key == nullptr) throw KeyFileError(Kind::malformed, "libcrypto cannot read the PEM key");
  for (const std::string_view name : key_type_names()) {
    const KeyType& type = *find_key_type(name);
    if (!type.is_type_of(pem_key.get())) continue;
    const SecretBytes fields = type.write_private(pem_key.get());
    Decoder decoder("private key", fields.reveal());
    std::string_view type_name;
    decoder("type", type_name);
    EvpPkey key = type.read_private(decoder);
    PublicKey public_key = PublicKey::decode(type.encode_public(key.get()));
    return {private_key(std::move(key), std::move(public_key)), ""};
  }
  throw KeyFileError(Kind::unsupported, "keys of this type or on this curve are not supported");
}

PrivateKeyFile parse_any_format(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  if (text.starts_with(begin_line)) return parse_openssh_file(text);
  const auto has = [text](std::string_view part) { return text.find(part) != std::string_view::npos; };
  if (has("-----BEGIN ENCRYPTED PRIVATE KEY-----") || (has(" PRIVATE KEY-----") && has("Proc-Type: 4,ENCRYPTED"))) {
    throw KeyFileError(Kind::encrypted, "the key needs a passphrase, which this version cannot ask for");
  }
  if (has("-----BEGIN PRIVATE KEY-----") || has("-----BEGIN RSA PRIVATE KEY-----") ||
      has("-----BEGIN EC PRIVATE KEY-----")) {
    return parse_pem_file(text);
  }
  if (has(" PRIVATE KEY-----")) throw KeyFileError(Kind::unsupported, "private keys in this format are not supported");
  throw KeyFileError(Kind::not_a_key, "the file has no private key");
}

}  // namespace

PrivateKeyFile parse_private_key_file(std::string_view text) {
  try {
    if (text.size() > size_limit) throw KeyFileError(Kind::malformed, "the file is too large for a key");
    return parse_any_format(text);
  } catch (const KeyFileError&) {
    throw;
  } catch (const KeyMismatch& error) {
    throw KeyFileError(Kind::mismatch, error.what());
  } catch (const std::runtime_error& error) {  // a field that does not decode, or libcrypto
    throw KeyFileError(Kind::malformed, error.what());
  }
}

SecretBytes write_private_key_file(const PrivateKey& key, std::string_view comment, Rng& rng) {
  const KeyType& type = *find_key_type(key.public_key().type());
  const SecretBytes fields = type.write_private(key.pkey());
  std::array<std::uint8_t, 4> random{};
  rng.fill(random);
  const std::uint32_t checkint = get_u32(random.data());

  constexpr std::array<std::uint8_t, block_size> padding = {1, 2, 3, 4, 5, 6, 7, 8};
  KeyFilePrivatePart part{checkint, checkint, {fields.reveal()}, comment, {}};
  part.padding.bytes = Bytes(padding).first((block_size - measure(part) % block_size) % block_size);
  SecretBytes private_keys(measure(part));
  encode_into(part, private_keys.reveal());

  const KeyFileKeys keys{key.public_key().blob(), {private_keys.reveal()}};
  SecretBytes keys_bytes(measure(keys));
  encode_into(keys, keys_bytes.reveal());
  KeyFileHeader header;
  header.keys.bytes = keys_bytes.reveal();
  SecretBytes content(measure(header));
  encode_into(header, content.reveal());

  std::string encoded = base64_encode(content.reveal());
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

namespace {

SmallFile read_key_file(const std::string& path) {
  try {
    return read_small_file(path, size_limit);
  } catch (const FileError& error) {
    throw KeyFileError(Kind::unreadable, error.what());
  }
}

void save(const std::string& path, Bytes content, std::uint32_t mode, Rng& rng, IfExists if_exists) {
  std::array<std::uint8_t, 8> unique{};
  rng.fill(unique);
  try {
    save_small_file(path, content, mode, hex(unique), if_exists);
  } catch (const FileError& error) {
    throw KeyFileError(error.code().value() == EEXIST ? Kind::exists : Kind::unreadable, error.what());
  }
}

}  // namespace

std::optional<std::string> why_unsafe(std::uint32_t mode, std::uint32_t owner, std::uint32_t user_id) {
  if (owner != user_id && owner != 0) {
    return fmt::format("the private key belongs to user {}, neither to us (user {}) nor to root. It is NOT used.",
                       owner, user_id);
  }
  if ((mode & 077) != 0) {
    return fmt::format(
        "THE PRIVATE KEY IS NOT PRIVATE. Its mode is {:04o}, so others may read or change it. It is NOT "
        "used; make it 0600 (chmod 600) if you still trust it.",
        mode);
  }
  return std::nullopt;
}

PrivateKeyFile load_private_key(const std::string& path) {
  const SmallFile file = read_key_file(path);
  if (const auto problem = why_unsafe(file.mode, file.owner, geteuid())) {
    throw KeyFileError(Kind::unsafe, fmt::format("{}: {}", path, *problem));
  }
  try {
    return parse_private_key_file(text_of(file.content.reveal()));
  } catch (const KeyFileError& error) {
    throw KeyFileError(error.kind(), fmt::format("{}: {}", path, error.what()));
  }
}

PublicKeyLine load_public_key(const std::string& path) {
  const SmallFile file = read_key_file(path);
  const std::string_view text = text_of(file.content.reveal());
  try {
    return parse_public_key_line(text.substr(0, text.find('\n')));
  } catch (const std::runtime_error& error) {
    throw KeyFileError(Kind::malformed, fmt::format("{}: {}", path, error.what()));
  }
}

void save_private_key(const std::string& path, const PrivateKey& key, std::string_view comment, Rng& rng,
                      IfExists if_exists) {
  const SecretBytes text = write_private_key_file(key, comment, rng);
  save(path, text.reveal(), 0600, rng, if_exists);
}

void save_public_key(const std::string& path, const PublicKey& key, std::string_view comment, Rng& rng,
                     IfExists if_exists) {
  const std::string line = fmt::format("{}{}{}\n", key.line(), comment.empty() ? "" : " ", comment);
  save(path, bytes_of(line), 0644, rng, if_exists);
}

}  // namespace glassh
