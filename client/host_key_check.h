// Is this the server that we mean? RFC 4251 section 4.1 and RFC 4253 section 8, with known_hosts and the user.
//
// judge_host_key() is the whole policy as a table; HostKeyCheck carries it out: it reads the files, asks, warns and
// remembers. Certificates, DNS fingerprints (RFC 4255) and keys announced by hostkeys-00@openssh.com are not done yet.
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
#include "client/config.h"
#include "client/log.h"
#include "crypto/rng.h"

namespace glassh {

enum class HostKeyAction {
  accept,
  remember,           // accept, and add it to known_hosts
  ask,                // the user; then remember or refuse
  accept_with_alarm,  // although another key is known, or this one is revoked: StrictHostKeyChecking is "no"
  refuse,
};
HostKeyAction judge_host_key(KnownHostStatus status, StrictHostKeyChecking strict, bool can_ask);

// Asks the user and gives the line typed, or nothing. Empty: there is nobody to ask.
using AskUser = std::function<boost::asio::awaitable<std::optional<std::string>>(std::string question)>;

class HostKeyCheck {
 public:
  // `address` is the server's, for the question; nothing behind a ProxyCommand. `config`, `log` and `rng` must outlive
  // this. Files that cannot be read count as empty, with a line in the log.
  HostKeyCheck(const ClientConfig& config, std::optional<std::string> address, ClientLog& log, Rng& rng, AskUser ask);

  // What to propose: config.host_key_algorithms, those for keys that are known for this host first.
  std::vector<std::string> algorithms() const;

  boost::asio::awaitable<bool> accepts(PublicKey key);

 private:
  bool add_file(const std::string& path);
  boost::asio::awaitable<bool> user_agrees(const PublicKey& key, const KnownHostLookup& found) const;
  void alarm(const PublicKey& key, const KnownHostLookup& found) const;
  void say_refused(const PublicKey& key, const KnownHostLookup& found) const;
  void remember(const PublicKey& key) const;

  const ClientConfig& config_;
  const std::string host_;    // HostKeyAlias, or the host
  const std::uint16_t port_;  // 22 with a HostKeyAlias
  const std::string name_;    // as known_hosts has it: "[host]:2222"
  const std::string address_name_;
  ClientLog& log_;
  Rng& rng_;
  const AskUser ask_;
  std::vector<KnownHostsFile> files_;
};

}  // namespace glassh
