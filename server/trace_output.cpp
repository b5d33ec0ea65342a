#include "server/trace_output.h"

#include <fmt/format.h>
#include <unistd.h>

#include "channels/io/observer_file.h"

namespace glassh {

TraceOutput open_trace(const std::string& path) {
  const auto file = open_observer_file("--trace", path, ObserverFile::trace);
  const auto write = [file](LogLevel, std::string_view text) { write_all(file->get(), text); };
  const auto say_dropped = [file](std::uint64_t lines) {
    write_all(file->get(), fmt::format("{} entries of this trace were dropped, because no program read it\n", lines));
  };
  const auto queue = std::make_shared<OutputQueue>("trace", write, say_dropped);
  return {[queue](std::string_view text) { queue->put(LogLevel::info, std::string(text)); },
          TraceStyle{.colours = ::isatty(file->get()) == 1}, queue};
}

KeyLogOutput open_key_log(const std::string& path, const Log& log) {
  const auto file = open_observer_file("--keylog", path, ObserverFile::key_log);
  const auto write = [file](LogLevel, std::string_view text) { write_all(file->get(), text); };
  // The file itself has only lines that Wireshark reads.
  const auto say_dropped = [path, &log](std::uint64_t lines) {
    log.error("--keylog: the keys of {} key exchanges were dropped, because no program read {}", lines, path);
  };
  const auto queue = std::make_shared<OutputQueue>("key log", write, say_dropped);
  const auto put = [queue](Bytes, Bytes server_cookie, Bytes shared_secret, Bytes ephemeral_private) {
    const std::string cookie = hex(server_cookie);
    // K comes as it is hashed; Wireshark's dissector puts the length in front itself.
    std::string lines = fmt::format("{} SHARED_SECRET {}\n", cookie, hex(shared_secret.subspan(4)));
    if (!ephemeral_private.empty()) lines += fmt::format("{} {}\n", cookie, hex(ephemeral_private));
    queue->put(LogLevel::info, std::move(lines));
  };
  return {put, queue};
}

}  // namespace glassh
