// The ciphers that OpenSSH's private key files may be encrypted with: OpenSSH PROTOCOL.key section 4, with the names of
// the packet ciphers. Some of them (CBC, 3DES) glassh has for files only, never for packets.
//
// Key and IV come from bcrypt_pbkdf, and one key encrypts one text. What the AEAD ciphers add stands apart, as in the
// file.
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
  std::size_t block_size;  // the text is a multiple of it
  std::size_t tag_size;    // 0: no AEAD; a wrong key shows in the text only

  std::size_t key_and_iv_size() const { return key_size + iv_size; }
  // In place. `tag` has tag_size bytes.
  void encrypt(Bytes key_and_iv, MutableBytes text, MutableBytes tag) const;
  // False if the tag is wrong; the text is undefined then.
  bool decrypt(Bytes key_and_iv, MutableBytes text, Bytes tag) const;
};

// Every one that ssh-keygen -Z offers, the default first.
std::span<const KeyFileCipher> key_file_ciphers();
const KeyFileCipher* find_key_file_cipher(std::string_view name);  // nullptr for another name

}  // namespace glassh
