#include "client/agent/add_keys.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/agent/destination_rules.h"
#include "client/client_log.h"
#include "config/say.h"
#include "crypto/constant_time.h"
#include "crypto/rng.h"

namespace glassh {

namespace {

// Coroutines here keep what they co_await in a variable before they look at it: GCC 12 loses its way in a function that
// begins with `if (!co_await …)`.

// What each action says about a refusal; ssh-add's text.
constexpr std::string_view refused = "agent refused operation";
constexpr std::size_t input_limit = 256 * 1024;

template <class... Arguments>
void tell(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  say(stderr, "{}\n", fmt::format(format, std::forward<Arguments>(arguments)...));
}

// 0, or the errno of stat(2).
int missing(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 ? 0 : errno;
}

SecretBytes read_standard_input() {
  SecretBytes text(input_limit);
  std::size_t size = 0;
  while (true) {
    const ssize_t got = ::read(STDIN_FILENO, text.reveal().data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw std::runtime_error(fmt::format("(stdin): {}", std::strerror(errno)));
    size += static_cast<std::size_t>(got);
    if (got == 0) break;
    if (size == text.size()) throw std::runtime_error("(stdin): it is too large for a key");
  }
  text.truncate(size);
  return text;
}

// In the order of ssh-add(1), of the types that there are.
constexpr std::array<std::string_view, 3> default_names = {"id_rsa", "id_ecdsa", "id_ed25519"};

}  // namespace

AddKeys::AddKeys(const AddOptions& options, AgentClient& agent, const Asker& asker, std::string home)
    : options_(options), agent_(agent), asker_(asker), home_(std::move(home)) {
  limits_.lifetime_seconds = options.lifetime_seconds;
  limits_.confirm = options.confirm;
  read_destinations();
}

void AddKeys::read_destinations() {
  if (options_.destinations.empty()) return;
  std::vector<std::string> paths = options_.host_key_files;
  if (paths.empty()) {
    paths = {home_ + "/.ssh/known_hosts", home_ + "/.ssh/known_hosts2", "/etc/ssh/ssh_known_hosts",
             "/etc/ssh/ssh_known_hosts2"};
  }
  std::vector<KnownHostsFile> files;
  for (const std::string& path : paths) files.push_back(read_known_hosts(path));
  try {
    for (const std::string& text : options_.destinations) {
      limits_.destinations.push_back(parse_destination_rule(text, files));
    }
  } catch (const std::runtime_error& error) {
    throw AddUsageError(AddUsageError::fatal, error.what());
  }
}

asio::awaitable<int> AddKeys::run() {
  bool good = false;
  switch (options_.action) {
    case AddAction::add:
      good = co_await for_each_file(&AddKeys::add);
      break;
    case AddAction::remove:
      good = co_await for_each_file(&AddKeys::remove);
      break;
    case AddAction::test:
      good = co_await for_each_file(&AddKeys::test);
      break;
    case AddAction::remove_all:
      good = co_await remove_all();
      break;
    case AddAction::list:
      good = co_await list(false);
      break;
    case AddAction::list_public_keys:
      good = co_await list(true);
      break;
    case AddAction::lock:
      good = co_await lock();
      break;
    case AddAction::unlock:
      good = co_await unlock();
      break;
  }
  co_return good ? 0 : 1;
}

// With no file named: the default ones that exist, and it is enough that one of them works.
asio::awaitable<bool> AddKeys::for_each_file(asio::awaitable<bool> (AddKeys::*action)(std::string)) {
  if (!options_.files.empty()) {
    bool all_good = true;
    for (const std::string& file : options_.files) {
      const bool good = co_await (this->*action)(file);
      all_good = all_good && good;
    }
    co_return all_good;
  }
  bool any_good = false;
  for (const std::string_view name : default_names) {
    const std::string path = fmt::format("{}/.ssh/{}", home_, name);
    if (missing(path) != 0) continue;
    const bool good = co_await (this->*action)(path);
    any_good = any_good || good;
  }
  co_return any_good;
}

// ----------------------------------------------------------------------------------------------------------------
// adding

asio::awaitable<bool> AddKeys::add(std::string path) {
  const std::string name = path == "-" ? "(stdin)" : path;
  std::optional<PrivateKeyFile> file = load(path, name);
  if (!file) co_return false;
  const std::string comment = file->comment.empty() ? name : file->comment;
  const bool added = co_await agent_.add(file->key, comment, limits_);
  if (!added) {
    tell("Could not add identity \"{}\": {}", name, refused);
    co_return false;
  }
  if (options_.quiet) co_return true;
  tell("Identity added: {} ({})", name, printable(comment));
  if (limits_.lifetime_seconds) tell("Lifetime set to {} seconds", *limits_.lifetime_seconds);
  if (limits_.confirm) tell("The user must confirm each use of the key");
  co_return true;
}

// Nothing if it cannot be used; that has been said then.
std::optional<PrivateKeyFile> AddKeys::load(const std::string& path, const std::string& name) {
  try {
    if (path == "-") {
      const SecretBytes text = read_standard_input();
      return load_with_passphrase(text, name);
    }
    if (const int error = missing(path); error != 0) {
      tell("{}: {}", path, std::strerror(error));
      return std::nullopt;
    }
    const SmallFile file = read_small_file(path, input_limit);
    if (const auto problem = why_unsafe(file.mode, file.owner, ::geteuid())) {
      tell(
          "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n"
          "@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @\n"
          "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n"
          "Permissions {:04o} for '{}' are too open.\n"
          "{}",
          file.mode, path, *problem);
      return std::nullopt;
    }
    return load_with_passphrase(file.content, name);
  } catch (const std::runtime_error& error) {
    tell("Error loading key \"{}\": {}", name, error.what());
    return std::nullopt;
  }
}

// Without one, with the last one that was right, and then with what is typed, until nothing is.
std::optional<PrivateKeyFile> AddKeys::load_with_passphrase(const SecretBytes& text, const std::string& name) {
  using Kind = KeyFileError::Kind;
  const std::string_view content = text_of(text.reveal());
  try {
    return parse_private_key_file(content, last_passphrase_ ? &*last_passphrase_ : nullptr);
  } catch (const KeyFileError& error) {
    if (error.kind() != Kind::encrypted && error.kind() != Kind::wrong_passphrase) throw;
  }
  const std::string_view reminder = options_.confirm ? " (will confirm each use)" : "";
  std::string question = fmt::format("Enter passphrase for {}{}: ", name, reminder);
  while (true) {
    std::optional<SecretBytes> typed =
        asker_.ask_and_wait({.text = question, .where = Question::Where::terminal_or_input});
    if (!typed || typed->empty()) return std::nullopt;
    try {
      PrivateKeyFile file = parse_private_key_file(content, &*typed);
      last_passphrase_ = std::move(*typed);
      return file;
    } catch (const KeyFileError& error) {
      if (error.kind() != Kind::wrong_passphrase) throw;
    }
    question = fmt::format("Bad passphrase, try again for {}{}: ", name, reminder);
  }
}

// ----------------------------------------------------------------------------------------------------------------
// removing

namespace {

// The public half of `path`: from PATH.pub, from PATH if it has a public key, or from the private key's file.
PublicKeyLine public_half(const std::string& path) {
  if (missing(path + ".pub") == 0) return load_public_key(path + ".pub");
  try {
    return load_public_key(path);
  } catch (const KeyFileError& error) {
    if (error.kind() == KeyFileError::Kind::unreadable) throw;
    return {load_public_half(path), ""};
  }
}

}  // namespace

asio::awaitable<bool> AddKeys::remove(std::string path) {
  if (path == "-") co_return co_await remove_public_keys_of_input();
  std::optional<PublicKeyLine> found;
  try {
    if (const int error = missing(path); error != 0 && missing(path + ".pub") != 0) {
      tell("Bad key file {}: {}", path, std::strerror(error));
      co_return false;
    }
    found = public_half(path);
  } catch (const std::runtime_error& error) {
    tell("Bad key file {}: {}", path, error.what());
    co_return false;
  }
  co_return co_await remove_key(Credential(found->key), path, found->comment);
}

asio::awaitable<bool> AddKeys::remove_public_keys_of_input() {
  const SecretBytes input = read_standard_input();
  std::string_view text = text_of(input.reveal());
  bool good = false;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first == line.npos || line[first] == '#') continue;
    std::optional<PublicKeyLine> found;
    try {
      found = parse_public_key_line(line);
    } catch (const std::runtime_error& error) {
      tell("(stdin):{}: invalid key: {}", number, error.what());
      continue;
    }
    const bool removed = co_await remove_key(Credential(found->key), "(stdin)", found->comment);
    good = good || removed;
  }
  co_return good;
}

