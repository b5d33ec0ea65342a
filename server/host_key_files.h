// The host keys that are read from files when the server starts, and at SIGHUP.
//
// RFC 4251 section 4.1 [4251-4.1-1]: a server has at least one. A key file that others may read, or that is broken, is
// logged and left out, as sshd does. Where none is configured and none of the system's can be read, one Ed25519 key is
// made under the user's state directory ($XDG_STATE_HOME/glassh or ~/.local/state/glassh). Certificates and agents
// (HostKeyAgent) are not done here.
//
//   const HostKeySigner keys = load_host_keys({"/etc/ssh/ssh_host_ed25519_key"}, log);
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "crypto/rng.h"
#include "server/account.h"
#include "server/host_key_signer.h"
#include "server/log.h"

namespace glassh {

// Each of `paths` that can be used; why another one cannot goes to the log. RSA keys of fewer bits than RequiredRSASize
// cannot.
HostKeySigner load_host_keys(const std::vector<std::string>& paths, const Log& log,
                             std::uint32_t required_rsa_size = 1024);
// Without a HostKey line: the keys under `system_directory` (/etc/ssh) that we may read; if there is none, the one in
// `state_directory`, which is made with a new key in it if need be; without `rng`, nothing is made. Throws
// std::runtime_error.
HostKeySigner default_host_keys(const std::string& system_directory, const std::string& state_directory, Rng* rng,
                                const Log& log, std::uint32_t required_rsa_size = 1024);
// $XDG_STATE_HOME/glassh, or ~/.local/state/glassh where that variable is unset, empty or not absolute.
std::string state_directory(const Account& account, const char* xdg_state_home);

}  // namespace glassh
