#include "crypto/key_files/key_file.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>
#include <unistd.h>

#include "crypto/key_files/key_file_formats.h"
#include "crypto/keys/key_type.h"

namespace glassh {
namespace {

using Kind = KeyFileError::Kind;

constexpr std::size_t size_limit = 256 * 1024;

// Finds out the format, and calls `openssh` or `pem` with the text.
template <class OpenSsh, class Pem>
auto with_format(std::string_view text, OpenSsh openssh, Pem pem) {
  try {
    if (text.size() > size_limit) throw KeyFileError(Kind::malformed, "the file is too large for a key");
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    if (is_openssh_key_file(text)) return openssh(text);
    if (is_pem_key_file(text)) return pem(text);
    if (text.find(" PRIVATE KEY-----") != std::string_view::npos) {
      throw KeyFileError(Kind::unsupported, "private keys in this format are not supported");
    }
    throw KeyFileError(Kind::not_a_key, "the file has no private key");
  } catch (const KeyFileError&) {
    throw;
  } catch (const KeyMismatch& error) {
    throw KeyFileError(Kind::mismatch, error.what());
  } catch (const std::runtime_error& error) {  // a field that does not decode, or libcrypto
    throw KeyFileError(Kind::malformed, error.what());
  }
}

}  // namespace

PrivateKeyFile parse_private_key_file(std::string_view text, const SecretBytes* passphrase) {
  return with_format(
      text, [passphrase](std::string_view file) { return parse_openssh_key_file(file, passphrase); },
      [passphrase](std::string_view file) { return parse_pem_key_file(file, passphrase); });
}

PublicKey parse_public_half(std::string_view text) {
  return with_format(text, parse_openssh_public_half,
                     [](std::string_view file) { return parse_pem_key_file(file, nullptr).key.public_key(); });
}

SecretBytes write_private_key_file(const PrivateKey& key, std::string_view comment, Rng& rng,
                                   const PrivateKeyStyle& style) {
  const bool has_pem = key.public_key().type() != "ssh-ed25519" || style.format == PrivateKeyFormat::pkcs8;
  if (style.format != PrivateKeyFormat::openssh && has_pem) return write_pem_key_file(key, style);
  return write_openssh_key_file(key, comment, rng, style);
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

PrivateKeyFile load_private_key(const std::string& path, const SecretBytes* passphrase) {
  const SmallFile file = read_key_file(path);
  if (const auto problem = why_unsafe(file.mode, file.owner, geteuid())) {
    throw KeyFileError(Kind::unsafe, fmt::format("{}: {}", path, *problem));
  }
  try {
    return parse_private_key_file(text_of(file.content.reveal()), passphrase);
  } catch (const KeyFileError& error) {
    throw KeyFileError(error.kind(), fmt::format("{}: {}", path, error.what()));
  }
}

PublicKey load_public_half(const std::string& path) {
  const SmallFile file = read_key_file(path);
  try {
    return parse_public_half(text_of(file.content.reveal()));
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
                      IfExists if_exists, const PrivateKeyStyle& style) {
  const SecretBytes text = write_private_key_file(key, comment, rng, style);
  save(path, text.reveal(), 0600, rng, if_exists);
}

void save_public_key(const std::string& path, const PublicKey& key, std::string_view comment, Rng& rng,
                     IfExists if_exists) {
  const std::string line = fmt::format("{}{}{}\n", key.line(), comment.empty() ? "" : " ", comment);
  save(path, bytes_of(line), 0644, rng, if_exists);
}

}  // namespace glassh
