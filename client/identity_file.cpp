#include "client/identity_file.h"

#include <cerrno>
#include <system_error>
#include <utility>
#include <variant>

#include <sys/stat.h>

namespace glassh {

namespace asio = boost::asio;

namespace {

// 0, or why stat(2) fails.
int missing(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 ? 0 : errno;
}

std::optional<Credential> credential_in(const std::string& path) {
  try {
    return Credential(load_public_key(path).key);
  } catch (const KeyFileError&) {
    return std::nullopt;
  }
}

void complain(ClientLog& log, const std::string& path, const KeyFileError& error) {
  if (error.kind() != KeyFileError::Kind::unsafe) {
    log.error("Load key \"{}\": {}", path, error.what());
    return;
  }
  log.error(
      "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n"
      "@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @\n"
      "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n"
      "{}\n"
      "Load key \"{}\": bad permissions",
      error.what(), path);
}

// Exceptions cannot be waited in, so what went wrong is a value here.
using Loaded = std::variant<PrivateKeyFile, KeyFileError>;
Loaded try_to_load(const std::string& path, const SecretBytes* passphrase) {
  try {
    return load_private_key(path, passphrase);
  } catch (const KeyFileError& error) {
    return error;
  }
}

}  // namespace

PublicHalf find_public_half(const std::string& path) {
  PublicHalf half;
  const std::string beside = path + ".pub";
  if ((half.credential = credential_in(path))) {
    half.from = path;
    half.only = true;
  } else if ((half.credential = credential_in(beside))) {
    half.from = beside;
  } else if (const int error = missing(path); error != 0) {
    half.missing = error;
  } else {
    try {
      half.credential = Credential(load_public_half(path));
      half.from = path;
    } catch (const KeyFileError& failure) {
      half.locked = failure.kind() == KeyFileError::Kind::encrypted;
      half.problem = failure.what();
    }
  }
  return half;
}

asio::awaitable<std::optional<PrivateKeyFile>> open_private_key(asio::any_io_executor executor, std::string path,
                                                                HowToOpen how) {
  if (const int error = missing(path); error != 0) {
    how.log.info("no such identity: {}: {}", path, std::generic_category().message(error));
    co_return std::nullopt;
  }
  std::optional<SecretBytes> passphrase;
  for (unsigned asked = 0;; ++asked) {
    Loaded loaded = try_to_load(path, passphrase ? &*passphrase : nullptr);
    if (auto* file = std::get_if<PrivateKeyFile>(&loaded)) co_return std::move(*file);
    const KeyFileError& error = std::get<KeyFileError>(loaded);
    const bool wrong = error.kind() == KeyFileError::Kind::wrong_passphrase;
    if (error.kind() != KeyFileError::Kind::encrypted && !wrong) {
      complain(how.log, path, error);
      co_return std::nullopt;
    }
    if (wrong) how.log.debug2("that passphrase is wrong");
    if (asked == how.prompts) co_return std::nullopt;
    Question question{fmt::format("Enter passphrase for key '{}': ", path)};
    passphrase = co_await how.asker.ask(executor, std::move(question));
    if (!passphrase || passphrase->empty()) {
      how.log.debug2("no passphrase was given for {}; on to the next key", path);
      co_return std::nullopt;
    }
  }
}

}  // namespace glassh
