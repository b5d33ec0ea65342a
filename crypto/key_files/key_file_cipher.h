// The ciphers that may encrypt OpenSSH's private key files: OpenSSH PROTOCOL.key section 4, with the names of the
// packet ciphers. glassh uses some of them (CBC, 3DES) for files only, never for packets.
//
// Key and IV come from bcrypt_pbkdf, and one key encrypts one text. The tag of an AEAD cipher is separate from the
// text, as in the file.
//
//   const KeyFileCipher* cipher = find_key_file_cipher("aes256-ctr");  cipher->decrypt(key_and_iv, private_keys, tag)
#pragma once

#include <span>
#include <string_view>

#include "proto/secret_bytes.h"

namespace glassh {

struct KeyFileCipher {
  std::string_view name;
  std::string_view libcrypto_name;
  std::size_t key_size;
  std::size_t iv_size;
  std::size_t block_size;  // the text's size is a multiple of it
  std::size_t tag_size;    // 0: not an AEAD cipher; only the decrypted text then shows that a key is wrong

  std::size_t key_and_iv_size() const { return key_size + iv_size; }
  // Encrypts in place and fills `tag`, which has tag_size bytes.
  void encrypt(Bytes key_and_iv, MutableBytes text, MutableBytes tag) const;
  // Decrypts in place. Returns false if the tag is wrong; the text is undefined then.
  bool decrypt(Bytes key_and_iv, MutableBytes text, Bytes tag) const;
};

// All ciphers that ssh-keygen -Z offers. The default is the first.
std::span<const KeyFileCipher> key_file_ciphers();
const KeyFileCipher* find_key_file_cipher(std::string_view name);  // nullptr for another name

}  // namespace glassh
