// Reads one IdentityFile: its public half, which needs no passphrase, and its private half, for which the user may have
// to type one.
//
// The public half is in the file itself if that is a public key (an agent then has the private one), or else in
// FILE.pub, or else in the part of the private file that is not encrypted. A private key that other users may read is
// refused with a clear warning. The choice and order of the keys is client/identities' job.
//
//   const PublicHalf half = find_public_half(path);  …  auto file = co_await open_private_key(executor, path, how);
#pragma once

#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "client/client_log.h"
#include "client/terminal/asker.h"
#include "crypto/key_files/key_file.h"
#include "crypto/keys/credential.h"

namespace glassh {

struct PublicHalf {
  std::optional<Credential> credential;  // as the file lists it
  std::string from;                      // the file it was in, for the log
  bool only = false;                     // the file is a public key, there is no private one in it
  bool locked = false;                   // the key is in there, but cannot be known without the passphrase
  std::optional<int> missing;            // neither file is there: an errno
  std::string problem;                   // else: why there is no key
};
PublicHalf find_public_half(const std::string& path);

struct HowToOpen {
  const Asker& asker;
  ClientLog& log;
  unsigned prompts = 3;  // the number of passphrases that may be typed; 0: never ask
};
// Reads the private key, with up to how.prompts passphrases. Returns nullopt if it cannot be used; the log says why.
boost::asio::awaitable<std::optional<PrivateKeyFile>> open_private_key(boost::asio::any_io_executor executor,
                                                                       std::string path, HowToOpen how);

}  // namespace glassh
