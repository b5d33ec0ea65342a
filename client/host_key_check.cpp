#include "client/host_key_check.h"

#include <algorithm>
#include <exception>

#include <boost/asio/ip/address.hpp>

#include "auth/rsa_size.h"
#include "client/shell_word.h"
#include "config/small_file.h"
#include "crypto/keys/key.h"
#include "crypto/keys/randomart.h"

namespace glassh {

namespace asio = boost::asio;

namespace {

constexpr std::size_t other_names_shown = 8;

bool is_loopback(const std::optional<std::string>& address) {
  if (!address) return false;
  boost::system::error_code error;
  const auto parsed = asio::ip::make_address(*address, error);
  return !error && parsed.is_loopback();
}

std::string type_of(const KnownHostEntry& entry) { return entry.key ? entry.key->short_type() : entry.type; }

}  // namespace

// RFC 4251 section 4.1 [4251-4.1-4] [4251-4.1-7]: out of the box nobody is trusted unseen, and "yes" trusts nobody new.
HostKeyAction judge_host_key(KnownHostStatus status, StrictHostKeyChecking strict, bool can_ask, bool complete) {
  switch (status) {
    case KnownHostStatus::match:
      return HostKeyAction::accept;
    case KnownHostStatus::unknown:
      if (strict == StrictHostKeyChecking::no) return HostKeyAction::remember;
      if (strict == StrictHostKeyChecking::yes) return HostKeyAction::refuse;
      if (strict == StrictHostKeyChecking::ask) return can_ask ? HostKeyAction::ask : HostKeyAction::refuse;
      // accept-new is for hosts that are new. What could not be read may know this one.
      return complete ? HostKeyAction::remember : HostKeyAction::refuse;
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
      address_(std::move(address)),
      host_(config.host_key_alias.value_or(config.host_name)),
      port_(config.host_key_alias ? 22 : config.port),
      name_(known_host_name(host_, port_)),
      address_name_(address_ ? known_host_name(*address_, config.port) : "<no hostip for proxy command>"),
      log_(log),
      rng_(rng),
      ask_(std::move(ask)) {
  for (const std::string& path : config.user_known_hosts_files) all_files_read_ &= add_file(path);
  for (const std::string& path : config.global_known_hosts_files) all_files_read_ &= add_file(path);
}

bool HostKeyCheck::add_file(const std::string& path) {
  if (path == "/dev/null") return true;  // the customary way to say "none"
  try {
    files_.push_back(read_known_hosts(path));
    log_.debug1("known_hosts file {}: {} bytes", path, files_.back().text.size());
    return true;
  } catch (const FileError& error) {  // anything else is no answer at all, and ends the connection
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

// NoHostAuthenticationForLocalhost: behind 127.0.0.1 is another machine each day when a home directory is shared.
bool HostKeyCheck::is_exempt() const {
  return config_.no_host_authentication_for_localhost && is_loopback(address_) && !config_.host_key_alias;
}

// CheckHostIP says nothing new about a host that was named by its address, nor about this machine.
bool HostKeyCheck::address_counts() const {
  return config_.check_host_ip && address_ && !is_loopback(address_) && *address_ != host_;
}

// RFC 4253 section 8 [4253-8-8], RFC 4251 section 4.4 [4251-4.4-1]: the signature proved that the server has this key;
// here it is decided whether this key is the server's.
asio::awaitable<bool> HostKeyCheck::accepts(Credential offered) {
  log_.debug1("Server host key: {} {}", offered.type(), offered.fingerprint());
  const PublicKey& key = offered.key();  // what known_hosts has
  may_update_ = false;
  if (!is_long_enough(key, config_.required_rsa_size)) {
    log_.error("Bad server host key: Invalid key length: it has {} bits, RequiredRSASize is {}", key.bits(),
               config_.required_rsa_size);
    co_return false;
  }
  if (is_exempt()) {
    log_.debug1("NoHostAuthenticationForLocalhost: the key of {} is not checked", address_name_);
    co_return true;
  }
  const KnownHostLookup found = look_up_host_key(files_, host_, port_, key);
  for (const BadKnownHostsLine& bad : found.bad_lines) log_.error("{}:{}: {}", bad.file, bad.line, bad.reason);
  for (const KnownHostEntry& authority : found.authorities) {
    log_.debug1("{}:{}: an authority for {} is skipped, certificates are not done yet", authority.file, authority.line,
                name_);
  }
  std::optional<KnownHostLookup> by_address;
  if (address_counts()) by_address = look_up_host_key(files_, *address_, config_.port, key);

  const KnownHostLookup* const also = by_address ? &*by_address : nullptr;
  const KnownHostLookup& deciding = also != nullptr && also->status == KnownHostStatus::revoked ? *also : found;
  const bool complete = all_files_read_ && deciding.foreign_keys.empty();
  const HostKeyAction action =
      judge_host_key(deciding.status, config_.strict_host_key_checking, static_cast<bool>(ask_), complete);
  bool accepted = action == HostKeyAction::accept || action == HostKeyAction::remember;
  if (action == HostKeyAction::accept) say_match(key, deciding);
  if (action == HostKeyAction::ask) accepted = co_await user_agrees(key, deciding);
  if (action == HostKeyAction::refuse) say_refused(key, deciding, also);
  if (action == HostKeyAction::accept_with_alarm) {
    alarm(key, deciding, also);
    unsafe_ = true;
    say_unsafe();
    if (config_.update_host_keys != UpdateHostKeys::no) {
      log_.error("UpdateHostkeys is disabled because the host key is not trusted.");
    }
    co_return true;
  }
  if (accepted && also != nullptr) accepted = co_await address_agrees(key, deciding, *also);
  if (!accepted) {
    log_.error("Host key verification failed.");
    co_return false;
  }
  may_update_ = action == HostKeyAction::ask || trusted_by_user(deciding);
  if (!may_update_) log_.debug1("the host key was not known in the user's own files, nor accepted: no UpdateHostKeys");
  remember(key, action != HostKeyAction::accept, also != nullptr && also->status == KnownHostStatus::unknown);
  co_return true;
}

// A key that stands in the system's files only is the administrator's business, and one that is known without the port
// may be another server's.
bool HostKeyCheck::trusted_by_user(const KnownHostLookup& found) const {
  if (found.status != KnownHostStatus::match || !found.entry || found.without_port) return false;
  const auto& own = config_.user_known_hosts_files;
  return std::find(own.begin(), own.end(), found.entry->file) != own.end();
}

std::vector<HostAndPort> HostKeyCheck::names() const {
  std::vector<HostAndPort> names = {{host_, port_}};
  if (address_counts()) names.push_back({*address_, config_.port});
  return names;
}

void HostKeyCheck::say_match(const PublicKey& key, const KnownHostLookup& found) const {
  log_.debug1("Host '{}' is known and matches the {} host key{}.", name_, key.short_type(),
              found.without_port ? ", under its name without the port" : "");
  if (found.entry) log_.debug1("Found key in {}:{}", found.entry->file, found.entry->line);
  if (config_.visual_host_key) {
    log_.info("Host key fingerprint is {}{}", key.fingerprint(config_.fingerprint_hash), picture(key));
  }
}

// ----------------------------------------------------------------------------------------------------------------
// questions

// RFC 4251 section 4.1 [4251-4.1-6]: the fingerprint lets the user compare with what they were told another way.
std::string HostKeyCheck::first_contact_question(const PublicKey& key, const KnownHostLookup& found) const {
  std::string text = fmt::format("The authenticity of host '{} ({})' can't be established{}\n", name_, address_name_,
                                 found.foreign_keys.empty() ? "." : ", but keys of other types are known for it:");
  for (const KnownHostEntry& entry : found.foreign_keys) {
    text += fmt::format("    {}:{}: {}, which glassh cannot check\n", entry.file, entry.line, printable(entry.type));
  }
  text += fmt::format("{} key fingerprint is {}.{}\n", key.short_type(), key.fingerprint(config_.fingerprint_hash),
                      picture(key));

  if (!all_files_read_) text += "Not every known hosts file could be read, so this host may be known all the same.\n";
  const std::vector<KnownHostNames> others = names_of_key(files_, key);
  text += others.empty() ? "This key is not known by any other names.\n"
                         : "This host key is known by the following other names/addresses:\n";
  const std::size_t shown = std::min(others.size(), other_names_shown);
  for (std::size_t i = 0; i < shown; ++i) {
    text += fmt::format("    {}:{}: {}\n", others[i].file, others[i].line,
                        others[i].names.empty() ? "[hashed name]" : printable(others[i].names));
  }
  if (others.size() > shown) text += fmt::format("    ({} additional names omitted)\n", others.size() - shown);
  return text + "Are you sure you want to continue connecting (yes/no/[fingerprint])? ";
}

asio::awaitable<bool> HostKeyCheck::user_agrees(const PublicKey& key, const KnownHostLookup& found) const {
  const std::string fingerprint = key.fingerprint(config_.fingerprint_hash);
  std::string question = first_contact_question(key, found);
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

// CheckHostIP: the key is the name's, or will be. Is another one known for the address behind it?
asio::awaitable<bool> HostKeyCheck::address_agrees(const PublicKey& key, const KnownHostLookup& found,
                                                   const KnownHostLookup& by_address) const {
  if (by_address.status != KnownHostStatus::changed || !by_address.entry) co_return true;
  std::string text = fmt::format(
      "Warning: the {} host key for '{}' differs from the key for the IP address '{}'\n"
      "Offending key for IP in {}:{}",
      key.short_type(), name_, address_name_, by_address.entry->file, by_address.entry->line);
  if (found.status == KnownHostStatus::match && found.entry) {
    text += fmt::format("\nMatching host key in {}:{}", found.entry->file, found.entry->line);
  }
  if (config_.strict_host_key_checking == StrictHostKeyChecking::ask && ask_) {
    std::string question = text + "\nAre you sure you want to continue connecting (yes/no)? ";
    while (true) {
      const std::optional<std::string> answer = co_await ask_(question);
      if (!answer || answer->empty() || equal_ignoring_case(*answer, "no")) co_return false;
      if (equal_ignoring_case(*answer, "yes")) co_return true;
      question = "Please type 'yes' or 'no': ";
    }
  }
  log_.info("{}", text);
  if (config_.strict_host_key_checking == StrictHostKeyChecking::no) co_return true;
  log_.error("Exiting, you have requested strict checking.");
  co_return false;
}

// With the end of the line before it, or nothing.
std::string HostKeyCheck::picture(const PublicKey& key) const {
  return config_.visual_host_key ? "\n" + randomart(key, config_.fingerprint_hash) : "";
}

// ----------------------------------------------------------------------------------------------------------------
// alarms

// RFC 4251 section 9.3.4 [4251-9.3.4-1] [4251-9.3.4-2]: loud, and with what one needs to find out what happened.
void HostKeyCheck::alarm(const PublicKey& key, const KnownHostLookup& found, const KnownHostLookup* by_address) const {
  constexpr std::string_view box =
      "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n"
      "@    WARNING: {:<39}     @\n"
      "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@";
  const bool revoked = found.status == KnownHostStatus::revoked;
  if (!revoked && by_address != nullptr &&
      (by_address->status != KnownHostStatus::changed ||
       !(by_address->entry->key == (found.entry ? found.entry->key : std::nullopt)))) {
    log_.error(box, "POSSIBLE DNS SPOOFING DETECTED!");
    log_.error("The {} host key for {} has changed, but that for its address {}\n{}: the name may lead elsewhere now.",
               key.short_type(), name_, address_name_,
               by_address->status == KnownHostStatus::unknown ? "is unknown"
               : by_address->status == KnownHostStatus::match ? "is unchanged"
                                                              : "has a different value");
    if (by_address->entry) {
      log_.error("Offending key for IP in {}:{}", by_address->entry->file, by_address->entry->line);
    }
  }
  log_.error(box, revoked ? "REVOKED HOST KEY DETECTED!" : "REMOTE HOST IDENTIFICATION HAS CHANGED!");
  log_.error("{}\nThe {} key that the server of {} proved to have is\n{}",
             revoked ? "This key is marked as revoked: whoever stole it may be answering instead of the host."
                     : "Somebody may be sitting between you and the host and reading everything,\n"
                       "or the host was given a new key. Ask its administrator before you go on.",
             key.short_type(), name_, key.fingerprint(config_.fingerprint_hash));
  if (!found.entry) return;
  log_.error("{} {} key in {}:{}", revoked ? "Revoked" : "Offending", type_of(*found.entry), found.entry->file,
             found.entry->line);
  if (revoked) return;
  log_.error("If the new key is right, remove the old one with:\n  glassh-keygen -f {} -R {}",
             quoted_shell_word(found.entry->file), quoted_shell_word(name_));
}

void HostKeyCheck::say_refused(const PublicKey& key, const KnownHostLookup& found,
                               const KnownHostLookup* by_address) const {
  switch (found.status) {
    case KnownHostStatus::changed:
      alarm(key, found, by_address);
      log_.error("Host key for {} has changed and you have requested strict checking.", name_);
      return;
    case KnownHostStatus::revoked:
      alarm(key, found, by_address);
      log_.error("{} host key for {} was revoked.", key.short_type(), name_);
      return;
    default:
      break;
  }
  for (const KnownHostEntry& entry : found.foreign_keys) {
    log_.error("{}:{}: a key of type {} is known for {}; glassh cannot check such keys", entry.file, entry.line,
               printable(entry.type), name_);
  }
  if (config_.strict_host_key_checking == StrictHostKeyChecking::yes) {
    log_.error("No {} host key is known for {} and you have requested strict checking.", key.short_type(), name_);
  } else if (config_.strict_host_key_checking == StrictHostKeyChecking::accept_new) {
    log_.error("No {} host key could be found for {}, but it may not be new: see above.", key.short_type(), name_);
  } else {
    log_.error("No {} host key is known for {} and there is nobody to ask.", key.short_type(), name_);
  }
}

// What unsafe() means for the rest of the client.
void HostKeyCheck::say_unsafe() const {
  constexpr std::string_view why = "is disabled to avoid man-in-the-middle attacks.";
  if (config_.password_authentication) log_.error("Password authentication {}", why);
  if (config_.kbd_interactive_authentication) log_.error("Keyboard-interactive authentication {}", why);
}

// RFC 4251 section 4.1 [4251-4.1-5]: remembered on first use, compared on every later one.
void HostKeyCheck::remember(const PublicKey& key, bool host, bool address) const {
  if (config_.user_known_hosts_files.empty() || (!host && !address)) return;
  const std::string& path = config_.user_known_hosts_files.front();
  std::vector<HostAndPort> names;
  if (host) names.push_back({host_, port_});
  if (address) names.push_back({*address_, config_.port});
  try {
    if (path != "/dev/null") add_known_host(path, names, key, config_.hash_known_hosts ? &rng_ : nullptr);
    if (host) {
      log_.info("Warning: Permanently added '{}{}' ({}) to the list of known hosts.", name_,
                address ? "," + address_name_ : "", key.short_type());
    } else {
      log_.info("Warning: Permanently added the {} host key for IP address '{}' to the list of known hosts.",
                key.short_type(), address_name_);
    }
  } catch (const std::exception& error) {
    log_.info("Failed to add the host to the list of known hosts ({}): {}", path, error.what());
  }
}

}  // namespace glassh
