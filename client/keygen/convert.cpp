// Public keys in the formats of other programs: written (-e) and read (-i).
#include <cstdio>

#include <fmt/format.h>

#include "client/keygen/files.h"
#include "config/say.h"
#include "crypto/key_files/public_key_file.h"

namespace glassh {

int export_public_key(const KeygenOptions& options, KeygenContext& context) {
  const std::string path = key_file_of(options, context);
  const FoundPublicKey found = [&]() -> FoundPublicKey {
    try {
      return find_public_key(path);
    } catch (const KeygenFailure&) {  // as for a PEM file with a passphrase and without a .pub
      OpenedKey opened = open_private_key(path, options, context, fmt::format("Enter passphrase for \"{}\": ", path),
                                          fmt::format("Load key \"{}\"", path));
      return {opened.file.key.public_key(), ""};
    }
  }();
  const std::string comment = fmt::format("{}-bit {}, converted by {} from OpenSSH", found.key.bits(),
                                          found.key.short_type(), context.user_at_host);
  try {
    say(stdout, "{}", write_public_key(found.key, options.public_format, comment));
  } catch (const KeyFileError& error) {
    throw KeygenFailure(fmt::format("{}: {}", path, error.what()));
  }
  return 0;
}

int import_public_key(const KeygenOptions& options, KeygenContext& context) {
  const std::string path = options.file ? *options.file : key_file_of(options, context);
  const std::string text = read_whole(path);
  try {
    say(stdout, "{}\n", parse_public_key(text, options.public_format).key.line());
  } catch (const KeyFileError& error) {
    throw KeygenFailure(fmt::format("{} is not a key in the format that -m names: {}", path, error.what()));
  }
  return 0;
}

}  // namespace glassh
