// The server's host keys: loaded once at start, offered to every connection, asked to sign exchange hashes.
//
// RFC 4251 section 4.1 [4251-4.1-1]: a server has at least one. A key file that others may read, or that is broken, is
// logged and left out, as sshd does. Where none is configured and none of the system's can be read, one Ed25519 key is
// made under the user's state directory ($XDG_STATE_HOME/glassh or ~/.local/state/glassh). sign() is a coroutine, so
// that another process may hold the keys one day. Certificates and agents (HostKeyAgent) are not done here.
//
//   const HostKeys keys = load_host_keys({"/etc/ssh/ssh_host_ed25519_key"}, log);  co_await keys.sign(…)
#pragma once

#include <boost/asio/awaitable.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "crypto/keys/key.h"
#include "crypto/rng.h"
#include "server/account.h"
#include "server/log.h"
#include "transport/key_exchange.h"

namespace glassh {

class HostKeys {
 public:
  // False if it is there already. Of several keys of one type the first is offered in key exchanges; the others are
  // announced only, for clients to know them when their time comes (server/host_key_proofs).
  bool add(PrivateKey key);
  bool empty() const { return keys_.empty(); }
  const std::vector<PrivateKey>& keys() const { return keys_; }
  std::vector<HostKey> offered() const;  // one of each type
  // Those of `algorithms` that one of the keys can sign with, in their order.
  std::vector<std::string> usable(const std::vector<std::string>& algorithms) const;

  // The signature blob over `hash` by the key whose public blob is `host_key`. Safe from several threads. The arguments
  // are copied before the first suspension. Throws std::runtime_error.
  boost::asio::awaitable<std::vector<std::uint8_t>> sign(std::vector<std::uint8_t> host_key, std::string algorithm,
                                                         std::vector<std::uint8_t> hash) const;

 private:
  std::vector<PrivateKey> keys_;
};

// Each of `paths` that can be used; why another one cannot goes to the log. RSA keys of fewer bits than RequiredRSASize
// cannot.
HostKeys load_host_keys(const std::vector<std::string>& paths, const Log& log, std::uint32_t required_rsa_size = 1024);
// Without a HostKey line: the keys under `system_directory` (/etc/ssh) that we may read; if there is none, the one in
// `state_directory`, which is made with a new key in it if need be; without `rng`, nothing is made. Throws
// std::runtime_error.
HostKeys default_host_keys(const std::string& system_directory, const std::string& state_directory, Rng* rng,
                           const Log& log, std::uint32_t required_rsa_size = 1024);
// $XDG_STATE_HOME/glassh, or ~/.local/state/glassh where that variable is unset, empty or not absolute.
std::string state_directory(const Account& account, const char* xdg_state_home);

}  // namespace glassh
