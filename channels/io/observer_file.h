// Opens the files of --trace and --keylog, for both programs, and writes to them. They show what should stay between
// two peers, so no other user may read them, and none may have put a link in their place.
//
// A regular file is new, with mode 0600, or it is ours and unreadable for others; its last name is not a symbolic link.
// Devices, FIFOs and descriptors that we inherited (/dev/stderr, /dev/fd/3) are possible, too; with --keylog only if
// they are ours. Opening a FIFO that has no reader fails at once.
//
//   const auto file = open_observer_file("--trace", path, ObserverFile::trace);  write_all(file->get(), "…\n");
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "channels/io/fd.h"

namespace glassh {

enum class ObserverFile {
  trace,   // a regular file is emptied; "-" is standard error
  key_log  // a regular file is appended to
};

// `option` is for the message. Throws std::runtime_error: "--trace: /tmp/t: other users may read it (mode 0644) …".
std::shared_ptr<const Fd> open_observer_file(const std::string& option, const std::string& path, ObserverFile kind);

// Waits if `fd` has no room. What fails is lost: an observer never disturbs what it observes.
void write_all(int fd, std::string_view text);

}  // namespace glassh
