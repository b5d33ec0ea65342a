#include "crypto/ciphers/aes_gcm.h"

#include <array>
#include <cassert>

#include "crypto/libcrypto.h"

namespace glassh {
namespace {

constexpr std::size_t length_size = 4;  // packet_length
constexpr std::size_t tag_size = 16;    // RFC 5647 section 6.3 [5647-6.3-1]: the whole tag

// RFC 5647 section 7.1 [5647-7.1-1] and section 7.2 [5647-7.2-2]: what is encrypted, packet_length apart, fills 16s.
constexpr PacketShape aes_gcm_shape = {.block = 16,
                                       .tag = tag_size,
                                       .unpadded_prefix = length_size,
                                       .needed_for_length = length_size,
                                       .packet_limit = packets_per_key,
                                       .block_limit = aes_blocks_per_key};

// RFC 5647 section 7.1 [5647-7.1-2]: four fixed bytes and a 64-bit counter, both from the derived IV; the counter goes
// up by one with each packet.
class Nonce {
 public:
  explicit Nonce(Bytes iv) {
    assert(iv.size() == bytes_.size());
    std::memcpy(bytes_.data(), iv.data(), bytes_.size());
  }
  ~Nonce() { wipe(bytes_); }
  const std::uint8_t* data() const { return bytes_.data(); }
  void increment() { put_u64(bytes_.data() + 4, get_u64(bytes_.data() + 4) + 1); }

 private:
  std::array<std::uint8_t, 12> bytes_;
};

OSSL_PARAM tag_parameter(MutableBytes tag) {
  return OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag.data(), tag.size());
}

class AesGcmSealer final : public Sealer {
 public:
  AesGcmSealer(std::string_view libcrypto_name, const CipherKeys& keys) : nonce_(keys.iv.reveal()) {
    check(EVP_EncryptInit_ex2(context_.get(), fetched_cipher(libcrypto_name), keys.key.reveal().data(), nonce_.data(),
                              nullptr),
          "EVP_EncryptInit_ex2");
  }

  PacketShape shape() const override { return aes_gcm_shape; }

  void seal(std::uint32_t, MutableBytes packet) override {
    assert(packet.size() > length_size + tag_size);
    const MutableBytes plaintext = packet.subspan(length_size, packet.size() - length_size - tag_size);
    std::uint8_t* const ciphertext = plaintext.data();  // in place
    int written = 0;
    check(EVP_EncryptInit_ex2(context_.get(), nullptr, nullptr, nonce_.data(), nullptr), "EVP_EncryptInit_ex2");
    // RFC 5647 section 7.3 [5647-7.3-1]: packet_length is authenticated, not encrypted.
    check(EVP_EncryptUpdate(context_.get(), nullptr, &written, packet.data(), length_size), "EVP_EncryptUpdate");
    check(EVP_EncryptUpdate(context_.get(), ciphertext, &written, plaintext.data(), static_cast<int>(plaintext.size())),
          "EVP_EncryptUpdate");
    check(EVP_EncryptFinal_ex(context_.get(), nullptr, &written), "EVP_EncryptFinal_ex");
    std::array<OSSL_PARAM, 2> wanted = {tag_parameter(packet.last(tag_size)), OSSL_PARAM_construct_end()};
    check(EVP_CIPHER_CTX_get_params(context_.get(), wanted.data()), "EVP_CIPHER_CTX_get_params");
    nonce_.increment();
  }

 private:
  EvpCipherCtx context_{check_pointer(EVP_CIPHER_CTX_new(), "EVP_CIPHER_CTX_new")};
  Nonce nonce_;
};

class AesGcmOpener final : public Opener {
 public:
  AesGcmOpener(std::string_view libcrypto_name, const CipherKeys& keys) : nonce_(keys.iv.reveal()) {
    check(EVP_DecryptInit_ex2(context_.get(), fetched_cipher(libcrypto_name), keys.key.reveal().data(), nonce_.data(),
                              nullptr),
          "EVP_DecryptInit_ex2");
  }

  PacketShape shape() const override { return aes_gcm_shape; }

  std::uint32_t packet_length(std::uint32_t, MutableBytes first) override { return get_u32(first.data()); }

  bool open(std::uint32_t, MutableBytes packet) override {
    if (packet.size() < length_size + tag_size) return false;
    const MutableBytes ciphertext = packet.subspan(length_size, packet.size() - length_size - tag_size);
    std::uint8_t* const plaintext = ciphertext.data();  // in place
    int written = 0;
    const std::array<OSSL_PARAM, 2> given = {tag_parameter(packet.last(tag_size)), OSSL_PARAM_construct_end()};
    check(EVP_DecryptInit_ex2(context_.get(), nullptr, nullptr, nonce_.data(), given.data()), "EVP_DecryptInit_ex2");
    check(EVP_DecryptUpdate(context_.get(), nullptr, &written, packet.data(), length_size), "EVP_DecryptUpdate");
    check(
        EVP_DecryptUpdate(context_.get(), plaintext, &written, ciphertext.data(), static_cast<int>(ciphertext.size())),
        "EVP_DecryptUpdate");
    nonce_.increment();
    if (EVP_DecryptFinal_ex(context_.get(), nullptr, &written) > 0) return true;
    clear_libcrypto_errors();  // the tag is wrong: an answer
    return false;
  }

 private:
  EvpCipherCtx context_{check_pointer(EVP_CIPHER_CTX_new(), "EVP_CIPHER_CTX_new")};
  Nonce nonce_;
};

}  // namespace

std::unique_ptr<Sealer> make_aes_gcm_sealer(std::string_view libcrypto_name, const CipherKeys& keys) {
  return std::make_unique<AesGcmSealer>(libcrypto_name, keys);
}

std::unique_ptr<Opener> make_aes_gcm_opener(std::string_view libcrypto_name, const CipherKeys& keys) {
  return std::make_unique<AesGcmOpener>(libcrypto_name, keys);
}

}  // namespace glassh
