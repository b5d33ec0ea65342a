// What -v, --trace and --keylog show of a connection. They hang on the core and change nothing there.
//
//   ClientTrace trace(log);  trace.also_to("-");  ClientConnection connection(settings, rng, trace.sink());
#pragma once

#include <memory>
#include <string>

#include "client/client_log.h"
#include "proto/trace_writer.h"
#include "transport/key_exchange.h"

namespace glassh {

// Decisions go to the log at debug1 (the exchange hash's inputs at debug2), packet numbers at debug3, as with ssh -vvv;
// and everything to --trace's file.
class ClientTrace final : public TraceSink {
 public:
  explicit ClientTrace(ClientLog& log) : log_(log) {}  // log must outlive this

  // --trace: "-" is standard error; a file is written anew, with mode 0600. Throws std::runtime_error.
  void also_to(const std::string& path);
  // Null if nobody would see anything.
  TraceSink* sink();

  void packet(Direction direction, std::uint32_t sequence_number, std::string_view cipher, Bytes payload) override;
  void compressed(Direction direction, std::size_t size) override;
  void note(std::string_view topic, std::string_view text) override;

 private:
  ClientLog& log_;
  std::unique_ptr<TraceWriter> writer_;
};

// --keylog: appends to a file of mode 0600, two lines for each key exchange, in hexadecimal: `<our cookie>
// SHARED_SECRET <K>` (Wireshark 4.4 and later) and `<our cookie> <ephemeral private key>` (4.0). Throws
// std::runtime_error.
KeyLog open_key_log(const std::string& path);
// For the log and the terminal: whoever reads that file can decrypt the connection.
std::string key_log_warning(const std::string& path);

}  // namespace glassh
