#include <algorithm>

#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "crypto/key_files/key_file_formats.h"
#include "crypto/keys/key_type.h"

namespace glassh {
namespace {

using Kind = KeyFileError::Kind;
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using EncryptedPkcs8 = std::unique_ptr<X509_SIG, FreeWith<X509_SIG_free>>;
using Pkcs8 = std::unique_ptr<PKCS8_PRIV_KEY_INFO, FreeWith<PKCS8_PRIV_KEY_INFO_free>>;

constexpr std::string_view encrypted_pkcs8 = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
// What a file may ask for, as with bcrypt: some seconds. One step of scrypt's N * r * p takes 0.4 µs.
constexpr std::uint64_t most_iterations = 5'000'000;
constexpr std::uint64_t most_scrypt_steps = 1 << 23;
constexpr int own_iterations = 600'000;  // about a third of a second
constexpr int own_salt_size = 16;

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

Bio reading(std::string_view text) {
  return Bio(check_pointer(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), "BIO_new_mem_buf"));
}

// ----------------------------------------------------------------------------------------------------------------
// reading

std::uint64_t number_of(const ASN1_INTEGER* integer) {
  std::uint64_t value = 0;
  if (ASN1_INTEGER_get_uint64(&value, integer) != 1) {
    throw KeyFileError(Kind::unsupported, "a parameter of the key derivation is out of range");
  }
  return value;
}

void check_cost(std::uint64_t cost, std::uint64_t most) {
  if (cost == 0 || cost > most) {
    throw KeyFileError(Kind::unsupported,
                       fmt::format("the key derivation takes {} steps, must be 1 to {}", cost, most));
  }
}

// The parameter of an algorithm as the structure that it should be.
template <class T, auto free_function>
std::unique_ptr<T, FreeWith<free_function>> unpacked(const X509_ALGOR* algorithm, const ASN1_ITEM* item) {
  const ASN1_OBJECT* object = nullptr;
  int type = 0;
  const void* parameter = nullptr;
  X509_ALGOR_get0(&object, &type, &parameter, algorithm);
  void* structure = nullptr;
  if (type == V_ASN1_SEQUENCE) structure = ASN1_item_unpack(static_cast<const ASN1_STRING*>(parameter), item);
  if (structure == nullptr) throw KeyFileError(Kind::malformed, "the parameters of the encryption do not decode");
  return std::unique_ptr<T, FreeWith<free_function>>(static_cast<T*>(structure));
}

int name_of(const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* object = nullptr;
  X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
  return OBJ_obj2nid(object);
}

// RFC 8018 appendix A: a file may ask for any number of iterations, and libcrypto would do them all.
void check_key_derivation(const X509_ALGOR* encryption) {
  if (name_of(encryption) != NID_pbes2) {
    const auto pbes1 = unpacked<PBEPARAM, PBEPARAM_free>(encryption, ASN1_ITEM_rptr(PBEPARAM));
    return check_cost(number_of(pbes1->iter), most_iterations);
  }
  const auto pbes2 = unpacked<PBE2PARAM, PBE2PARAM_free>(encryption, ASN1_ITEM_rptr(PBE2PARAM));
  if (name_of(pbes2->keyfunc) == NID_id_pbkdf2) {
    const auto pbkdf2 = unpacked<PBKDF2PARAM, PBKDF2PARAM_free>(pbes2->keyfunc, ASN1_ITEM_rptr(PBKDF2PARAM));
    check_cost(number_of(pbkdf2->iter), most_iterations);
  } else if (name_of(pbes2->keyfunc) == NID_id_scrypt) {
    const auto scrypt = unpacked<SCRYPT_PARAMS, SCRYPT_PARAMS_free>(pbes2->keyfunc, ASN1_ITEM_rptr(SCRYPT_PARAMS));
    std::uint64_t cost = 1;
    for (const ASN1_INTEGER* factor : {scrypt->costParameter, scrypt->blockSize, scrypt->parallelizationParameter}) {
      check_cost(number_of(factor), most_scrypt_steps);
      cost *= number_of(factor);
      check_cost(cost, most_scrypt_steps);
    }
  } else {
    throw KeyFileError(Kind::unsupported, "its key derivation is neither PBKDF2 nor scrypt");
  }
}

EvpPkey read_encrypted_pkcs8(std::string_view text, const SecretBytes& passphrase) {
  const Bio bio = reading(text);
  const EncryptedPkcs8 encrypted(PEM_read_bio_PKCS8(bio.get(), nullptr, nullptr, nullptr));
  clear_libcrypto_errors();
  if (encrypted == nullptr) throw KeyFileError(Kind::malformed, "libcrypto cannot read the PEM key");
  const X509_ALGOR* algorithm = nullptr;
  X509_SIG_get0(encrypted.get(), &algorithm, nullptr);
  check_key_derivation(algorithm);
  const std::string_view characters = text_of(passphrase.reveal());
  const Pkcs8 pkcs8(PKCS8_decrypt(encrypted.get(), characters.data(), static_cast<int>(characters.size())));
  clear_libcrypto_errors();
  if (pkcs8 == nullptr) throw KeyFileError(Kind::wrong_passphrase, "wrong passphrase");
  EvpPkey key(EVP_PKCS82PKEY(pkcs8.get()));
  clear_libcrypto_errors();
  if (key == nullptr) throw KeyFileError(Kind::malformed, "libcrypto cannot read the key that was encrypted");
  return key;
}

// The answer for libcrypto when it asks for a passphrase. Without this callback it would ask on the terminal.
struct PassphraseAnswer {
  const SecretBytes* passphrase;
  bool asked = false;
};
int answer_with_passphrase(char* buffer, int size, int, void* data) {
  auto* const answer = static_cast<PassphraseAnswer*>(data);
  answer->asked = true;
  if (answer->passphrase == nullptr) return -1;
  const Bytes passphrase = answer->passphrase->reveal();
  if (passphrase.empty() || passphrase.size() > static_cast<std::size_t>(size)) return -1;
  std::memcpy(buffer, passphrase.data(), passphrase.size());
  return static_cast<int>(passphrase.size());
}

EvpPkey read_other(std::string_view text, const SecretBytes* passphrase) {
  const Bio bio = reading(text);
  PassphraseAnswer answer{passphrase};
  EvpPkey key(PEM_read_bio_PrivateKey_ex(bio.get(), nullptr, answer_with_passphrase, &answer, nullptr, nullptr));
  clear_libcrypto_errors();
  if (key != nullptr) return key;
  if (answer.asked) throw KeyFileError(Kind::wrong_passphrase, "wrong passphrase");
  throw KeyFileError(Kind::malformed, "libcrypto cannot read the PEM key");
}

bool is_encrypted(std::string_view text) { return has(text, encrypted_pkcs8) || has(text, "Proc-Type: 4,ENCRYPTED"); }

}  // namespace

