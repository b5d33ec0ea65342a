// A line for glasshd's PasswordFile, "user:hash", so that a server of one's own can have passwords: the hash is made by
// crypt(3) in the system's own best way.
#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>

#include <string.h>

#include <crypt.h>

#include <fmt/format.h>

#include "client/keygen/files.h"
#include "config/say.h"

namespace glassh {
namespace {

// crypt(3) keeps the password in its scratch memory.
struct WipeAndDelete {
  void operator()(crypt_data* data) const {
    ::explicit_bzero(data, sizeof *data);
    delete data;
  }
};

std::string hash_of(const SecretBytes& password, Rng& rng) {
  std::array<std::uint8_t, 32> random{};
  rng.fill(random);
  char setting[CRYPT_GENSALT_OUTPUT_SIZE];
  // No prefix and no cost: libcrypt's defaults, which are its strongest.
  if (crypt_gensalt_rn(nullptr, 0, text_of(random).data(), static_cast<int>(random.size()), setting,
                       static_cast<int>(sizeof setting)) == nullptr) {
    throw KeygenFailure("libcrypt cannot make a salt: it has no default method");
  }
  SecretBytes terminated(password.size() + 1);
  std::copy(password.reveal().begin(), password.reveal().end(), terminated.reveal().begin());
  const std::unique_ptr<crypt_data, WipeAndDelete> data(new crypt_data{});
  const char* const hash =
      crypt_rn(text_of(terminated.reveal()).data(), setting, data.get(), static_cast<int>(sizeof *data));
  if (hash == nullptr || hash[0] == '*') throw KeygenFailure("libcrypt cannot hash this password");
  return hash;
}

}  // namespace

int print_password_line(const KeygenOptions& options, KeygenContext& context) {
  if (options.name.empty() || options.name.find_first_of(std::string(":\n\r#\0", 5)) != std::string::npos) {
    throw KeygenFailure(
        fmt::format("'{}' cannot be a user's name: it must not be empty nor have : or #", options.name));
  }
  const SecretBytes password =
      options.new_passphrase ? options.new_passphrase->clone() : ask_new_passphrase(context, "Enter password: ", true);
  for (const std::uint8_t byte : password.reveal()) {
    if (byte == 0) throw KeygenFailure("A password cannot have a NUL byte.");
  }
  if (password.empty()) throw KeygenFailure("The password is empty; nothing is written.", 1);
  say(stdout, "{}:{}\n", options.name, hash_of(password, context.rng));
  return 0;
}

}  // namespace glassh
