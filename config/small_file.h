// Small files that decide who may log in: read whole, with what the operating system says about them; saved whole or
// not at all.
//
// Key files, authorized_keys and known_hosts go through here. What modes and owners are good enough is the caller's
// business. Reading never blocks on a FIFO or a device, and never takes more than a limit.
//
//   const SmallFile file = read_small_file(path, 64 * 1024);  if (file.mode & 077) …
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include "proto/secret_bytes.h"

namespace glassh {

// The operating system said no. what() names the file and the reason; code() has the errno. A file that is not a
// regular file or is too large is EINVAL or EFBIG.
class FileError : public std::system_error {
 public:
  FileError(int error_number, const std::string& text)
      : std::system_error(error_number, std::generic_category(), text) {}
};

struct SmallFile {
  SecretBytes content;      // it may be a private key
  std::uint32_t mode = 0;   // permission bits only: 0644
  std::uint32_t owner = 0;  // user id
};
// The facts are those of the file that was read, not of whatever has the name later. Symbolic links are followed.
SmallFile read_small_file(const std::string& path, std::size_t limit);

// Whether a file of that name may be replaced. A refusal is a FileError with EEXIST.
enum class IfExists { refuse, replace };
// Writes a temporary file beside `path` (its name and `unique`), forces it to the disk and gives it the name. The mode
// holds from the first byte on, whatever the umask.
void save_small_file(const std::string& path, Bytes content, std::uint32_t mode, std::string_view unique,
                     IfExists if_exists);

// Adds a line to a file, which is made with `mode` if there is none. A last line without an end gets one first. The new
// line goes out in one write, so that programs which do so at the same time do not mix theirs. If not all of it can be
// written, none of it stays.
void append_line(const std::string& path, std::string_view line, std::uint32_t mode);

}  // namespace glassh
