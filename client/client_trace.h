// ClientTrace passes the core's trace to the log of -v and to the file of --trace; open_key_log() is for --keylog.
//
// Lives as long as the connection. Job: format the core's decisions and packets. It only observes: the core behaves the
// same without it.
//
//   ClientTrace trace(log);  trace.also_to("-");  ClientConnection connection(settings, rng, trace.sink());
#pragma once

#include <memory>
#include <string>

#include "client/client_log.h"
#include "proto/trace_writer.h"
#include "transport/key_exchange.h"

namespace glassh {

// Decisions go to the log at debug1 (the exchange hash's inputs at debug2), packet numbers at debug3, as with ssh -vvv.
// All of it goes to --trace's file.
class ClientTrace final : public TraceSink {
 public:
  explicit ClientTrace(ClientLog& log) : log_(log) {}  // log must outlive this

  // --trace: "-" is standard error; a file is written anew. channels/io/observer_file has the rules of both files.
  // Throws std::runtime_error.
  void also_to(const std::string& path);
  // Returns null if neither the log's level nor a file would show any of it.
  TraceSink* sink();

  void packet(Direction direction, std::uint32_t sequence_number, std::string_view cipher, Bytes payload) override;
  void compressed(Direction direction, std::size_t size) override;
  void note(std::string_view topic, std::string_view text) override;

 private:
  ClientLog& log_;
  std::unique_ptr<TraceWriter> writer_;
};

// --keylog: appends to a file, two lines for each key exchange, in hexadecimal: `<our cookie>
// SHARED_SECRET <K>` (Wireshark 4.4 and later) and `<our cookie> <ephemeral private key>` (4.0). Throws
// std::runtime_error.
KeyLog open_key_log(const std::string& path);
// Returns the warning for the log and the terminal that a reader of that file can decrypt the connection.
std::string key_log_warning(const std::string& path);

}  // namespace glassh
