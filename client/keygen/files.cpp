#include "client/keygen/files.h"
#include "config/say.h"
#include "crypto/constant_time.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <system_error>

#include <sys/stat.h>

#include <fmt/format.h>

namespace glassh {
namespace {

using Kind = KeyFileError::Kind;

constexpr std::size_t read_limit = 16 * 1024 * 1024;
constexpr std::size_t least_pem_passphrase = 5;  // characters

// If no person can be asked, the answer is empty, as with ssh-keygen.
SecretBytes ask_secret(const KeygenContext& context, const std::string& question) {
  auto answer = context.asker.ask_and_wait({.text = question, .where = Question::Where::terminal_or_input});
  return answer ? std::move(*answer) : SecretBytes();
}

std::string without_path(std::string text, const std::string& path) {
  return text.starts_with(path + ": ") ? text.substr(path.size() + 2) : text;
}

void warn_of_unprotected(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0 || (facts.st_mode & 077) == 0) return;
  say(stderr,
      "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n"
      "@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @\n"
      "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n"
      "Permissions {:04o} for '{}' are too open: others may read or change it.\n"
      "A private key must be its owner's alone (chmod 600). It is ignored.\n",
      facts.st_mode & 0777, path);
}

}  // namespace

std::string default_key_file(const KeygenOptions& options, const KeygenContext& context) {
  return fmt::format("{}/.ssh/id_{}", context.home, short_file_type(options.type));
}

bool file_exists(const std::string& path) {
  struct stat facts {};
  return ::lstat(path.c_str(), &facts) == 0;
}

std::string key_file_of(const KeygenOptions& options, const KeygenContext& context) {
  std::string path;
  if (options.file) {
    path = *options.file;
  } else {
    const std::string usual = default_key_file(options, context);
    const auto answer = ask_on_standard_input(fmt::format("Enter file in which the key is ({}): ", usual));
    if (!answer) throw KeygenFailure("", 1);
    path = answer->empty() ? usual : *answer;
  }
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) {
    throw KeygenFailure(fmt::format("{}: {}", path, std::generic_category().message(errno)));
  }
  return path;
}

std::string reason_of(const KeyFileError& error, const std::string& path) {
  switch (error.kind()) {
    case Kind::unsafe:
      warn_of_unprotected(path);
      return "bad permissions";
    case Kind::encrypted:
    case Kind::wrong_passphrase:
      return "incorrect passphrase supplied to decrypt private key";
    case Kind::not_a_key:
    case Kind::malformed:
    case Kind::mismatch:
      return "invalid format: " + without_path(error.what(), path);
    default:
      return without_path(error.what(), path);
  }
}

OpenedKey open_private_key(const std::string& path, const KeygenOptions& options, const KeygenContext& context,
                           const std::string& question, const std::string& failing) {
  std::optional<SecretBytes> passphrase;
  while (true) {
    try {
      return {load_private_key(path, passphrase ? &*passphrase : nullptr), std::move(passphrase)};
    } catch (const KeyFileError& error) {
      if (error.kind() != Kind::encrypted) throw KeygenFailure(fmt::format("{}: {}", failing, reason_of(error, path)));
    }
    passphrase = options.passphrase ? options.passphrase->clone() : ask_secret(context, question);
  }
}

SecretBytes ask_new_passphrase(const KeygenContext& context, const std::string& question, bool again) {
  while (true) {
    SecretBytes first = ask_secret(context, question);
    const auto second = context.asker.ask_and_wait(
        {.text = "Enter same passphrase again: ", .where = Question::Where::terminal_or_input});
    // A person who leaves after typing a passphrase must not get a key without one.
    if (!second && !first.empty()) throw KeygenFailure("The passphrase was not repeated; nothing is saved.", 1);
    const Bytes repeated = second ? second->reveal() : Bytes();
    if (equal_in_constant_time(first.reveal(), repeated)) return first;
    say(stdout, "Passphrases do not match.  Try again.\n");
    if (!again) throw KeygenFailure("", 1);
  }
}

FoundPublicKey find_public_key(const std::string& path) {
  for (const std::string& candidate : {path, path + ".pub"}) {
    try {
      PublicKeyLine line = load_public_key(candidate);
      return {std::move(line.key), std::move(line.comment)};
    } catch (const KeyFileError&) {
      continue;
    }
  }
  try {
    return {load_public_half(path), ""};
  } catch (const KeyFileError& error) {
    if (error.kind() == Kind::unreadable) throw KeygenFailure(error.what());
    throw KeygenFailure(fmt::format("{} is not a key file: {}", path, without_path(error.what(), path)));
  }
}

std::string read_whole(const std::string& path) {
  const auto close_file = [](std::FILE* file) {
    if (file != stdin) std::fclose(file);
  };
  const std::unique_ptr<std::FILE, decltype(close_file)> file(path == "-" ? stdin : std::fopen(path.c_str(), "rbe"),
                                                              close_file);
  const auto fail = [&path] {
    throw KeygenFailure(fmt::format("glassh-keygen: {}: {}", path, std::generic_category().message(errno)));
  };
  if (file == nullptr) fail();
  std::string text;
  char part[4096];
  while (const std::size_t got = std::fread(part, 1, sizeof part, file.get())) {
    text.append(part, got);
    if (text.size() > read_limit) throw KeygenFailure(fmt::format("{} is larger than {} bytes", path, read_limit));
  }
  if (std::ferror(file.get()) != 0) fail();
  return text;
}

void save_key(const std::string& path, const PrivateKey& key, std::string_view comment, const SecretBytes& passphrase,
              const KeygenOptions& options, const KeygenContext& context, IfExists if_exists) {
  PrivateKeyStyle style;
  style.format = options.private_format;
  style.passphrase = &passphrase;
  style.cipher = options.cipher;
  style.rounds = options.rounds;
  const auto fail = [&path](const std::string& why) {
    throw KeygenFailure(fmt::format("Saving key \"{}\" failed: {}", path, why), 1);
  };
  if (style.format != PrivateKeyFormat::openssh && !passphrase.empty() && passphrase.size() < least_pem_passphrase) {
    fail("passphrase is too short (minimum five characters)");
  }
  try {
    save_private_key(path, key, comment, context.rng, if_exists, style);
  } catch (const KeyFileError& error) {
    fail(error.what());
  }
}

void save_public_line(const std::string& path, const PublicKey& key, std::string_view comment,
                      const KeygenContext& context) {
  try {
    save_public_key(path, key, comment, context.rng, IfExists::replace);
  } catch (const KeyFileError& error) {
    throw KeygenFailure(fmt::format("Unable to save public key to {}: {}", path, error.what()), 1);
  }
}

}  // namespace glassh
