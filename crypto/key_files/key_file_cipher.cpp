#include "crypto/key_files/key_file_cipher.h"

#include <array>
#include <cassert>

#include "crypto/constant_time.h"
#include "crypto/libcrypto.h"

namespace glassh {
namespace {

constexpr std::array<KeyFileCipher, 10> ciphers = {{
    {"aes256-ctr", "AES-256-CTR", 32, 16, 16, 0},
    {"aes192-ctr", "AES-192-CTR", 24, 16, 16, 0},
    {"aes128-ctr", "AES-128-CTR", 16, 16, 16, 0},
    {"aes256-cbc", "AES-256-CBC", 32, 16, 16, 0},
    {"aes192-cbc", "AES-192-CBC", 24, 16, 16, 0},
    {"aes128-cbc", "AES-128-CBC", 16, 16, 16, 0},
    {"3des-cbc", "DES-EDE3-CBC", 24, 8, 8, 0},
    {"aes256-gcm@openssh.com", "AES-256-GCM", 32, 12, 16, 16},
    {"aes128-gcm@openssh.com", "AES-128-GCM", 16, 12, 16, 16},
    // The second half of the key would encrypt a packet's length, which files do not have.
    {"chacha20-poly1305@openssh.com", "ChaCha20", 64, 0, 8, 16},
}};

enum class Direction { decrypt = 0, encrypt = 1 };

EvpCipherCtx start(const KeyFileCipher& cipher, Bytes key, Bytes iv, Direction direction) {
  assert(key.size() >= cipher.key_size);
  EvpCipherCtx context(check_pointer(EVP_CIPHER_CTX_new(), "EVP_CIPHER_CTX_new"));
  check(EVP_CipherInit_ex2(context.get(), fetched_cipher(cipher.libcrypto_name), key.data(), iv.data(),
                           static_cast<int>(direction), nullptr),
        "EVP_CipherInit_ex2");
  check(EVP_CIPHER_CTX_set_padding(context.get(), 0), "EVP_CIPHER_CTX_set_padding");
  return context;
}

void update(EVP_CIPHER_CTX* context, MutableBytes text) {
  int written = 0;
  check(EVP_CipherUpdate(context, text.data(), &written, text.data(), static_cast<int>(text.size())),
        "EVP_CipherUpdate");
  if (static_cast<std::size_t>(written) != text.size()) throw_libcrypto_error("EVP_CipherUpdate kept some bytes");
}

// Whether the decrypted text is right, as far as the cipher can tell.
bool finish(EVP_CIPHER_CTX* context) {
  std::array<std::uint8_t, EVP_MAX_BLOCK_LENGTH> nothing{};
  int written = 0;
  const bool right = EVP_CipherFinal_ex(context, nothing.data(), &written) == 1;
  if (!right) clear_libcrypto_errors();
  return right;
}

// OpenSSH PROTOCOL.chacha20poly1305 for packet number 0, without its length: block 0 keys Poly1305, the text begins
// with block 1.
class ChaCha20Poly1305Text {
 public:
  explicit ChaCha20Poly1305Text(Bytes key)
      : context_(
            start(*find_key_file_cipher("chacha20-poly1305@openssh.com"), key, counter_and_nonce, Direction::encrypt)) {
    update(context_.get(), block_0_.reveal());
  }

  void crypt(MutableBytes text) { update(context_.get(), text); }

  std::array<std::uint8_t, 16> tag_of(Bytes ciphertext) const {
    const EvpMac poly1305(check_pointer(EVP_MAC_fetch(nullptr, "POLY1305", nullptr), "POLY1305"));
    const EvpMacCtx mac(check_pointer(EVP_MAC_CTX_new(poly1305.get()), "EVP_MAC_CTX_new"));
    check(EVP_MAC_init(mac.get(), block_0_.reveal().data(), 32, nullptr), "EVP_MAC_init");
    check(EVP_MAC_update(mac.get(), ciphertext.data(), ciphertext.size()), "EVP_MAC_update");
    std::array<std::uint8_t, 16> tag{};
    std::size_t written = 0;
    check(EVP_MAC_final(mac.get(), tag.data(), &written, tag.size()), "EVP_MAC_final");
    return tag;
  }

 private:
  static constexpr std::array<std::uint8_t, 16> counter_and_nonce{};
  SecretBytes block_0_{std::size_t{64}};
  EvpCipherCtx context_;
};

}  // namespace

void KeyFileCipher::encrypt(Bytes key_and_iv, MutableBytes text, MutableBytes tag) const {
  assert(key_and_iv.size() == key_and_iv_size() && tag.size() == tag_size && text.size() % block_size == 0);
  if (libcrypto_name == "ChaCha20") {
    ChaCha20Poly1305Text cipher(key_and_iv);
    cipher.crypt(text);
    const auto made = cipher.tag_of(text);
    std::memcpy(tag.data(), made.data(), made.size());
    return;
  }
  const EvpCipherCtx context = start(*this, key_and_iv, key_and_iv.subspan(key_size), Direction::encrypt);
  update(context.get(), text);
  if (!finish(context.get())) throw_libcrypto_error("EVP_CipherFinal_ex");
  if (tag_size == 0) return;
  check(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag.size()), tag.data()),
        "EVP_CTRL_AEAD_GET_TAG");
}

bool KeyFileCipher::decrypt(Bytes key_and_iv, MutableBytes text, Bytes tag) const {
  assert(key_and_iv.size() == key_and_iv_size() && text.size() % block_size == 0);
  if (tag.size() != tag_size) return false;
  if (libcrypto_name == "ChaCha20") {
    ChaCha20Poly1305Text cipher(key_and_iv);
    if (!equal_in_constant_time(cipher.tag_of(text), tag)) return false;
    cipher.crypt(text);
    return true;
  }
  const EvpCipherCtx context = start(*this, key_and_iv, key_and_iv.subspan(key_size), Direction::decrypt);
  if (tag_size > 0) {
    std::array<std::uint8_t, 16> copy{};  // libcrypto takes it through a pointer to what it might change
    std::memcpy(copy.data(), tag.data(), copy.size());
    check(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(copy.size()), copy.data()),
          "EVP_CTRL_AEAD_SET_TAG");
  }
  update(context.get(), text);
  return finish(context.get());
}

std::span<const KeyFileCipher> key_file_ciphers() { return ciphers; }

const KeyFileCipher* find_key_file_cipher(std::string_view name) {
  for (const KeyFileCipher& cipher : ciphers) {
    if (cipher.name == name) return &cipher;
  }
  return nullptr;
}

}  // namespace glassh
