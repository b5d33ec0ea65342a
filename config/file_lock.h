// FileLock keeps other programs of ours from changing a file, such as known_hosts, that is read, edited and replaced.
//
// Without it the second of two programs would replace the file by a text that lacks the change of the first one. The
// lock is flock(2) on PATH.lock, which is made with mode 0600 and removed afterwards: a lock on the file itself would
// be lost when the file is replaced, and any user who may read the file could hold it. OpenSSH's programs take no lock.
//
//   const FileLock lock(path);  … read_known_hosts(path) …  replace_known_hosts(path, text, rng);
#pragma once

#include <string>

namespace glassh {

class FileLock {
 public:
  // Waits until the other program has finished. A symbolic link is followed, so that all names of a file share a lock.
  // If there is no such file, or its directory cannot be written, there is nothing to lock: the file cannot be replaced
  // then. Throws FileError (config/small_file.h) for other errors.
  explicit FileLock(const std::string& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  std::string path_;  // of the lock; empty: nothing is locked
  int file_ = -1;
};

}  // namespace glassh
