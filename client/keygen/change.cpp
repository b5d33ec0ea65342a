// Gives a key another passphrase (-p) or another comment (-c). The key stays the same, and the old file stays until the
// new one is whole.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <system_error>

#include <fmt/format.h>

#include "client/keygen/files.h"
#include "config/say.h"

namespace glassh {
namespace {

// Returns the file at the end of a chain of symbolic links. That file must change: a new file in the link's place would
// leave the old key as it was, perhaps without a passphrase.
std::string end_of_links(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
  if (real == nullptr) throw KeygenFailure(fmt::format("{}: {}", path, std::generic_category().message(errno)));
  return real.get();
}

}  // namespace

int change_passphrase(const KeygenOptions& options, KeygenContext& context) {
  const std::string path = key_file_of(options, context);
  const std::string real = end_of_links(path);
  const OpenedKey opened =
      open_private_key(path, options, context, "Enter old passphrase: ", fmt::format("Failed to load key {}", path));
  if (!opened.file.comment.empty()) say(stdout, "Key has comment '{}'\n", on_one_line(opened.file.comment));
  std::fflush(stdout);
  const SecretBytes passphrase =
      options.new_passphrase ? options.new_passphrase->clone()
                             : ask_new_passphrase(context, "Enter new passphrase (empty for no passphrase): ", false);
  save_key(real, opened.file.key, opened.file.comment, passphrase, options, context, IfExists::replace);
  say(stdout, "Your identification has been saved with the new passphrase.\n");
  return 0;
}

int change_comment(const KeygenOptions& options, KeygenContext& context) {
  const std::string path = key_file_of(options, context);
  const std::string real = end_of_links(path);
  OpenedKey opened = open_private_key(path, options, context,
                                      "Enter passphrase: ", fmt::format("Cannot load private key \"{}\"", path));
  if (options.private_format != PrivateKeyFormat::openssh && opened.file.key.public_key().type() != "ssh-ed25519") {
    throw KeygenFailure("Comments are only supported for keys stored in OpenSSH's format: leave -m away.", 1);
  }
  const std::string& old = opened.file.comment;
  if (old.empty()) {
    say(stdout, "No existing comment\n");
  } else {
    say(stdout, "Old comment: {}\n", on_one_line(old));
  }
  const auto comment = options.comment ? options.comment : ask_on_standard_input("New comment: ");
  if (!comment) throw KeygenFailure("", 1);
  if (*comment == old) {
    say(stdout, "No change to comment\n");
    return 0;
  }
  if (comment->find_first_of(std::string("\0\r\n", 3)) != std::string::npos) {
    throw KeygenFailure("The comment must be one line.", 1);
  }
  if (!opened.passphrase) opened.passphrase.emplace();
  save_key(real, opened.file.key, *comment, *opened.passphrase, options, context, IfExists::replace);
  save_public_line(path + ".pub", opened.file.key.public_key(), *comment, context);
  if (comment->empty()) {
    say(stdout, "Comment removed\n");
  } else {
    say(stdout, "Comment '{}' applied\n", on_one_line(*comment));
  }
  return 0;
}

}  // namespace glassh