asio::awaitable<bool> AddKeys::remove_key(Credential credential, std::string path, std::string comment) {
  const bool removed = co_await agent_.remove(copy_of(credential.blob()));
  if (!removed) {
    tell("Could not remove identity \"{}\": {}", path, refused);
    co_return false;
  }
  if (!options_.quiet) tell("Identity removed: {} {} ({})", path, credential.short_type(), printable(comment));
  co_return true;
}

asio::awaitable<bool> AddKeys::remove_all() {
  const bool removed = co_await agent_.remove_all();
  if (!removed) {
    tell("Failed to remove all identities: {}", refused);
    co_return false;
  }
  if (!options_.quiet) tell("All identities removed.");
  co_return true;
}

// ----------------------------------------------------------------------------------------------------------------
// looking

namespace {

std::string fingerprint_line(const AgentKey& key, HashName hash) {
  const std::string comment = printable(key.comment);
  if (const auto& known = key.credential) {
    return fmt::format("{} {} {} ({})", known->key().bits(), known->fingerprint(hash), comment, known->short_type());
  }
  return fmt::format("? ? {} ({}, which this version does not know)", comment, printable(key.type()));
}

}  // namespace

asio::awaitable<bool> AddKeys::list(bool public_keys) {
  const std::vector<AgentKey> keys = co_await agent_.list();
  if (keys.empty()) say(stdout, "The agent has no identities.\n");
  for (const AgentKey& key : keys) {
    if (public_keys) {
      say(stdout, "{} {} {}\n", printable(key.type()), base64_encode(key.blob), printable(key.comment));
    } else {
      say(stdout, "{}\n", fingerprint_line(key, options_.fingerprint_hash));
    }
  }
  co_return !keys.empty();
}

