// HostKeyCheck checks that the server is the one that the user means: RFC 4251 section 4.1 and RFC 4253 section 8, with
// known_hosts and the user's answers.
//
// Lives as long as the connection. Job: carry out judge_host_key(), which is the whole policy as a table. It reads the
// files, asks, warns, and adds keys: for the name and, with CheckHostIP, for the address. Keys that the server
// announces later are host_key_update's job. Certificates and DNS fingerprints (RFC 4255) are not supported.
//
//   HostKeyCheck check(config, stream.address(), log, rng, ask);  proposal.host_key = check.algorithms();
//   if (co_await check.accepts(offered)) connection.accept_host_key();
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "auth/known_hosts.h"
#include "client/client_log.h"
#include "client/config/client_config.h"
#include "crypto/keys/credential.h"
#include "crypto/rng.h"

namespace glassh {

enum class HostKeyAction {
  accept,
  remember,           // accept, and add the key to known_hosts
  ask,                // ask the user; then remember or refuse
  accept_with_alarm,  // accept although another key is known: StrictHostKeyChecking is "no"
  refuse,
};
// `complete`: all known keys of the host could be read and compared.
HostKeyAction judge_host_key(KnownHostStatus status, StrictHostKeyChecking strict, bool can_ask, bool complete);

// Asks the user and returns the typed line, or nullopt. An empty function: there is no person to ask.
using AskUser = std::function<boost::asio::awaitable<std::optional<std::string>>(std::string question)>;

class HostKeyCheck {
 public:
  // `address` is the server's, numeric; nullopt behind a ProxyCommand. `config`, `log` and `rng` must outlive this
  // object. A file that cannot be read is an error in the log, and then no key counts as certainly new.
  HostKeyCheck(const ClientConfig& config, std::optional<std::string> address, ClientLog& log, Rng& rng, AskUser ask);

  // Returns the algorithms to propose: config.host_key_algorithms, first those for keys that are known for this host.
  std::vector<std::string> algorithms() const;

  // If it returns false or throws, the key must not be accepted. Known attack 67 (conformance/known_attacks) is a
  // client that took an error in this check for success.
  boost::asio::awaitable<bool> accepts(Credential offered);
  // Whether accepts() has accepted a key although another one is known. Then the peer must get nothing that it could
  // pass on: no password, no answer to a question, no forwarded agent or port.
  bool unsafe() const { return unsafe_; }
  // To be called after accepts() returned true: whether the server's later announcements of keys may change the user's
  // files. They may if the key was known from one of the user's own files, or if the user accepted it. They may not if
  // it was accepted or remembered without the user's look at it.
  bool may_update() const { return may_update_; }

  const std::string& name() const { return name_; }  // in the form of known_hosts
  // Returns the names under which a key is remembered: the host, and with CheckHostIP its address.
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
  const std::string name_;    // in the form of known_hosts: "[host]:2222"
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
