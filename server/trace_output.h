// Opens the files of --trace and --keylog.
//
// Both are opened before glasshd leaves the foreground, live as long as the server, and are shared by all threads: each
// piece of text is one write(2) to the end of the file. The text comes from proto/trace_writer and transport.
//
//   const TraceOutput trace = open_trace("-");  const KeyLog key_log = open_key_log("/tmp/keys");
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "proto/trace.h"
#include "transport/key_exchange.h"

namespace glassh {

struct TraceOutput {
  std::function<void(std::string_view)> write;
  TraceStyle style;  // with colours on a terminal
};
// "-" is standard error. A file is written anew, with mode 0600. Throws std::runtime_error.
TraceOutput open_trace(const std::string& path);

// Appends to a file of mode 0600, in the formats that Wireshark reads: for each key exchange
// `<our cookie> SHARED_SECRET <K>` (4.4 and later) and `<our cookie> <ephemeral private key>` (4.0), all in
// hexadecimal. A reader of that file can decrypt the connections, so the caller must warn the user clearly. Throws
// std::runtime_error.
KeyLog open_key_log(const std::string& path);

}  // namespace glassh
