#include "server/sessions/login_record.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <lastlog.h>
#include <unistd.h>
#include <utmpx.h>

#include "channels/io/fd.h"

namespace glassh {
namespace {

// Not ended by a zero where the text fills it: utmp(5).
template <std::size_t Size>
void copy(char (&field)[Size], std::string_view text) {
  std::memcpy(field, text.data(), std::min(Size, text.size()));
}

// "ts/3" for "pts/3": what tells the terminals apart in four bytes, as everybody does it.
std::string id_of(const std::string& line) { return line.size() > 4 ? line.substr(line.size() - 4) : line; }

void set_time(utmpx& record) {
  using namespace std::chrono;
  const auto now = system_clock::now().time_since_epoch();
  record.ut_tv.tv_sec = static_cast<std::int32_t>(duration_cast<seconds>(now).count());
  record.ut_tv.tv_usec = static_cast<std::int32_t>(duration_cast<microseconds>(now % seconds(1)).count());
}

utmpx record_of(const LoginEntry& entry, short type) {
  utmpx record{};
  record.ut_type = type;
  record.ut_pid = entry.pid;
  copy(record.ut_line, entry.line);
  copy(record.ut_id, id_of(entry.line));
  set_time(record);
  if (type != USER_PROCESS) return record;
  copy(record.ut_user, entry.user);
  copy(record.ut_host, entry.host);
  if (::inet_pton(AF_INET, entry.host.c_str(), record.ut_addr_v6) != 1) {
    ::inet_pton(AF_INET6, entry.host.c_str(), record.ut_addr_v6);
  }
  return record;
}

// Goes with the descriptor. Other writers mind it. Any user may hold a lock as a reader, so we write without one then.
void try_to_lock(const Fd& file) {
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  (void)::fcntl(file.get(), F_OFD_SETLK, &whole);
}

// Throws std::system_error, unless there is no such file.
Fd open_if_there(const std::string& path, int flags) {
  Fd file(::open(path.c_str(), flags | O_CLOEXEC));
  if (!file && errno != ENOENT) throw std::system_error(errno, std::generic_category(), path);
  return file;
}

// One write to the end, which is atomic beside others. Of one that a full disk cuts short nothing stays: the records
// behind it could not be read.
void append(const std::string& path, const Fd& file, const utmpx& record) {
  const ssize_t written = ::write(file.get(), &record, sizeof record);
  if (written == static_cast<ssize_t>(sizeof record)) return;
  const int reason = written < 0 ? errno : ENOSPC;
  const off_t end = ::lseek(file.get(), 0, SEEK_CUR);
  if (written > 0 && end == ::lseek(file.get(), 0, SEEK_END)) (void)!::ftruncate(file.get(), end - written);
  throw std::system_error(reason, std::generic_category(), path);
}

// The entry of the same terminal is replaced; a new one goes to the end.
void write_utmp(const std::string& path, const utmpx& record) {
  const Fd file = open_if_there(path, O_RDWR);
  if (!file) return;
  try_to_lock(file);
  off_t place = 0;
  utmpx each{};
  while (::pread(file.get(), &each, sizeof each, place) == static_cast<ssize_t>(sizeof each)) {
    const bool of_terminals = each.ut_type >= INIT_PROCESS && each.ut_type <= DEAD_PROCESS;
    if (of_terminals && std::memcmp(each.ut_id, record.ut_id, sizeof each.ut_id) == 0) {
      if (::pwrite(file.get(), &record, sizeof record, place) == static_cast<ssize_t>(sizeof record)) return;
      throw std::system_error(errno, std::generic_category(), path);
    }
    place += sizeof each;
  }
  append(path, open_if_there(path, O_WRONLY | O_APPEND), record);
}

void append_wtmp(const std::string& path, const utmpx& record) {
  const Fd file = open_if_there(path, O_WRONLY | O_APPEND);
  if (file) append(path, file, record);
}

off_t place_in_lastlog(std::uint32_t uid) { return static_cast<off_t>(uid) * static_cast<off_t>(sizeof(lastlog)); }

void write_lastlog(const std::string& path, const LoginEntry& entry, std::int32_t time) {
  const Fd file = open_if_there(path, O_WRONLY);
  if (!file) return;
  lastlog record{};
  record.ll_time = time;
  copy(record.ll_line, entry.line);
  copy(record.ll_host, entry.host);
  const off_t place = place_in_lastlog(entry.uid);
  if (::pwrite(file.get(), &record, sizeof record, place) == static_cast<ssize_t>(sizeof record)) return;
  throw std::system_error(errno, std::generic_category(), path);
}

// A file that cannot be written keeps no other from being written.
template <class Write>
void attempt(const Log& log, Write write) {
  try {
    write();
  } catch (const std::system_error& error) {
    log.error("login record: cannot write {}", error.what());
  }
}

}  // namespace

std::optional<LastLogin> last_login(const LoginRecordFiles& files, std::uint32_t uid) {
  const Fd file(::open(files.lastlog.c_str(), O_RDONLY | O_CLOEXEC));
  lastlog record{};
  if (!file || ::pread(file.get(), &record, sizeof record, place_in_lastlog(uid)) != sizeof record) return std::nullopt;
  if (record.ll_time == 0) return std::nullopt;
  return LastLogin{record.ll_time, std::string(record.ll_host, ::strnlen(record.ll_host, sizeof record.ll_host))};
}

LoginRecord::LoginRecord(LoginRecordFiles files, LoginEntry entry, const Log& log)
    : files_(std::move(files)), entry_(std::move(entry)), log_(&log) {
  const utmpx record = record_of(entry_, USER_PROCESS);
  attempt(log, [&] { write_utmp(files_.utmp, record); });
  attempt(log, [&] { append_wtmp(files_.wtmp, record); });
  attempt(log, [&] { write_lastlog(files_.lastlog, entry_, record.ut_tv.tv_sec); });
}

LoginRecord::LoginRecord(LoginRecord&& other) noexcept
    : files_(std::move(other.files_)), entry_(std::exchange(other.entry_, {})), log_(other.log_) {}

LoginRecord& LoginRecord::operator=(LoginRecord&& other) noexcept {
  if (this == &other) return *this;
  end();
  files_ = std::move(other.files_);
  entry_ = std::exchange(other.entry_, {});
  log_ = other.log_;
  return *this;
}

void LoginRecord::end() {
  if (entry_.pid == 0) return;
  const utmpx record = record_of(entry_, DEAD_PROCESS);
  attempt(*log_, [&] { write_utmp(files_.utmp, record); });
  attempt(*log_, [&] { append_wtmp(files_.wtmp, record); });
  entry_ = {};
}

}  // namespace glassh
