// HostKeyUpdate carries out UpdateHostKeys: the server announces all its host keys (OpenSSH PROTOCOL section 2.5) and
// proves the new ones; new keys are added to the user's known_hosts files, old ones are removed.
//
// Lives from the login to the end of the connection. Job: ask for the proofs, check them, and write the files. It
// starts only if the key of the login was trusted by itself (HostKeyCheck::may_update). It writes only after every new
// key has signed this session's identifier. If the server makes a mistake, the files stay as they are.
// auth/known_hosts_update finds out the changes.
//
//   co_await update.on_announced(details);  …  if (update.awaits(answer)) co_await update.on_proof(true, proofs);
#pragma once

#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "auth/known_hosts_update.h"
#include "client/client_connection.h"
#include "client/client_log.h"
#include "client/config/client_config.h"
#include "client/host_key_check.h"

namespace glassh {

class HostKeyUpdate {
 public:
  // The references must outlive this object. `ask` is for "UpdateHostKeys ask"; if it is empty, no file is changed
  // then.
  HostKeyUpdate(const ClientConfig& config, const HostKeyCheck& check, ClientConnection& connection, ClientLog& log,
                Rng& rng, AskUser ask);

  // hostkeys-00@openssh.com: asks for proofs if there are new keys. Throws ProtocolError if it does not decode.
  boost::asio::awaitable<void> on_announced(Bytes details);
  bool awaits(const GlobalRequestAnswered& answer) const { return asked_ != 0 && answer.request == asked_; }
  boost::asio::awaitable<void> on_proof(bool success, Bytes details);

 private:
  bool wanted() const;
  std::vector<PublicKey> usable_keys(Bytes details) const;
  bool permitted(const PublicKey& key) const;
  bool all_proved(Bytes details) const;
  bool proved(const PublicKey& key, Bytes signature) const;
  boost::asio::awaitable<void> apply();
  boost::asio::awaitable<bool> user_agrees() const;
  void say_changes(LogLevel level) const;
  void write_files() const;
  void write_file(const std::string& path, std::span<const PublicKey> keys) const;

  const ClientConfig& config_;
  const HostKeyCheck& check_;
  ClientConnection& connection_;
  ClientLog& log_;
  Rng& rng_;
  const AskUser ask_;
  bool seen_ = false;
  std::uint64_t asked_ = 0;  // the request for proofs, while it is not answered
  std::vector<PublicKey> announced_;
  HostKeyChanges changes_;
};

}  // namespace glassh