bool is_pem_key_file(std::string_view text) {
  return has(text, encrypted_pkcs8) || has(text, "-----BEGIN PRIVATE KEY-----") ||
         has(text, "-----BEGIN RSA PRIVATE KEY-----") || has(text, "-----BEGIN EC PRIVATE KEY-----");
}

// The key takes the same way as one from OpenSSH's format, so that it is checked as much.
PrivateKeyFile parse_pem_key_file(std::string_view text, const SecretBytes* passphrase) {
  if (is_encrypted(text) && passphrase == nullptr) {
    throw KeyFileError(Kind::encrypted, "the key needs a passphrase");
  }
  const EvpPkey pem_key =
      has(text, encrypted_pkcs8) ? read_encrypted_pkcs8(text, *passphrase) : read_other(text, passphrase);
  for (const std::string_view name : key_type_names()) {
    const KeyType& type = *find_key_type(name);
    if (!type.is_type_of(pem_key.get())) continue;
    const SecretBytes fields = type.write_private(pem_key.get());
    Decoder decoder("private key", fields.reveal());
    std::string_view type_name;
    decoder("type", type_name);
    EvpPkey key = type.read_private(decoder);
    PublicKey public_key = PublicKey::decode(type.encode_public(key.get()));
    return {make_private_key(std::move(key), std::move(public_key)), ""};
  }
  throw KeyFileError(Kind::unsupported, "keys of this type or on this curve are not supported");
}

// ----------------------------------------------------------------------------------------------------------------
// writing

namespace {

// Memory that is wiped when it is freed.
Bio writing() { return Bio(check_pointer(BIO_new(BIO_s_secmem()), "BIO_new")); }

void write_pkcs8(BIO* out, EVP_PKEY* key, const PrivateKeyStyle& style) {
  const Pkcs8 pkcs8(check_pointer(EVP_PKEY2PKCS8(key), "EVP_PKEY2PKCS8"));
  if (!has_passphrase(style)) {
    check(PEM_write_bio_PKCS8_PRIV_KEY_INFO(out, pkcs8.get()), "PEM_write_bio_PKCS8_PRIV_KEY_INFO");
    return;
  }
  const std::string_view passphrase = text_of(style.passphrase->reveal());
  constexpr int pbes2 = -1;
  const EncryptedPkcs8 encrypted(check_pointer(
      PKCS8_encrypt(pbes2, fetched_cipher("AES-256-CBC"), passphrase.data(), static_cast<int>(passphrase.size()),
                    nullptr, own_salt_size, own_iterations, pkcs8.get()),
      "PKCS8_encrypt"));
  check(PEM_write_bio_PKCS8(out, encrypted.get()), "PEM_write_bio_PKCS8");
}

// Writes what ssh-keygen writes: the passphrase is hashed once, with MD5. PrivateKeyFormat::openssh is stronger.
void write_traditional(BIO* out, EVP_PKEY* key, const PrivateKeyStyle& style) {
  if (!has_passphrase(style)) {
    check(PEM_write_bio_PrivateKey_traditional(out, key, nullptr, nullptr, 0, nullptr, nullptr),
          "PEM_write_bio_PrivateKey_traditional");
    return;
  }
  const Bytes passphrase = style.passphrase->reveal();
  check(PEM_write_bio_PrivateKey_traditional(out, key, fetched_cipher("AES-128-CBC"), passphrase.data(),
                                             static_cast<int>(passphrase.size()), nullptr, nullptr),
        "PEM_write_bio_PrivateKey_traditional");
}

}  // namespace

SecretBytes write_pem_key_file(const PrivateKey& key, const PrivateKeyStyle& style) {
  const Bio out = writing();
  if (style.format == PrivateKeyFormat::pkcs8) {
    write_pkcs8(out.get(), key.pkey(), style);
  } else {
    write_traditional(out.get(), key.pkey(), style);
  }
  SecretBytes text(static_cast<std::size_t>(BIO_pending(out.get())));
  check(BIO_read(out.get(), text.reveal().data(), static_cast<int>(text.size())), "BIO_read");
  return text;
}

}  // namespace glassh
