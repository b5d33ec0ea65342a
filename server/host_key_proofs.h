// OpenSSH PROTOCOL section 2.5, the server's part: all host keys are announced after the login, and the client may ask
// for a proof of each that it did not know, so that it will trust the next key before this one is gone.
//
// Lives from the login to the end of the connection. Job: announces the keys, decides which requests are granted, and
// has the keeper sign. A proof is a signature over the session identifier, so it is good for nothing but this
// connection. Each key signs once per connection, as in OpenSSH 10.5: a request for a key that has signed, or that is
// not ours, fails.
//
//   proofs.announce(core.channels(), peer_version);  …  co_await proofs.prove(request.details)
#pragma once

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string_view>
#include <vector>

#include "channels/channels.h"
#include "server/host_keys.h"
#include "server/log.h"
#include "server/login/keeper.h"

namespace glassh {

class HostKeyProofs {
 public:
  // All must outlive this.
  HostKeyProofs(const HostKeys& host_keys, KeeperRecord& record, const Log& log);

  // Once, after the login. Old peers that stumble over the message do not get it: `peer_version` is the client's
  // identification.
  void announce(Channels& channels, std::string_view peer_version) const;
  // The details of REQUEST_SUCCESS: a signature for each key asked for. Nothing: the request fails. Throws
  // ProtocolError if the request does not decode.
  boost::asio::awaitable<std::optional<std::vector<std::uint8_t>>> prove(Bytes request);

 private:
  std::optional<std::vector<std::vector<std::uint8_t>>> wanted(Bytes request);

  const HostKeys& host_keys_;
  KeeperRecord& record_;
  const Log& log_;
  std::vector<std::vector<std::uint8_t>> proved_;  // the keys that have signed
};

}  // namespace glassh
