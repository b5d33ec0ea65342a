#include "crypto/keys/key.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "crypto/keys/key_type.h"
#include "proto/safe_text.h"
#include "proto/wire.h"

namespace glassh {
namespace {

// RFC 4253 section 6.6 [4253-6.6-8]: a key blob is the type's name, and then what the type wants.
struct AnyKeyBlob {
  static constexpr std::string_view name = "public key";
  std::string_view type;
  Rest rest;

  static void fields(auto& self, auto& field) {
    field("type", self.type);
    field("rest", self.rest);
  }
};

// RFC 4253 section 6.6 [4253-6.6-9]: a signature blob is the algorithm's name, and then what the algorithm wants,
// which for each of ours is one string.
struct SignatureBlob {
  static constexpr std::string_view name = "signature";
  std::string_view algorithm;
  Bytes signature;

  static void fields(auto& self, auto& field) {
    field("algorithm", self.algorithm);
    field("signature", self.signature);
  }
};

const KeyType& key_type(std::string_view name) {
  const KeyType* const type = find_key_type(name);
  if (type == nullptr) throw std::invalid_argument(fmt::format("'{}' is no key type of ours", name));
  return *type;
}

bool algorithm_fits(std::string_view algorithm, std::string_view type) {
  return key_type_of_algorithm(algorithm) == type;
}

}  // namespace

// RFC 8709 section 3 [8709-3-1]: Ed25519 should be there. RFC 5656 section 3 [5656-3-1]: an implementation
// with elliptic curves has the ecdsa-sha2 types. RFC 8332 section 3 [8332-3-1] [8332-3-2]: RSA keys sign with SHA-256,
// and may sign with SHA-512. RFC 8332 section 5.2 [8332-5.2-1]: "ssh-rsa" names a key type only, so nothing signs with
// SHA-1.
const std::vector<std::string_view>& signature_algorithm_names() {
  static const std::vector<std::string_view> names = {"ssh-ed25519",         "ecdsa-sha2-nistp256",
                                                      "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
                                                      "rsa-sha2-512",        "rsa-sha2-256"};
  return names;
}

const std::vector<std::string_view>& key_type_names() {
  static const std::vector<std::string_view> names = {"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
                                                      "ecdsa-sha2-nistp521", "ssh-rsa"};
  return names;
}

std::optional<std::string_view> key_type_of_algorithm(std::string_view algorithm) {
  // RFC 8332 section 3 [8332-3-3]: both algorithms work with "ssh-rsa" keys.
  if (algorithm == "rsa-sha2-512" || algorithm == "rsa-sha2-256") return "ssh-rsa";
  // RFC 4253 section 6.6 [4253-6.6-7]: for the others the format's name is the signature's name.
  const auto& types = key_type_names();
  const auto type = std::find(types.begin(), types.end(), algorithm);
  if (type == types.end() || algorithm == "ssh-rsa") return std::nullopt;
  return *type;
}

PublicKey PublicKey::decode(Bytes blob) {
  const auto fields = glassh::decode<AnyKeyBlob>(blob);
  const KeyType* const type = find_key_type(fields.type);
  if (type == nullptr) {
    throw ProtocolError(fmt::format("public key: type '{}' is not supported", made_safe(fields.type, TextFor::name)));
  }
  EvpPkey key = type->decode_public(blob);
  return {std::shared_ptr<EVP_PKEY>(key.release(), EVP_PKEY_free), std::string(fields.type), copy_of(blob)};
}

PublicKey::PublicKey(std::shared_ptr<EVP_PKEY> pkey, std::string type, std::vector<std::uint8_t> blob)
    : pkey_(std::move(pkey)), type_(std::move(type)), blob_(std::move(blob)) {}

std::size_t PublicKey::bits() const { return key_type(type_).bits(pkey_.get()); }

std::string PublicKey::short_type() const { return std::string(key_type(type_).short_name()); }

bool PublicKey::verify(std::string_view algorithm, Bytes message, Bytes signature) const {
  try {
    const auto fields = glassh::decode<SignatureBlob>(signature);
    // RFC 8332 section 3.2 [8332-3.2-1] [8332-3.2-2]: the signature names the very algorithm that was agreed on.
    if (fields.algorithm != algorithm || !algorithm_fits(algorithm, type_)) return false;
    return key_type(type_).verify(pkey_.get(), algorithm, message, fields.signature);
  } catch (const std::exception&) {
    return false;  // malformed, or libcrypto failed: neither is "verified"
  }
}

std::string PublicKey::fingerprint(HashName hash) const {
  const Digest digest = Hash(hash).raw(blob_).finish();
  if (hash == HashName::md5) {
    std::string out = "MD5";
    for (const std::uint8_t byte : digest.bytes()) out += fmt::format(":{:02x}", byte);
    return out;
  }
  std::string name(hash_text(hash));  // "SHA-256", which OpenSSH writes without the hyphen
  std::erase(name, '-');
  std::string text = base64_encode(digest.bytes());
  std::erase(text, '=');
  return name + ":" + text;
}

std::string PublicKey::line() const { return type_ + " " + base64_encode(blob_); }

PrivateKey PrivateKey::generate(std::string_view type_name, Rng& rng, std::size_t bits) {
  const KeyType& type = key_type(type_name);
  EvpPkey key = type.generate(rng, bits);
  PublicKey public_key = PublicKey::decode(type.encode_public(key.get()));
  return PrivateKey(std::shared_ptr<EVP_PKEY>(key.release(), EVP_PKEY_free), std::move(public_key));
}

PrivateKey::PrivateKey(std::shared_ptr<EVP_PKEY> pkey, PublicKey public_key)
    : pkey_(std::move(pkey)), public_key_(std::move(public_key)) {}

std::vector<std::uint8_t> PrivateKey::sign(std::string_view algorithm, Bytes message) const {
  // RFC 4253 section 6.6 [4253-6.6-6]: which type a key has is known before it is used.
  if (!algorithm_fits(algorithm, public_key_.type())) {
    throw std::invalid_argument(fmt::format("{} is no algorithm for {} keys", algorithm, public_key_.type()));
  }
  const std::vector<std::uint8_t> content = key_type(public_key_.type()).sign(pkey_.get(), algorithm, message);
  std::vector<std::uint8_t> signature = encode(SignatureBlob{algorithm, content});
  // A signature made while the processor erred can give the private key away (past vulnerability 78).
  if (!public_key_.verify(algorithm, message, signature)) {
    throw std::runtime_error(fmt::format("signing with {} gave a signature that does not verify", algorithm));
  }
  return signature;
}

namespace {

std::string_view take_word(std::string_view& text) {
  constexpr std::string_view blanks = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(blanks));
  text.remove_prefix(word.size());
  return word;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

}  // namespace

PublicKeyLine parse_public_key_line(std::string_view line) {
  const std::string_view type = take_word(line);
  const std::string_view encoded = take_word(line);
  if (type.empty()) throw std::runtime_error("the line is empty");
  if (find_key_type(type) == nullptr) {
    throw std::runtime_error(fmt::format("'{}' is not a key type that is supported", made_safe(type, TextFor::name)));
  }
  if (encoded.empty()) throw std::runtime_error(fmt::format("no key follows the type {}", type));
  const auto blob = base64_decode(encoded);
  if (!blob) throw std::runtime_error("the key is not valid base64");
  PublicKey key = PublicKey::decode(*blob);
  if (key.type() != type) {
    throw std::runtime_error(fmt::format("the line says {}, the key in it {}", type, key.type()));
  }
  return {std::move(key), std::string(trimmed(line))};
}

}  // namespace glassh
