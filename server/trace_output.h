// Opens the files of --trace and --keylog.
//
// Both are opened before glasshd leaves the foreground, live as long as the server, and are shared by all threads
// through their queues. The text comes from proto/trace_writer and transport; channels/io/observer_file has the rules
// of the files.
//
//   const TraceOutput trace = open_trace("-");  …  trace.queue->start();  trace.write("…\n");
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "proto/trace.h"
#include "server/log.h"
#include "server/output_queue.h"
#include "transport/key_exchange.h"

namespace glassh {

struct TraceOutput {
  std::function<void(std::string_view)> write;
  TraceStyle style;                    // with colours on a terminal
  std::shared_ptr<OutputQueue> queue;  // null: off
};
// "-" is standard error. A file is written anew. Throws std::runtime_error.
TraceOutput open_trace(const std::string& path);

struct KeyLogOutput {
  KeyLog write;
  std::shared_ptr<OutputQueue> queue;  // null: off
};
// Appends to a file, in the formats that Wireshark reads: for each key exchange `<our cookie> SHARED_SECRET <K>` (4.4
// and later) and `<our cookie> <ephemeral private key>` (4.0), all in hexadecimal. A reader of that file can decrypt
// the connections, so the caller must warn the user clearly. `log` must outlive it. Throws std::runtime_error.
KeyLogOutput open_key_log(const std::string& path, const Log& log);

}  // namespace glassh
