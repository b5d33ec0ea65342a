// The two families of formats behind key_file.h, one .cpp each: openssh_key_file.cpp (OpenSSH PROTOCOL.key) and
// pem_key_file.cpp (RFC 7468 around PKCS#8, PKCS#1 and SEC 1).
//
// Internal to crypto/. Other code includes key_file.h: key_file.cpp recognizes the format, and turns ProtocolError and
// libcrypto's errors into KeyFileError.
//
//   if (is_openssh_key_file(text)) return parse_openssh_key_file(text, passphrase);
#pragma once

#include "crypto/key_files/key_file.h"
#include "crypto/libcrypto.h"

namespace glassh {

// The caller has removed white space from the beginning of `text`.
bool is_openssh_key_file(std::string_view text);
PrivateKeyFile parse_openssh_key_file(std::string_view text, const SecretBytes* passphrase);
PublicKey parse_openssh_public_half(std::string_view text);
SecretBytes write_openssh_key_file(const PrivateKey& key, std::string_view comment, Rng& rng,
                                   const PrivateKeyStyle& style);

bool is_pem_key_file(std::string_view text);
PrivateKeyFile parse_pem_key_file(std::string_view text, const SecretBytes* passphrase);
// Must not be called for an Ed25519 key with PrivateKeyFormat::pem, which does not exist.
SecretBytes write_pem_key_file(const PrivateKey& key, const PrivateKeyStyle& style);

inline PrivateKey make_private_key(EvpPkey key, PublicKey public_key) {
  return {std::shared_ptr<EVP_PKEY>(key.release(), EVP_PKEY_free), std::move(public_key)};
}

inline bool has_passphrase(const PrivateKeyStyle& style) {
  return style.passphrase != nullptr && !style.passphrase->empty();
}

}  // namespace glassh