asio::awaitable<bool> AddKeys::test(std::string path) {
  std::optional<PublicKeyLine> found;
  try {
    found = load_public_key(path);
  } catch (const std::runtime_error& error) {
    tell("Couldn't read public key {}: {}", path, missing(path) != 0 ? std::strerror(missing(path)) : error.what());
    co_return false;
  }
  SystemRng rng;
  std::vector<std::uint8_t> data(1024);
  rng.fill(data);
  const std::string algorithm(found->key.type() == "ssh-rsa" ? "rsa-sha2-256" : found->key.type());
  try {
    const auto signature = co_await agent_.sign(Credential(found->key), algorithm, data);
    if (signature) co_return true;
    tell("Agent signature failed for {}: {}", path, refused);
  } catch (const AgentError& error) {
    tell("Signature verification failed for {}: {}", path, error.what());
  }
  co_return false;
}

// ----------------------------------------------------------------------------------------------------------------
// locking

asio::awaitable<bool> AddKeys::lock() {
  const auto ask = [this](const char* question) {
    return asker_.ask_and_wait({.text = question, .where = Question::Where::terminal_or_input});
  };
  const std::optional<SecretBytes> password = ask("Enter lock password: ");
  if (!password) co_return false;
  const std::optional<SecretBytes> again = ask("Again: ");
  if (!again || !equal_in_constant_time(password->reveal(), again->reveal())) {
    tell("Passwords do not match.");
    co_return false;
  }
  const bool locked = co_await agent_.lock(*password);
  if (!locked) {
    tell("Failed to lock agent: {}", refused);
    co_return false;
  }
  if (!options_.quiet) tell("Agent locked.");
  co_return true;
}

asio::awaitable<bool> AddKeys::unlock() {
  const std::optional<SecretBytes> password =
      asker_.ask_and_wait({.text = "Enter lock password: ", .where = Question::Where::terminal_or_input});
  if (!password) co_return false;
  const bool unlocked = co_await agent_.unlock(*password);
  if (!unlocked) {
    tell("Failed to unlock agent: {}", refused);
    co_return false;
  }
  if (!options_.quiet) tell("Agent unlocked.");
  co_return true;
}

}  // namespace glassh
