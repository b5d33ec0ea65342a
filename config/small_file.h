// Reads and saves the small files that decide who may log in: key files, authorized_keys, known_hosts.
//
// A file is read whole, together with its mode and owner, and saved whole or not at all. The caller decides which modes
// and owners are acceptable. Reading never blocks on a FIFO or a device, and never takes more bytes than a limit.
//
//   const SmallFile file = read_small_file(path, 64 * 1024);  if (file.mode & 077) …
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include "proto/secret_bytes.h"

namespace glassh {

// The operating system refused. what() names the file and the reason; code() has the errno. EINVAL: the file is not a
// regular file. EFBIG: it is larger than the limit.
class FileError : public std::system_error {
 public:
  FileError(int error_number, const std::string& text)
      : std::system_error(error_number, std::generic_category(), text) {}
};

struct SmallFile {
  SecretBytes content;      // it may be a private key
  std::uint32_t mode = 0;   // only the permission bits: 0644
  std::uint32_t owner = 0;  // user id
};
// Mode and owner are those of the file that was read, even if another file takes the name meanwhile. Symbolic links are
// followed. `limit` is in bytes. Throws FileError.
SmallFile read_small_file(const std::string& path, std::size_t limit);

// Whether save_small_file() may replace a file of that name. If not, it throws FileError with EEXIST.
enum class IfExists { refuse, replace };
// Writes a temporary file beside `path` (its name is the file's name and `unique`), forces it to the disk and renames
// it to `path`. The file has `mode` from its first byte on; the umask does not change it. Throws FileError.
void save_small_file(const std::string& path, Bytes content, std::uint32_t mode, std::string_view unique,
                     IfExists if_exists);

// Adds a line to a file, and makes the file with `mode` if it does not exist. If the last line has no newline, it gets
// one first. The new line goes out in one write, so the lines of programs that do this at the same time do not mix. If
// only a part of the line can be written, that part is removed again. Throws FileError.
void append_line(const std::string& path, std::string_view line, std::uint32_t mode);

}  // namespace glassh
