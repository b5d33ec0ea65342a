#include "client/host_key_check.h"

#include <algorithm>
#include <exception>

#include "crypto/key.h"

namespace glassh {

namespace asio = boost::asio;

// RFC 4251 section 4.1 [4251-4.1-4] [4251-4.1-7]: out of the box nobody is trusted unseen, and "yes" trusts nobody new.
HostKeyAction judge_host_key(KnownHostStatus status, StrictHostKeyChecking strict, bool can_ask) {
  switch (status) {
    case KnownHostStatus::match:
      return HostKeyAction::accept;
    case KnownHostStatus::unknown:
      if (strict == StrictHostKeyChecking::yes) return HostKeyAction::refuse;
      if (strict == StrictHostKeyChecking::ask) return can_ask ? HostKeyAction::ask : HostKeyAction::refuse;
      return HostKeyAction::remember;
    case KnownHostStatus::changed:
      return strict == StrictHostKeyChecking::no ? HostKeyAction::accept_with_alarm : HostKeyAction::refuse;
    case KnownHostStatus::revoked:
      break;
  }
  // Deviation: OpenSSH lets StrictHostKeyChecking=no accept a key that somebody took the trouble to revoke.
  return HostKeyAction::refuse;
}

HostKeyCheck::HostKeyCheck(const ClientConfig& config, std::optional<std::string> address, ClientLog& log, Rng& rng,
                           AskUser ask)
    : config_(config),
      host_(config.host_key_alias.value_or(config.host_name)),
      port_(config.host_key_alias ? 22 : config.port),
      name_(known_host_name(host_, port_)),
      address_name_(address ? known_host_name(*address, config.port) : "<no hostip for proxy command>"),
      log_(log),
      rng_(rng),
      ask_(std::move(ask)) {
  for (const std::string& path : config.user_known_hosts_files) add_file(path);
  for (const std::string& path : config.global_known_hosts_files) add_file(path);
}

bool HostKeyCheck::add_file(const std::string& path) {
  if (path == "/dev/null") return false;  // the customary way to say "none"
  try {
    files_.push_back(read_known_hosts(path));
    log_.debug1("known_hosts file {}: {} bytes", path, files_.back().text.size());
    return true;
  } catch (const std::exception& error) {
    log_.error("{}", error.what());
    return false;
  }
}

std::vector<std::string> HostKeyCheck::algorithms() const {
  std::vector<std::string> list = config_.host_key_algorithms;
  if (config_.host_key_algorithms_given) return list;
  const std::vector<std::string> types = known_key_types(files_, host_, port_);
  std::stable_partition(list.begin(), list.end(), [&](const std::string& algorithm) {
    const auto type = key_type_of_algorithm(algorithm);
    return type && std::find(types.begin(), types.end(), *type) != types.end();
  });
  if (!types.empty()) log_.debug1("keys of {} known for {}: proposing these first", fmt::join(types, ", "), name_);
  return list;
}

// RFC 4253 section 8 [4253-8-8], RFC 4251 section 4.4 [4251-4.4-1]: the signature proved that the server has this key;
// here it is decided whether this key is the server's.
asio::awaitable<bool> HostKeyCheck::accepts(PublicKey key) {
  log_.debug1("Server host key: {} {}", key.type(), key.fingerprint());
  const KnownHostLookup found = look_up_host_key(files_, host_, port_, key);
  for (const BadKnownHostsLine& bad : found.bad_lines) log_.error("{}:{}: {}", bad.file, bad.line, bad.reason);

  switch (judge_host_key(found.status, config_.strict_host_key_checking, static_cast<bool>(ask_))) {
    case HostKeyAction::accept:
      log_.debug1("Host '{}' is known and matches the {} host key{}.", name_, key.short_type(),
                  found.without_port ? ", under its name without the port" : "");
      if (found.entry) log_.debug1("Found key in {}:{}", found.entry->file, found.entry->line);
      co_return true;
    case HostKeyAction::ask: {
      const bool agreed = co_await user_agrees(key, found);
      if (!agreed) break;
      remember(key);
      co_return true;
    }
    case HostKeyAction::remember:
      remember(key);
      co_return true;
    case HostKeyAction::accept_with_alarm:
      alarm(key, found);
      co_return true;
    case HostKeyAction::refuse:
      say_refused(key, found);
      break;
  }
  log_.error("Host key verification failed.");
  co_return false;
}

// RFC 4251 section 4.1 [4251-4.1-6]: the fingerprint lets the user compare with what they were told another way.
asio::awaitable<bool> HostKeyCheck::user_agrees(const PublicKey& key, const KnownHostLookup& found) const {
  const std::string fingerprint = key.fingerprint();
  std::string question = fmt::format(
      "The authenticity of host '{} ({})' can't be established{}\n"
      "{} key fingerprint is {}.\n"
      "Are you sure you want to continue connecting (yes/no/[fingerprint])? ",
      name_, address_name_,
      found.other_keys.empty() ? "." : "\nbut keys of different type are already known for this host.",
      key.short_type(), fingerprint);
  while (true) {
    const std::optional<std::string> answer = co_await ask_(question);
    if (!answer) co_return false;
    const std::size_t begin = answer->find_first_not_of(" \t\r");
    const std::size_t end = answer->find_last_not_of(" \t\r");
    const std::string word = begin == answer->npos ? "" : answer->substr(begin, end - begin + 1);
    if (word.empty() || equal_ignoring_case(word, "no")) co_return false;
    if (equal_ignoring_case(word, "yes") || word == fingerprint) co_return true;
    question = "Please type 'yes', 'no' or the fingerprint: ";
  }
}

// RFC 4251 section 9.3.4 [4251-9.3.4-1] [4251-9.3.4-2]: loud, and with what one needs to find out what happened.
void HostKeyCheck::alarm(const PublicKey& key, const KnownHostLookup& found) const {
  const bool revoked = found.status == KnownHostStatus::revoked;
  log_.error(
      "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n"
      "@    WARNING: {:<39}     @\n"
      "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n"
      "{}\n"
      "The {} key that the server of {} proved to have is\n{}",
      revoked ? "REVOKED HOST KEY DETECTED!" : "REMOTE HOST IDENTIFICATION HAS CHANGED!",
      revoked ? "This key is marked as revoked: whoever stole it may be answering instead of the host."
              : "Somebody may be sitting between you and the host and reading everything,\n"
                "or the host was given a new key. Ask its administrator before you go on.",
      key.short_type(), name_, key.fingerprint());
  if (!found.entry) return;
  log_.error("{} {} key in {}:{}", revoked ? "Revoked" : "Offending",
             found.entry->key ? found.entry->key->short_type() : found.entry->type, found.entry->file,
             found.entry->line);
  if (revoked) return;
  log_.error("If the new key is right, remove the old one:\n  ssh-keygen -f '{}' -R '{}'", found.entry->file, name_);
}

void HostKeyCheck::say_refused(const PublicKey& key, const KnownHostLookup& found) const {
  switch (found.status) {
    case KnownHostStatus::changed:
      alarm(key, found);
      log_.error("Host key for {} has changed and you have requested strict checking.", name_);
      return;
    case KnownHostStatus::revoked:
      alarm(key, found);
      log_.error("Host key for {} was revoked.", name_);
      return;
    default:
      break;
  }
  if (config_.strict_host_key_checking == StrictHostKeyChecking::yes) {
    log_.error("No {} host key is known for {} and you have requested strict checking.", key.short_type(), name_);
  } else {
    log_.error("No {} host key is known for {} and there is nobody to ask.", key.short_type(), name_);
  }
}

// RFC 4251 section 4.1 [4251-4.1-5]: remembered on first use, compared on every later one.
void HostKeyCheck::remember(const PublicKey& key) const {
  if (config_.user_known_hosts_files.empty()) return;
  const std::string& path = config_.user_known_hosts_files.front();
  try {
    if (path != "/dev/null") add_known_host(path, host_, port_, key, config_.hash_known_hosts ? &rng_ : nullptr);
    log_.info("Warning: Permanently added '{}' ({}) to the list of known hosts.", name_, key.short_type());
  } catch (const std::exception& error) {
    log_.info("Failed to add the host to the list of known hosts ({}): {}", path, error.what());
  }
}

}  // namespace glassh
