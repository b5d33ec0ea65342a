// The host key of a server, as it proves it: connects, exchanges keys up to the reply, verifies the signature, and
// leaves. RFC 4253 section 8. It never logs in, and judges nobody: whether the key is the right one is for its reader
// to find out.
//
// A key is of the type that was asked for, so a server with three keys is asked three times. Names are resolved; the
// addresses of a name are tried in their order until one answers.
//
//   const ScannedKey got = co_await scan_host_key(executor, {.host = "example.com", …}, rng, nullptr);
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
  std::vector<std::string> algorithms;  // for host keys, of one type: what is proposed to the server
  std::chrono::seconds timeout{5};      // for each address
};

enum class ScanEnd {
  answered,        // there is a key
  unresolved,      // no address for that name
  unreachable,     // no address can be connected to
  timed_out,       // connecting, or waiting for the server
  closed,          // the server hung up
  not_this_type,   // the server speaks, but has no such key, or we have no algorithm in common
  protocol_error,  // what came is no SSH, or wrong
};
struct ScannedKey {
  ScanEnd end = ScanEnd::unreachable;
  std::optional<PublicKey> key;
  std::string server_version;  // "SSH-2.0-…" as the server sent it; empty if it did not
  std::string text;            // why there is no key
};
// `rng` and `trace` (which may be null) must outlive the call.
asio::awaitable<ScannedKey> scan_host_key(asio::any_io_executor executor, KeyQuestion question, Rng& rng,
                                          TraceSink* trace);

}  // namespace glassh
