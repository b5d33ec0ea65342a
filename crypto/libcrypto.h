// Owning pointers for libcrypto's objects, and checks that throw with libcrypto's own error text.
//
// Only the sources of crypto/ include this header. Every call into libcrypto goes through check() or check_pointer().
// If a failure is an answer (a forged signature), a comment says why, and the code calls clear_libcrypto_errors().
//
//   const EvpPkeyCtx ctx(check_pointer(EVP_PKEY_CTX_new_from_name(nullptr, "X25519", nullptr),
//                                      "EVP_PKEY_CTX_new_from_name"));
//   check(EVP_PKEY_keygen_init(ctx.get()), "EVP_PKEY_keygen_init");
#pragma once

#include <memory>
#include <stdexcept>
#include <string_view>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "crypto/hash.h"

namespace glassh {

// A deleter made of libcrypto's free function.
template <auto free_function>
struct FreeWith {
  template <class T>
  void operator()(T* object) const {
    free_function(object);
  }
};

using EvpCipher = std::unique_ptr<EVP_CIPHER, FreeWith<EVP_CIPHER_free>>;
using EvpCipherCtx = std::unique_ptr<EVP_CIPHER_CTX, FreeWith<EVP_CIPHER_CTX_free>>;
using EvpMd = std::unique_ptr<EVP_MD, FreeWith<EVP_MD_free>>;
using EvpMdCtx = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;
using EvpMac = std::unique_ptr<EVP_MAC, FreeWith<EVP_MAC_free>>;
using EvpMacCtx = std::unique_ptr<EVP_MAC_CTX, FreeWith<EVP_MAC_CTX_free>>;
using EvpPkey = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using EvpPkeyCtx = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;
using Bignum = std::unique_ptr<BIGNUM, FreeWith<BN_clear_free>>;  // wiped: many hold secrets
using BignumCtx = std::unique_ptr<BN_CTX, FreeWith<BN_CTX_free>>;
using EcGroup = std::unique_ptr<EC_GROUP, FreeWith<EC_GROUP_free>>;
using EcPoint = std::unique_ptr<EC_POINT, FreeWith<EC_POINT_clear_free>>;
using EcdsaSig = std::unique_ptr<ECDSA_SIG, FreeWith<ECDSA_SIG_free>>;
using OsslParamBld = std::unique_ptr<OSSL_PARAM_BLD, FreeWith<OSSL_PARAM_BLD_free>>;
using OsslParams = std::unique_ptr<OSSL_PARAM, FreeWith<OSSL_PARAM_free>>;

// Throws std::runtime_error, whose text has `what` failed and libcrypto's reason. Empties libcrypto's error queue.
[[noreturn]] void throw_libcrypto_error(std::string_view what);

// libcrypto's functions return 1 for success, and 0 or less for failure.
inline void check(int result, std::string_view what) {
  if (result <= 0) throw_libcrypto_error(what);
}

template <class T>
T* check_pointer(T* pointer, std::string_view what) {
  if (pointer == nullptr) throw_libcrypto_error(what);
  return pointer;
}

// To be called after a failure that is an answer, so that its text does not explain the next real error.
inline void clear_libcrypto_errors() { ERR_clear_error(); }

// libcrypto's object for the hash, fetched once per process. It lives until the process ends. Never null.
const EVP_MD* fetched_digest(HashName name);
// The same for a cipher by libcrypto's name: "AES-256-GCM", "AES-128-CTR", "ChaCha20", …
const EVP_CIPHER* fetched_cipher(std::string_view libcrypto_name);

}  // namespace glassh
