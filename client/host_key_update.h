// UpdateHostKeys: the server announces all its host keys (OpenSSH PROTOCOL section 2.5), proves those that we did not
// know, and the user's known_hosts files follow: new keys in, old ones out.
//
// It begins only where the key of the login was trusted by itself (HostKeyCheck::may_update). Nothing is written before
// every new key has signed this session's identifier. Whatever the server does wrong leaves the files as they are. What
// changes in them is auth/known_hosts_update's business.
//
//   update.on_announced(request.details);  …  if (update.awaits(answer)) co_await update.on_proof(answer, ask);
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
  // All must outlive this. `ask` is for UpdateHostKeys ask; empty: nobody can be asked, and nothing is changed.
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
