// Fetches a server's host key: connects, runs the key exchange up to the server's reply (RFC 4253 section 8), verifies
// the signature, and disconnects.
//
// It never logs in, and it does not decide whether the key is the right one: the reader of the output has to. A scan
// returns one key, of the type that the question names, so a server with three keys is asked three times. A name is
// resolved, and its addresses are tried in their order until one answers.
//
//   const ScannedKey got = co_await scan_host_key(executor, {.host = "example.com", .algorithms = names}, rng,
//   nullptr);
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "config/syntax.h"
#include "crypto/keys/key.h"
#include "crypto/rng.h"
#include "proto/trace_sink.h"

namespace glassh {

namespace asio = boost::asio;

struct KeyQuestion {
  std::string host;  // a name or a numeric address
  std::uint16_t port = 22;
  AddressFamily family = AddressFamily::any;
  std::vector<std::string> algorithms;  // for host keys of one type; these are proposed to the server
  std::chrono::seconds timeout{5};      // for each address
};

enum class ScanEnd {
  answered,        // there is a key
  unresolved,      // the name has no address
  unreachable,     // no address accepts a connection
  timed_out,       // while connecting, or while waiting for the server
  closed,          // the server hung up
  not_this_type,   // the server answers, but has no such key, or has no algorithm in common with us
  protocol_error,  // the server's bytes are not SSH, or break the protocol
};
struct ScannedKey {
  ScanEnd end = ScanEnd::unreachable;
  std::optional<PublicKey> key;
  std::string server_version;  // "SSH-2.0-…" as the server sent it; empty if it did not
  std::string text;            // the reason, if there is no key
};
// `rng` and `trace` (which may be null) must outlive the call.
asio::awaitable<ScannedKey> scan_host_key(asio::any_io_executor executor, KeyQuestion question, Rng& rng,
                                          TraceSink* trace);

}  // namespace glassh
