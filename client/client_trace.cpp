#include "client/client_trace.h"

#include <fmt/format.h>
#include <unistd.h>

#include "channels/io/observer_file.h"

namespace glassh {
void ClientTrace::also_to(const std::string& path) {
  const std::shared_ptr<const Fd> file = open_observer_file("--trace", path, ObserverFile::trace);
  writer_ = std::make_unique<TraceWriter>(
      TraceWriter::Side::client, [file](std::string_view text) { write_all(file->get(), text); },
      TraceStyle{.colours = ::isatty(file->get()) == 1});
}

TraceSink* ClientTrace::sink() { return writer_ != nullptr || log_.shows(LogLevel::debug1) ? this : nullptr; }

void ClientTrace::packet(Direction direction, std::uint32_t sequence_number, std::string_view cipher, Bytes payload) {
  if (log_.shows(LogLevel::debug3)) {
    log_.line(LogLevel::debug3, fmt::format("{} packet: type {}", direction == Direction::sent ? "send" : "receive",
                                            payload.empty() ? 0 : payload[0]));
  }
  if (writer_ != nullptr) writer_->packet(direction, sequence_number, cipher, payload);
}

void ClientTrace::compressed(Direction direction, std::size_t size) {
  if (writer_ != nullptr) writer_->compressed(direction, size);
}

void ClientTrace::note(std::string_view topic, std::string_view text) {
  const LogLevel level = topic == "exchange hash" ? LogLevel::debug2 : LogLevel::debug1;
  if (log_.shows(level)) log_.line(level, fmt::format("{}: {}", topic, text));
  if (writer_ != nullptr) writer_->note(topic, text);
}

KeyLog open_key_log(const std::string& path) {
  return [file = open_observer_file("--keylog", path, ObserverFile::key_log)](
             Bytes client_cookie, Bytes, Bytes shared_secret, Bytes ephemeral_private) {
    const std::string cookie = hex(client_cookie);
    // K comes as it is hashed; Wireshark's dissector puts the length in front itself.
    std::string lines = fmt::format("{} SHARED_SECRET {}\n", cookie, hex(shared_secret.subspan(4)));
    if (!ephemeral_private.empty()) lines += fmt::format("{} {}\n", cookie, hex(ephemeral_private));
    write_all(file->get(), lines);
  };
}

std::string key_log_warning(const std::string& path) {
  return fmt::format(
      "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n"
      "@   WARNING: THE KEYS OF THIS SESSION ARE WRITTEN DOWN!   @\n"
      "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n"
      "--keylog: whoever reads {} can decrypt everything in it, now and later.",
      path);
}

}  // namespace glassh
