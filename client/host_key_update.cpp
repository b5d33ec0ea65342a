#include "client/host_key_update.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "auth/known_hosts_edit.h"
#include "auth/rsa_size.h"
#include "config/file_lock.h"
#include "config/small_file.h"
#include "proto/messages_forward.h"

namespace glassh {

namespace asio = boost::asio;

namespace {

constexpr std::size_t most_keys = 256;  // more than any server has
constexpr int questions = 3;

std::string joined(std::span<const HostAndPort> names) {
  std::string text;
  for (const HostAndPort& name : names) text += (text.empty() ? "" : ",") + known_host_name(name.host, name.port);
  return text;
}

std::string shown(const PublicKey& key) { return fmt::format("{} {}", key.short_type(), key.fingerprint()); }

}  // namespace

HostKeyUpdate::HostKeyUpdate(const ClientConfig& config, const HostKeyCheck& check, ClientConnection& connection,
                             ClientLog& log, Rng& rng, AskUser ask)
    : config_(config), check_(check), connection_(connection), log_(log), rng_(rng), ask_(std::move(ask)) {}

bool HostKeyUpdate::wanted() const {
  if (seen_ || !check_.may_update() || config_.user_known_hosts_files.empty()) return false;
  if (config_.update_host_keys == UpdateHostKeys::ask && !ask_) {
    log_.debug1("UpdateHostKeys=ask, and there is nobody to ask");
    return false;
  }
  return config_.update_host_keys != UpdateHostKeys::no;
}

asio::awaitable<void> HostKeyUpdate::on_announced(Bytes details) {
  if (!wanted()) co_return;
  seen_ = true;
  announced_ = usable_keys(details);
  if (announced_.empty()) co_return;
  std::vector<KnownHostsFile> files;
  try {
    for (const std::string& path : config_.user_known_hosts_files) {
      if (path != "/dev/null") files.push_back(read_known_hosts(path));
    }
  } catch (const FileError& error) {
    log_.error("UpdateHostKeys: {}", error.what());
    co_return;
  }
  changes_ = host_key_changes(files, check_.names(), announced_);
  log_.debug1("{} host keys announced: {} new, {} to remove", announced_.size(), changes_.unknown.size(),
              changes_.obsolete.size());
  if (!changes_.obstacle.empty()) {
    log_.debug1("UserKnownHostsFile is not updated: {}", changes_.obstacle);
    co_return;
  }
  if (changes_.unknown.empty()) {  // to forget a key no proof is needed
    co_await apply();
    co_return;
  }
  msg::HostKeysProve request;
  for (const PublicKey& key : changes_.unknown) request.host_keys.items.push_back({key.blob()});
  asked_ = connection_.channels().send_global(msg::HostKeysProve::name, true, encode(request));
}

// Empty if there are none, or if the server plays games: a key that comes twice, or more keys than anybody has.
std::vector<PublicKey> HostKeyUpdate::usable_keys(Bytes details) const {
  const auto message = decode<msg::HostKeys>(details);
  if (message.host_keys.items.size() > most_keys) {
    log_.error("The server announces {} host keys, of which at most {} are taken: none is",
               message.host_keys.items.size(), most_keys);
    return {};
  }
  std::vector<PublicKey> keys;
  for (const msg::HostKey& item : message.host_keys.items) {
    std::optional<PublicKey> key;
    try {
      key = PublicKey::decode(item.host_key);
    } catch (const ProtocolError& error) {  // of a type that we do not have, maybe
      log_.debug1("an announced host key is left out: {}", printable(error.what()));
      continue;
    }
    if (std::find(keys.begin(), keys.end(), *key) != keys.end()) {
      log_.error("received duplicated {} host key", key->type());
      return {};
    }
    log_.debug2("the server announces {}", shown(*key));
    if (permitted(*key)) keys.push_back(std::move(*key));
  }
  return keys;
}

bool HostKeyUpdate::permitted(const PublicKey& key) const {
  const auto& names = config_.host_key_algorithms;
  const bool has_algorithm = std::any_of(names.begin(), names.end(), [&key](const std::string& name) {
    return key_type_of_algorithm(name) == key.type();
  });
  if (!has_algorithm) log_.debug2("{} key not permitted by HostkeyAlgorithms", key.type());
  if (!is_long_enough(key, config_.required_rsa_size)) {
    log_.debug1("{}: Invalid key length", shown(key));
    return false;
  }
  return has_algorithm;
}

// ----------------------------------------------------------------------------------------------------------------
// proofs

asio::awaitable<void> HostKeyUpdate::on_proof(bool success, Bytes details) {
  asked_ = 0;
  if (!success) {
    log_.error("Server failed to confirm ownership of private host keys");
    co_return;
  }
  if (!all_proved(details)) co_return;
  co_await apply();
}

// OpenSSH PROTOCOL section 2.5 [openssh-hostkeys-2.5-4]: a new key is taken only if the server proved that it has it.
bool HostKeyUpdate::all_proved(Bytes details) const {
  const auto reply = decode<msg::HostKeysProveReply>(details);
  if (reply.signatures.items.size() != changes_.unknown.size()) {
    log_.error("Server sent {} proofs of host keys instead of {}", reply.signatures.items.size(),
               changes_.unknown.size());
    return false;
  }
  for (std::size_t i = 0; i < changes_.unknown.size(); ++i) {
    if (proved(changes_.unknown[i], reply.signatures.items[i].signature)) continue;
    log_.error("server gave bad signature for {} key {}", changes_.unknown[i].short_type(), i);
    return false;
  }
  return true;
}

// OpenSSH PROTOCOL section 2.5 [openssh-hostkeys-2.5-5]: RSA by the algorithm of the key exchange, if that was RSA;
// else with SHA-2, whichever it is.
bool HostKeyUpdate::proved(const PublicKey& key, Bytes signature) const {
  const auto data = encode(
      msg::HostKeyProofSignedData{.session_identifier = connection_.transport().session_id(), .host_key = key.blob()});
  if (key.type() != "ssh-rsa") return key.verify(key.type(), data, signature);
  const std::string& negotiated = connection_.transport().key_exchange().algorithms().host_key;
  if (key_type_of_algorithm(negotiated) == "ssh-rsa") return key.verify(negotiated, data, signature);
  return key.verify("rsa-sha2-512", data, signature) || key.verify("rsa-sha2-256", data, signature);
}

// ----------------------------------------------------------------------------------------------------------------
// the files

asio::awaitable<void> HostKeyUpdate::apply() {
  const bool asking = config_.update_host_keys == UpdateHostKeys::ask;
  say_changes(asking ? LogLevel::info : LogLevel::verbose);
  if (asking) {
    const bool agreed = co_await user_agrees();
    if (!agreed) co_return;
  }
  write_files();
}

void HostKeyUpdate::say_changes(LogLevel level) const {
  if (config_.update_host_keys == UpdateHostKeys::ask) {
    log_.line(level,
              "The server has updated its host keys.\n"
              "These changes were verified by the server's existing trusted key.");
  }
  for (const PublicKey& key : changes_.unknown) log_.line(level, fmt::format("Learned new hostkey: {}", shown(key)));
  for (const PublicKey& key : changes_.obsolete) {
    log_.line(level, fmt::format("Deprecating obsolete hostkey: {}", shown(key)));
  }
}

asio::awaitable<bool> HostKeyUpdate::user_agrees() const {
  for (int asked = 0; asked < questions; ++asked) {
    const std::string question = "Accept updated hostkeys? (yes/no): ";
    const std::optional<std::string> answer = co_await ask_(question);
    if (!answer || equal_ignoring_case(*answer, "no")) co_return false;
    if (equal_ignoring_case(*answer, "yes")) co_return true;
    log_.info("Please enter \"yes\" or \"no\"");
  }
  co_return false;
}

// The first file gets all keys of the host, so that the others need none; first, so that none is lost on the way.
void HostKeyUpdate::write_files() const {
  std::span<const PublicKey> keys = announced_;
  for (const std::string& path : config_.user_known_hosts_files) {
    if (path == "/dev/null") continue;
    try {
      write_file(path, std::exchange(keys, {}));
    } catch (const std::exception& error) {
      log_.error("UpdateHostKeys: {} stays as it is: {}", path, error.what());
      return;
    }
  }
}

void HostKeyUpdate::write_file(const std::string& path, std::span<const PublicKey> keys) const {
  std::optional<FileLock> lock(std::in_place, path);
  const KnownHostsFile file = read_known_hosts(path);
  const std::string& host = check_.name();
  const KnownHostsUpdate update =
      with_host_keys(file, check_.names(), keys, config_.hash_known_hosts ? &rng_ : nullptr);
  for (const KnownHostsUpdate::Line& line : update.removed) {
    log_.verbose("{}:{}: Removed {} key for host {}", path, line.number, line.what, host);
  }
  for (const KnownHostsUpdate::Line& line : update.bad_lines) {
    log_.verbose("{}:{}: invalid known_hosts entry", path, line.number);
  }
  for (const PublicKey& key : update.added) {
    log_.verbose("Adding new key for {} to {}: {} {}", joined(check_.names()), path, key.type(), key.fingerprint());
  }
  if (update.removed.empty() && update.added.empty() && !update.completed) return;
  if (file.text.empty()) {  // it may not be there
    lock.reset();           // add_known_host() takes it
    for (const PublicKey& key : update.added) {
      add_known_host(path, check_.names(), key, config_.hash_known_hosts ? &rng_ : nullptr);
    }
  } else {
    replace_known_hosts(path, update.text, rng_);
  }
}

}  // namespace glassh
