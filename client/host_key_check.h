// Is this the server that we mean? RFC 4251 section 4.1 and RFC 4253 section 8, with known_hosts and the user.
//
// judge_host_key() is the whole policy as a table; HostKeyCheck carries it out: it reads the files, asks, warns and
// remembers, for the name and with CheckHostIP for the address. Keys that are announced later are host_key_update's
// business. Certificates and DNS fingerprints (RFC 4255) are not done yet.
//
//   HostKeyCheck check(config, stream.address(), log, rng, ask);  proposal.host_key = check.algorithms();
//   if (co_await check.accepts(key)) connection.accept_host_key();
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "auth/known_hosts.h"
#include "client/client_log.h"
#include "client/config/client_config.h"
#include "crypto/rng.h"

namespace glassh {

enum class HostKeyAction {
  accept,
  remember,           // accept, and add it to known_hosts
  ask,                // the user; then remember or refuse
  accept_with_alarm,  // although another key is known: StrictHostKeyChecking is "no"
  refuse,
};
// `complete`: all that is known of the host could be read and compared.
HostKeyAction judge_host_key(KnownHostStatus status, StrictHostKeyChecking strict, bool can_ask, bool complete);

// Asks the user and gives the line typed, or nothing. Empty: there is nobody to ask.
using AskUser = std::function<boost::asio::awaitable<std::optional<std::string>>(std::string question)>;

class HostKeyCheck {
 public:
  // `address` is the server's, numeric; nothing behind a ProxyCommand. `config`, `log` and `rng` must outlive this.
  // A file that the system does not let us read is an error in the log, and then no key counts as certainly new.
  HostKeyCheck(const ClientConfig& config, std::optional<std::string> address, ClientLog& log, Rng& rng, AskUser ask);

  // What to propose: config.host_key_algorithms, those for keys that are known for this host first.
  std::vector<std::string> algorithms() const;

  // False, or an exception: the key must not be accepted (past vulnerability 67: an error is never a yes).
  boost::asio::awaitable<bool> accepts(PublicKey key);
  // After accepts() said yes to a key that is not the one that is known. Whoever is at the other end must get nothing
  // that can be passed on: no password, no answer to a question, no forwarded agent or port.
  bool unsafe() const { return unsafe_; }
  // After accepts() said yes: whether what the server then says about its keys may change the user's files. It may if
  // the key was known, from one of the user's own files, or the user accepted it; not if it was let pass or remembered
  // unseen.
  bool may_update() const { return may_update_; }

  const std::string& name() const { return name_; }  // as known_hosts has it
  // What a key is remembered under: the host, and with CheckHostIP its address.
  std::vector<HostAndPort> names() const;

 private:
  bool add_file(const std::string& path);
  bool is_exempt() const;
  bool address_counts() const;
  boost::asio::awaitable<bool> user_agrees(const PublicKey& key, const KnownHostLookup& found) const;
  boost::asio::awaitable<bool> address_agrees(const PublicKey& key, const KnownHostLookup& found,
                                              const KnownHostLookup& by_address) const;
  std::string first_contact_question(const PublicKey& key, const KnownHostLookup& found) const;
  std::string picture(const PublicKey& key) const;
  bool trusted_by_user(const KnownHostLookup& found) const;
  void say_match(const PublicKey& key, const KnownHostLookup& found) const;
  void alarm(const PublicKey& key, const KnownHostLookup& found, const KnownHostLookup* by_address) const;
  void say_refused(const PublicKey& key, const KnownHostLookup& found, const KnownHostLookup* by_address) const;
  void say_unsafe() const;
  void remember(const PublicKey& key, bool host, bool address) const;

  const ClientConfig& config_;
  const std::optional<std::string> address_;
  const std::string host_;    // HostKeyAlias, or the host
  const std::uint16_t port_;  // 22 with a HostKeyAlias
  const std::string name_;    // as known_hosts has it: "[host]:2222"
  const std::string address_name_;
  ClientLog& log_;
  Rng& rng_;
  const AskUser ask_;
  std::vector<KnownHostsFile> files_;
  bool all_files_read_ = true;
  bool unsafe_ = false;
  bool may_update_ = false;
};

}  // namespace glassh
