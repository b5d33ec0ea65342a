// LoginRecord tells the system who is logged in on which terminal, and since when: utmp(5), wtmp(5) and the lastlog
// file.
//
// Lives as long as the program on the terminal. Job: write the entries, and take them back at the end. who(1), w(1),
// last(1) and lastlog(8) read them. Only root may write them; another server goes on without them. A write that fails
// is logged, and never waits for a lock, which any reader may hold. The files are those of glibc's <utmpx.h>; its
// functions are not used, since they wait for locks by means of alarm(2), which no program with threads should.
//
//   LoginRecord record(files, {"pts/3", "ann", uid, pid, "192.0.2.1"}, log);  …  record.end();
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>

#include "server/log.h"

namespace glassh {

struct LoginRecordFiles {
  std::string utmp = "/var/run/utmp";
  std::string wtmp = "/var/log/wtmp";
  std::string lastlog = "/var/log/lastlog";
};

struct LastLogin {
  std::time_t time = 0;
  std::string host;  // up to 256 bytes of whatever the file has
};
// Returns nullopt if there is no file, or no login of this user in it.
std::optional<LastLogin> last_login(const LoginRecordFiles& files, std::uint32_t uid);

struct LoginEntry {
  std::string line;  // "pts/3"
  std::string user;
  std::uint32_t uid = 0;
  pid_t pid = 0;
  std::string host;  // an address
};

// Written when it is made, taken back by end() or when it is destroyed. A file that is not there stays away.
class LoginRecord {
 public:
  LoginRecord() = default;                                                // no login
  LoginRecord(LoginRecordFiles files, LoginEntry entry, const Log& log);  // log must outlive it
  LoginRecord(const LoginRecord&) = delete;
  LoginRecord& operator=(const LoginRecord&) = delete;
  LoginRecord(LoginRecord&& other) noexcept;
  LoginRecord& operator=(LoginRecord&& other) noexcept;
  ~LoginRecord() { end(); }

  void end();

 private:
  LoginRecordFiles files_;
  LoginEntry entry_;  // pid 0: not recorded, or ended
  const Log* log_ = nullptr;
};

}  // namespace glassh
