// The wrapped functions. The linker makes our code call __wrap_X instead of X, and gives X the name __real_X.
#include "test/faults/libcrypto_faults.h"

#include "crypto/libcrypto.h"

namespace glassh::test {

LibcryptoFaults& faults() {
  static LibcryptoFaults all;
  return all;
}

namespace {

void* allocate(std::size_t size, const char*, int) {
  return faults().this_allocation_fails() ? nullptr : std::malloc(size);
}
void* reallocate(void* memory, std::size_t size, const char*, int) {
  return faults().this_allocation_fails() ? nullptr : std::realloc(memory, size);
}
void release(void* memory, const char*, int) { std::free(memory); }

// Before libcrypto asks for memory for the first time.
[[maybe_unused]] const int installed = CRYPTO_set_mem_functions(allocate, reallocate, release);

bool fails() { return faults().this_call_fails(); }

}  // namespace

extern "C" {

int __real_EVP_DigestInit_ex2(EVP_MD_CTX* a, const EVP_MD* b, const OSSL_PARAM* c);
int __wrap_EVP_DigestInit_ex2(EVP_MD_CTX* a, const EVP_MD* b, const OSSL_PARAM* c) {
  return fails() ? 0 : __real_EVP_DigestInit_ex2(a, b, c);
}

int __real_EVP_DigestUpdate(EVP_MD_CTX* a, const void* b, std::size_t c);
int __wrap_EVP_DigestUpdate(EVP_MD_CTX* a, const void* b, std::size_t c) {
  return fails() ? 0 : __real_EVP_DigestUpdate(a, b, c);
}

int __real_EVP_DigestFinal_ex(EVP_MD_CTX* a, unsigned char* b, unsigned int* c);
int __wrap_EVP_DigestFinal_ex(EVP_MD_CTX* a, unsigned char* b, unsigned int* c) {
  return fails() ? 0 : __real_EVP_DigestFinal_ex(a, b, c);
}

int __real_EVP_MAC_init(EVP_MAC_CTX* a, const unsigned char* b, std::size_t c, const OSSL_PARAM* d);
int __wrap_EVP_MAC_init(EVP_MAC_CTX* a, const unsigned char* b, std::size_t c, const OSSL_PARAM* d) {
  return fails() ? 0 : __real_EVP_MAC_init(a, b, c, d);
}

int __real_EVP_MAC_update(EVP_MAC_CTX* a, const unsigned char* b, std::size_t c);
int __wrap_EVP_MAC_update(EVP_MAC_CTX* a, const unsigned char* b, std::size_t c) {
  return fails() ? 0 : __real_EVP_MAC_update(a, b, c);
}

int __real_EVP_MAC_final(EVP_MAC_CTX* a, unsigned char* b, std::size_t* c, std::size_t d);
int __wrap_EVP_MAC_final(EVP_MAC_CTX* a, unsigned char* b, std::size_t* c, std::size_t d) {
  return fails() ? 0 : __real_EVP_MAC_final(a, b, c, d);
}

int __real_EVP_EncryptInit_ex2(EVP_CIPHER_CTX* a, const EVP_CIPHER* b, const unsigned char* c, const unsigned char* d,
                               const OSSL_PARAM* e);
int __wrap_EVP_EncryptInit_ex2(EVP_CIPHER_CTX* a, const EVP_CIPHER* b, const unsigned char* c, const unsigned char* d,
                               const OSSL_PARAM* e) {
  return fails() ? 0 : __real_EVP_EncryptInit_ex2(a, b, c, d, e);
}

int __real_EVP_EncryptUpdate(EVP_CIPHER_CTX* a, unsigned char* b, int* c, const unsigned char* d, int e);
int __wrap_EVP_EncryptUpdate(EVP_CIPHER_CTX* a, unsigned char* b, int* c, const unsigned char* d, int e) {
  return fails() ? 0 : __real_EVP_EncryptUpdate(a, b, c, d, e);
}

int __real_EVP_EncryptFinal_ex(EVP_CIPHER_CTX* a, unsigned char* b, int* c);
int __wrap_EVP_EncryptFinal_ex(EVP_CIPHER_CTX* a, unsigned char* b, int* c) {
  return fails() ? 0 : __real_EVP_EncryptFinal_ex(a, b, c);
}

int __real_EVP_DecryptInit_ex2(EVP_CIPHER_CTX* a, const EVP_CIPHER* b, const unsigned char* c, const unsigned char* d,
                               const OSSL_PARAM* e);
int __wrap_EVP_DecryptInit_ex2(EVP_CIPHER_CTX* a, const EVP_CIPHER* b, const unsigned char* c, const unsigned char* d,
                               const OSSL_PARAM* e) {
  return fails() ? 0 : __real_EVP_DecryptInit_ex2(a, b, c, d, e);
}

int __real_EVP_DecryptUpdate(EVP_CIPHER_CTX* a, unsigned char* b, int* c, const unsigned char* d, int e);
int __wrap_EVP_DecryptUpdate(EVP_CIPHER_CTX* a, unsigned char* b, int* c, const unsigned char* d, int e) {
  return fails() ? 0 : __real_EVP_DecryptUpdate(a, b, c, d, e);
}

int __real_EVP_DecryptFinal_ex(EVP_CIPHER_CTX* a, unsigned char* b, int* c);
int __wrap_EVP_DecryptFinal_ex(EVP_CIPHER_CTX* a, unsigned char* b, int* c) {
  return fails() ? 0 : __real_EVP_DecryptFinal_ex(a, b, c);
}

int __real_EVP_CipherInit_ex2(EVP_CIPHER_CTX* a, const EVP_CIPHER* b, const unsigned char* c, const unsigned char* d,
                              int e, const OSSL_PARAM* f);
int __wrap_EVP_CipherInit_ex2(EVP_CIPHER_CTX* a, const EVP_CIPHER* b, const unsigned char* c, const unsigned char* d,
                              int e, const OSSL_PARAM* f) {
  return fails() ? 0 : __real_EVP_CipherInit_ex2(a, b, c, d, e, f);
}

int __real_EVP_CipherUpdate(EVP_CIPHER_CTX* a, unsigned char* b, int* c, const unsigned char* d, int e);
int __wrap_EVP_CipherUpdate(EVP_CIPHER_CTX* a, unsigned char* b, int* c, const unsigned char* d, int e) {
  return fails() ? 0 : __real_EVP_CipherUpdate(a, b, c, d, e);
}

int __real_EVP_CipherFinal_ex(EVP_CIPHER_CTX* a, unsigned char* b, int* c);
int __wrap_EVP_CipherFinal_ex(EVP_CIPHER_CTX* a, unsigned char* b, int* c) {
  return fails() ? 0 : __real_EVP_CipherFinal_ex(a, b, c);
}

int __real_EVP_CIPHER_CTX_ctrl(EVP_CIPHER_CTX* a, int b, int c, void* d);
int __wrap_EVP_CIPHER_CTX_ctrl(EVP_CIPHER_CTX* a, int b, int c, void* d) {
  return fails() ? 0 : __real_EVP_CIPHER_CTX_ctrl(a, b, c, d);
}

int __real_EVP_DigestSignInit(EVP_MD_CTX* a, EVP_PKEY_CTX** b, const EVP_MD* c, ENGINE* d, EVP_PKEY* e);
int __wrap_EVP_DigestSignInit(EVP_MD_CTX* a, EVP_PKEY_CTX** b, const EVP_MD* c, ENGINE* d, EVP_PKEY* e) {
  return fails() ? 0 : __real_EVP_DigestSignInit(a, b, c, d, e);
}

int __real_EVP_DigestVerifyInit(EVP_MD_CTX* a, EVP_PKEY_CTX** b, const EVP_MD* c, ENGINE* d, EVP_PKEY* e);
int __wrap_EVP_DigestVerifyInit(EVP_MD_CTX* a, EVP_PKEY_CTX** b, const EVP_MD* c, ENGINE* d, EVP_PKEY* e) {
  return fails() ? 0 : __real_EVP_DigestVerifyInit(a, b, c, d, e);
}

int __real_EVP_DigestVerify(EVP_MD_CTX* a, const unsigned char* b, std::size_t c, const unsigned char* d,
                            std::size_t e);
int __wrap_EVP_DigestVerify(EVP_MD_CTX* a, const unsigned char* b, std::size_t c, const unsigned char* d,
                            std::size_t e) {
  return fails() ? 0 : __real_EVP_DigestVerify(a, b, c, d, e);
}

int __real_EVP_PKEY_derive_init(EVP_PKEY_CTX* a);
int __wrap_EVP_PKEY_derive_init(EVP_PKEY_CTX* a) { return fails() ? 0 : __real_EVP_PKEY_derive_init(a); }

int __real_EVP_PKEY_derive_set_peer_ex(EVP_PKEY_CTX* a, EVP_PKEY* b, int c);
int __wrap_EVP_PKEY_derive_set_peer_ex(EVP_PKEY_CTX* a, EVP_PKEY* b, int c) {
  return fails() ? 0 : __real_EVP_PKEY_derive_set_peer_ex(a, b, c);
}

int __real_EVP_PKEY_derive(EVP_PKEY_CTX* a, unsigned char* b, std::size_t* c);
int __wrap_EVP_PKEY_derive(EVP_PKEY_CTX* a, unsigned char* b, std::size_t* c) {
  return fails() ? 0 : __real_EVP_PKEY_derive(a, b, c);
}

int __real_EVP_PKEY_keygen_init(EVP_PKEY_CTX* a);
int __wrap_EVP_PKEY_keygen_init(EVP_PKEY_CTX* a) { return fails() ? 0 : __real_EVP_PKEY_keygen_init(a); }

int __real_EVP_PKEY_generate(EVP_PKEY_CTX* a, EVP_PKEY** b);
int __wrap_EVP_PKEY_generate(EVP_PKEY_CTX* a, EVP_PKEY** b) { return fails() ? 0 : __real_EVP_PKEY_generate(a, b); }

int __real_EVP_PKEY_fromdata_init(EVP_PKEY_CTX* a);
int __wrap_EVP_PKEY_fromdata_init(EVP_PKEY_CTX* a) { return fails() ? 0 : __real_EVP_PKEY_fromdata_init(a); }

int __real_EVP_PKEY_fromdata(EVP_PKEY_CTX* a, EVP_PKEY** b, int c, OSSL_PARAM* d);
int __wrap_EVP_PKEY_fromdata(EVP_PKEY_CTX* a, EVP_PKEY** b, int c, OSSL_PARAM* d) {
  return fails() ? 0 : __real_EVP_PKEY_fromdata(a, b, c, d);
}

int __real_EVP_PKEY_get_raw_public_key(const EVP_PKEY* a, unsigned char* b, std::size_t* c);
int __wrap_EVP_PKEY_get_raw_public_key(const EVP_PKEY* a, unsigned char* b, std::size_t* c) {
  return fails() ? 0 : __real_EVP_PKEY_get_raw_public_key(a, b, c);
}

int __real_EVP_PKEY_get_raw_private_key(const EVP_PKEY* a, unsigned char* b, std::size_t* c);
int __wrap_EVP_PKEY_get_raw_private_key(const EVP_PKEY* a, unsigned char* b, std::size_t* c) {
  return fails() ? 0 : __real_EVP_PKEY_get_raw_private_key(a, b, c);
}

int __real_EC_POINT_mul(const EC_GROUP* a, EC_POINT* b, const BIGNUM* c, const EC_POINT* d, const BIGNUM* e, BN_CTX* f);
int __wrap_EC_POINT_mul(const EC_GROUP* a, EC_POINT* b, const BIGNUM* c, const EC_POINT* d, const BIGNUM* e,
                        BN_CTX* f) {
  return fails() ? 0 : __real_EC_POINT_mul(a, b, c, d, e, f);
}

int __real_EC_POINT_oct2point(const EC_GROUP* a, EC_POINT* b, const unsigned char* c, std::size_t d, BN_CTX* e);
int __wrap_EC_POINT_oct2point(const EC_GROUP* a, EC_POINT* b, const unsigned char* c, std::size_t d, BN_CTX* e) {
  return fails() ? 0 : __real_EC_POINT_oct2point(a, b, c, d, e);
}

int __real_EC_POINT_is_on_curve(const EC_GROUP* a, const EC_POINT* b, BN_CTX* c);
int __wrap_EC_POINT_is_on_curve(const EC_GROUP* a, const EC_POINT* b, BN_CTX* c) {
  return fails() ? 0 : __real_EC_POINT_is_on_curve(a, b, c);
}

int __real_EC_POINT_get_affine_coordinates(const EC_GROUP* a, const EC_POINT* b, BIGNUM* c, BIGNUM* d, BN_CTX* e);
int __wrap_EC_POINT_get_affine_coordinates(const EC_GROUP* a, const EC_POINT* b, BIGNUM* c, BIGNUM* d, BN_CTX* e) {
  return fails() ? 0 : __real_EC_POINT_get_affine_coordinates(a, b, c, d, e);
}

int __real_BN_mod_exp(BIGNUM* a, const BIGNUM* b, const BIGNUM* c, const BIGNUM* d, BN_CTX* e);
int __wrap_BN_mod_exp(BIGNUM* a, const BIGNUM* b, const BIGNUM* c, const BIGNUM* d, BN_CTX* e) {
  return fails() ? 0 : __real_BN_mod_exp(a, b, c, d, e);
}

int __real_BN_bn2binpad(const BIGNUM* a, unsigned char* b, int c);
int __wrap_BN_bn2binpad(const BIGNUM* a, unsigned char* b, int c) {
  return fails() ? -1 : __real_BN_bn2binpad(a, b, c);
}

int __real_RAND_priv_bytes(unsigned char* a, int b);
int __wrap_RAND_priv_bytes(unsigned char* a, int b) { return fails() ? 0 : __real_RAND_priv_bytes(a, b); }

EVP_PKEY* __real_EVP_PKEY_new_raw_private_key_ex(OSSL_LIB_CTX* a, const char* b, const char* c, const unsigned char* d,
                                                 std::size_t e);
EVP_PKEY* __wrap_EVP_PKEY_new_raw_private_key_ex(OSSL_LIB_CTX* a, const char* b, const char* c, const unsigned char* d,
                                                 std::size_t e) {
  return fails() ? nullptr : __real_EVP_PKEY_new_raw_private_key_ex(a, b, c, d, e);
}

EVP_PKEY* __real_EVP_PKEY_new_raw_public_key_ex(OSSL_LIB_CTX* a, const char* b, const char* c, const unsigned char* d,
                                                std::size_t e);
EVP_PKEY* __wrap_EVP_PKEY_new_raw_public_key_ex(OSSL_LIB_CTX* a, const char* b, const char* c, const unsigned char* d,
                                                std::size_t e) {
  return fails() ? nullptr : __real_EVP_PKEY_new_raw_public_key_ex(a, b, c, d, e);
}

// Fails as the others, or gives a signature in which a processor's error changed a bit.
int __real_EVP_DigestSign(EVP_MD_CTX* a, unsigned char* b, std::size_t* c, const unsigned char* d, std::size_t e);
int __wrap_EVP_DigestSign(EVP_MD_CTX* a, unsigned char* b, std::size_t* c, const unsigned char* d, std::size_t e) {
  if (fails()) return 0;
  const int result = __real_EVP_DigestSign(a, b, c, d, e);
  if (b != nullptr && result == 1 && faults().this_signature_is_spoiled()) b[*c / 2] ^= 0x10;
  return result;
}

}  // extern "C"

}  // namespace glassh::test
