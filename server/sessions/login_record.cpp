#include "server/sessions/login_record.h"

#include <algorithm>
#include <chrono>
#include <cstring>
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

// Goes with the descriptor. Somebody who keeps the lock would keep us from serving, so we do without the record then.
bool lock(const Fd& file) {
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  return ::fcntl(file.get(), F_OFD_SETLK, &whole) == 0;
}

// The entry of the same terminal is replaced; a new one goes to the end.
void write_utmp(const std::string& path, const utmpx& record) {
  const Fd file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!file || !lock(file)) return;
  off_t place = 0;
  utmpx each{};
  while (::pread(file.get(), &each, sizeof each, place) == static_cast<ssize_t>(sizeof each)) {
    const bool of_terminals = each.ut_type >= INIT_PROCESS && each.ut_type <= DEAD_PROCESS;
    if (of_terminals && std::memcmp(each.ut_id, record.ut_id, sizeof each.ut_id) == 0) break;
    place += sizeof each;
  }
  (void)!::pwrite(file.get(), &record, sizeof record, place);
}

void append_wtmp(const std::string& path, const utmpx& record) {
  const Fd file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  if (file && lock(file)) (void)!::write(file.get(), &record, sizeof record);
}

off_t place_in_lastlog(std::uint32_t uid) { return static_cast<off_t>(uid) * static_cast<off_t>(sizeof(lastlog)); }

void write_lastlog(const std::string& path, const LoginEntry& entry, std::int32_t time) {
  const Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return;
  lastlog record{};
  record.ll_time = time;
  copy(record.ll_line, entry.line);
  copy(record.ll_host, entry.host);
  (void)!::pwrite(file.get(), &record, sizeof record, place_in_lastlog(entry.uid));
}

}  // namespace

std::optional<LastLogin> last_login(const LoginRecordFiles& files, std::uint32_t uid) {
  const Fd file(::open(files.lastlog.c_str(), O_RDONLY | O_CLOEXEC));
  lastlog record{};
  if (!file || ::pread(file.get(), &record, sizeof record, place_in_lastlog(uid)) != sizeof record) return std::nullopt;
  if (record.ll_time == 0) return std::nullopt;
  return LastLogin{record.ll_time, std::string(record.ll_host, ::strnlen(record.ll_host, sizeof record.ll_host))};
}

LoginRecord::LoginRecord(LoginRecordFiles files, LoginEntry entry)
    : files_(std::move(files)), entry_(std::move(entry)) {
  const utmpx record = record_of(entry_, USER_PROCESS);
  write_utmp(files_.utmp, record);
  append_wtmp(files_.wtmp, record);
  write_lastlog(files_.lastlog, entry_, record.ut_tv.tv_sec);
}

LoginRecord::LoginRecord(LoginRecord&& other) noexcept
    : files_(std::move(other.files_)), entry_(std::exchange(other.entry_, {})) {}

LoginRecord& LoginRecord::operator=(LoginRecord&& other) noexcept {
  if (this == &other) return *this;
  end();
  files_ = std::move(other.files_);
  entry_ = std::exchange(other.entry_, {});
  return *this;
}

void LoginRecord::end() {
  if (entry_.pid == 0) return;
  const utmpx record = record_of(entry_, DEAD_PROCESS);
  write_utmp(files_.utmp, record);
  append_wtmp(files_.wtmp, record);
  entry_ = {};
}

}  // namespace glassh
