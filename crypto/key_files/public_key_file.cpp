#include "crypto/key_files/public_key_file.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <openssl/pem.h>

#include "crypto/keys/key_type.h"
#include "proto/safe_text.h"

namespace glassh {
namespace {

using Kind = KeyFileError::Kind;
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;

constexpr std::size_t size_limit = 256 * 1024;

// ----------------------------------------------------------------------------------------------------------------
// RFC 4716

constexpr std::string_view begin_marker = "---- BEGIN SSH2 PUBLIC KEY ----";
constexpr std::string_view end_marker = "---- END SSH2 PUBLIC KEY ----";
constexpr std::size_t line_length = 70;  // RFC 4716 section 3.3 allows 72
constexpr std::size_t longest_tag = 64;

std::string write_rfc4716(const PublicKey& key, std::string_view comment) {
  if (std::any_of(comment.begin(), comment.end(), is_control)) {
    throw std::invalid_argument("the comment of a public key has control characters");
  }
  std::string out = fmt::format("{}\n", begin_marker);
  // RFC 4716 section 3.3: a header that is longer than a line goes on in the next, after a backslash.
  std::string header = comment.empty() ? "" : fmt::format("Comment: \"{}\"", comment);
  while (header.size() > line_length) {
    out += header.substr(0, line_length) + "\\\n";
    header.erase(0, line_length);
  }
  if (!header.empty()) out += header + "\n";
  const std::string body = base64_encode(key.blob());
  for (std::size_t at = 0; at < body.size(); at += line_length) out += body.substr(at, line_length) + "\n";
  return out + fmt::format("{}\n", end_marker);
}

// RFC 4716 section 3.1: lines end with CR LF, LF or CR.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(text.substr(end).starts_with("\r\n") ? end + 2 : std::min(end + 1, text.size()));
  return line;
}

std::string_view without_blanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

// RFC 4716 section 3.3.2: the quotes around a comment are not part of it.
std::string unquoted(std::string_view value) {
  const bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
  return std::string(quoted ? value.substr(1, value.size() - 2) : value);
}

// "Tag: value", with the continuation lines. Nothing if this line is no header: base64 has no colon.
std::optional<std::string> take_header(std::string_view& text) {
  std::string_view rest = text;
  std::string_view line = take_line(rest);
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  if (colon > longest_tag) throw KeyFileError(Kind::malformed, "a header's tag is longer than 64 bytes");
  std::string header(line);
  while (header.ends_with('\\')) {
    header.pop_back();
    header += take_line(rest);
  }
  text = rest;
  return header;
}

PublicKeyLine parse_rfc4716(std::string_view text) {
  std::string_view line;
  do {
    if (text.empty()) throw KeyFileError(Kind::not_a_key, fmt::format("the file has no line {}", begin_marker));
    line = take_line(text);
  } while (without_blanks(line) != begin_marker);

  std::string comment;
  while (const auto header = take_header(text)) {
    const std::string_view tag = std::string_view(*header).substr(0, header->find(':'));
    const auto same_letter = [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b - 'A' + 'a' : b); };
    constexpr std::string_view comment_tag = "comment";
    if (std::equal(comment_tag.begin(), comment_tag.end(), tag.begin(), tag.end(), same_letter)) {
      comment = unquoted(without_blanks(std::string_view(*header).substr(tag.size() + 1)));
    }
  }
  std::string body;
  for (line = take_line(text); without_blanks(line) != end_marker; line = take_line(text)) {
    body += without_blanks(line);
    if (text.empty()) throw KeyFileError(Kind::malformed, fmt::format("the file has no line {}", end_marker));
  }
  const auto blob = base64_decode(body);
  if (!blob) throw KeyFileError(Kind::malformed, "the key is not valid base64");
  return {PublicKey::decode(*blob), std::move(comment)};
}

// ----------------------------------------------------------------------------------------------------------------
// PEM

constexpr const char* pkcs1_label = "RSA PUBLIC KEY";

std::string write_pem(const PublicKey& key, PublicKeyFormat format) {
  if (format == PublicKeyFormat::pem && key.type() == "ssh-ed25519") {
    throw KeyFileError(Kind::unsupported, "keys of type ED25519 have no PEM format; PKCS8 has one");
  }
  const EvpPkey pkey = find_key_type(key.type())->decode_public(key.blob());
  const Bio bio(check_pointer(BIO_new(BIO_s_mem()), "BIO_new"));
  if (format == PublicKeyFormat::pem && key.type() == "ssh-rsa") {
    unsigned char* der = nullptr;
    const int size = i2d_PublicKey(pkey.get(), &der);
    check(size, "i2d_PublicKey");
    const int written = PEM_write_bio(bio.get(), pkcs1_label, "", der, size);
    OPENSSL_free(der);
    check(written, "PEM_write_bio");
  } else {
    check(PEM_write_bio_PUBKEY(bio.get(), pkey.get()), "PEM_write_bio_PUBKEY");
  }
  std::string text(static_cast<std::size_t>(BIO_pending(bio.get())), '\0');
  check(BIO_read(bio.get(), text.data(), static_cast<int>(text.size())), "BIO_read");
  return text;
}

EvpPkey read_pkcs1(BIO* bio) {
  char* label = nullptr;
  char* header = nullptr;
  unsigned char* der = nullptr;
  long size = 0;
  EvpPkey key;
  if (PEM_read_bio(bio, &label, &header, &der, &size) == 1) {
    const unsigned char* at = der;
    if (std::string_view(label) == pkcs1_label) key.reset(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, size));
    OPENSSL_free(label);
    OPENSSL_free(header);
    OPENSSL_free(der);
  }
  clear_libcrypto_errors();
  return key;
}

// The key takes the same way as one from the network, so that it is checked as much.
PublicKeyLine parse_pem(std::string_view text) {
  const Bio bio(check_pointer(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), "BIO_new_mem_buf"));
  const bool pkcs1 = text.find("-----BEGIN RSA PUBLIC KEY-----") != std::string_view::npos;
  if (!pkcs1 && text.find("-----BEGIN PUBLIC KEY-----") == std::string_view::npos) {
    throw KeyFileError(Kind::not_a_key, "the file has no public key in PEM");
  }
  const EvpPkey key =
      pkcs1 ? read_pkcs1(bio.get()) : EvpPkey(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  clear_libcrypto_errors();
  if (key == nullptr) throw KeyFileError(Kind::malformed, "libcrypto cannot read the PEM key");
  for (const std::string_view name : key_type_names()) {
    const KeyType& type = *find_key_type(name);
    if (type.is_type_of(key.get())) return {PublicKey::decode(type.encode_public(key.get())), ""};
  }
  throw KeyFileError(Kind::unsupported, "keys of this type or on this curve are not supported");
}

}  // namespace

std::string write_public_key(const PublicKey& key, PublicKeyFormat format, std::string_view comment) {
  if (format == PublicKeyFormat::rfc4716) return write_rfc4716(key, comment);
  return write_pem(key, format);
}

PublicKeyLine parse_public_key(std::string_view text, PublicKeyFormat format) {
  if (text.size() > size_limit) throw KeyFileError(Kind::malformed, "the file is too large for a key");
  try {
    return format == PublicKeyFormat::rfc4716 ? parse_rfc4716(text) : parse_pem(text);
  } catch (const KeyFileError&) {
    throw;
  } catch (const std::runtime_error& error) {  // a field that does not decode, or libcrypto
    throw KeyFileError(Kind::malformed, error.what());
  }
}

}  // namespace glassh
