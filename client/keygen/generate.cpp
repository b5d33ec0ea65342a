// New keys: for a user, with questions, and for a server (-A), without.
#include <cerrno>
#include <cstdio>
#include <system_error>

#include <sys/stat.h>

#include <fmt/format.h>

#include "client/keygen/files.h"
#include "config/say.h"
#include "crypto/keys/randomart.h"

namespace glassh {
namespace {

// ~/.ssh, if the key goes there and there is no such directory yet.
void make_ssh_directory(const std::string& path, const KeygenOptions& options, const KeygenContext& context) {
  const std::string directory = context.home + "/.ssh";
  if (!path.starts_with(directory + "/") || file_exists(directory)) return;
  if (::mkdir(directory.c_str(), 0700) != 0) {
    say(stderr, "Could not create directory '{}' ({}).\n", directory, std::generic_category().message(errno));
  } else if (!options.quiet) {
    say(stderr, "Created directory '{}'.\n", directory);
  }
}

std::string file_to_save_in(const KeygenOptions& options, const KeygenContext& context) {
  if (options.file) return *options.file;
  const std::string usual = default_key_file(options, context);
  const auto answer = ask_on_standard_input(fmt::format("Enter file in which to save the key ({}): ", usual));
  if (!answer) throw KeygenFailure("", 1);
  return answer->empty() ? usual : *answer;
}

// Only who says yes loses what was there. A link counts as a file of its own: nothing is written through it.
IfExists ask_to_overwrite(const std::string& path) {
  if (!file_exists(path)) return IfExists::refuse;
  say(stdout, "{} already exists.\n", path);
  const auto answer = ask_on_standard_input("Overwrite (y/n)? ");
  if (!answer || !(answer->starts_with('y') || answer->starts_with('Y'))) throw KeygenFailure("", 1);
  return IfExists::replace;
}

PrivateKey generate(const std::string& type, std::size_t bits, Rng& rng) {
  return bits != 0 ? PrivateKey::generate(type, rng, bits) : PrivateKey::generate(type, rng);
}

void show(const std::string& path, const PublicKey& key, const std::string& comment, const KeygenOptions& options) {
  say(stdout, "Your public key has been saved in {}.pub\n", path);
  say(stdout, "The key fingerprint is:\n{} {}\n", key.fingerprint(options.hash), on_one_line(comment));
  say(stdout, "The key's randomart image is:\n{}\n", randomart(key, options.hash));
}

}  // namespace

int generate_key(const KeygenOptions& options, KeygenContext& context) {
  if (!options.quiet) say(stdout, "Generating public/private {} key pair.\n", short_file_type(options.type));
  std::fflush(stdout);
  const PrivateKey key = generate(options.type, options.bits, context.rng);
  const std::string path = file_to_save_in(options, context);
  make_ssh_directory(path, options, context);
  const IfExists if_exists = ask_to_overwrite(path);
  const SecretBytes passphrase =
      options.new_passphrase
          ? options.new_passphrase->clone()
          : ask_new_passphrase(context, fmt::format("Enter passphrase for \"{}\" (empty for no passphrase): ", path),
                               true);
  const std::string comment = options.comment.value_or(context.user_at_host);
  save_key(path, key, comment, passphrase, options, context, if_exists);
  if (!options.quiet) say(stdout, "Your identification has been saved in {}\n", path);
  save_public_line(path + ".pub", key.public_key(), comment, context);
  if (!options.quiet) show(path, key.public_key(), comment, options);
  return 0;
}

// The keys that sshd looks for, where they are missing. An empty file is what an interrupted ssh-keygen leaves.
int generate_host_keys(const KeygenOptions& options, KeygenContext& context) {
  int status = 0;
  bool said = false;
  for (const std::string type : {"ssh-rsa", "ecdsa-sha2-nistp256", "ssh-ed25519"}) {
    const std::string path =
        fmt::format("{}/etc/ssh/ssh_host_{}_key", options.file.value_or(""), short_file_type(type));
    struct stat facts {};
    const bool exists = ::stat(path.c_str(), &facts) == 0;
    if (exists && facts.st_size > 0) continue;
    std::string name(short_file_type(type));
    for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    say(stdout, "{}{} ", said ? "" : "glassh-keygen: generating new host keys: ", name);
    std::fflush(stdout);
    said = true;
    try {
      const PrivateKey key = generate(type, 0, context.rng);
      save_private_key(path, key, context.user_at_host, context.rng, exists ? IfExists::replace : IfExists::refuse);
      save_public_key(path + ".pub", key.public_key(), context.user_at_host, context.rng, IfExists::replace);
    } catch (const KeyFileError& error) {
      say(stderr, "Could not save your private key in {}: {}\n", path, error.what());
      status = 1;
    }
  }
  if (said) say(stdout, "\n");
  return status;
}

}  // namespace glassh
