// sshd_config(5) for glasshd: what it says, checked and typed, with every default filled in.
//
// The first value obtained wins and the command line comes first. A keyword that OpenSSH 9.2 to 10 knows and we do not
// do yet is accepted with a note where ignoring it is harmless and refused where it would open what the administrator
// closed (server/config_keywords.cpp has the table); any other keyword is an error with file and line. Include works;
// Match is refused. Only Include and file() read files; nothing is looked up in the system.
//
//   ServerConfigReader reader(our_algorithm_names());
//   reader.options(options);  reader.file("/etc/ssh/sshd_config");  const ServerConfig config = reader.finish();
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "auth/config_algorithms.h"
#include "auth/config_syntax.h"
#include "server/options.h"

namespace glassh {

// Connections that have not logged in: from `start` on, refuse `rate` percent, rising to all of them at `full`.
struct MaxStartups {
  std::uint32_t start = 10, rate = 30, full = 100;
  bool operator==(const MaxStartups&) const = default;
};
struct SubsystemCommand {
  std::string name;
  std::string command;  // with its arguments, for a shell
  bool operator==(const SubsystemCommand&) const = default;
};
struct ListenEndpoint {
  std::string host;         // a name or an address; "0.0.0.0" and "::" are the wildcards
  std::uint16_t port = 22;  // 0: the system chooses
  bool operator==(const ListenEndpoint&) const = default;
};

struct ServerConfig {
  std::vector<std::uint16_t> ports;        // never empty
  std::vector<HostPort> listen_addresses;  // as written; see endpoints()
  AddressFamily address_family = AddressFamily::any;
  std::vector<std::string> host_keys;  // paths; empty: the program's default
  // Paths with the tokens %h %u %U %%, relative to the home directory; empty: none. See authorized_keys_paths().
  std::vector<std::string> authorized_keys_files = {".ssh/authorized_keys", ".ssh/authorized_keys2"};
  bool pubkey_authentication = true;
  std::vector<std::string> ciphers;  // in order of preference; never empty, as the next four
  std::vector<std::string> macs;
  std::vector<std::string> kex_algorithms;
  std::vector<std::string> host_key_algorithms;
  std::vector<std::string> pubkey_accepted_algorithms;
  RekeyLimit rekey_limit;
  std::uint32_t login_grace_seconds = 120;  // 0: no limit
  std::uint32_t max_auth_tries = 6;
  std::uint32_t max_sessions = 10;  // 0: no shell, command or subsystem at all
  MaxStartups max_startups;
  std::vector<std::string> accept_env;  // patterns
  LogLevel log_level = LogLevel::info;
  std::string syslog_facility = "AUTH";
  std::string pid_file;  // empty: none
  bool strict_modes = true;
  std::vector<SubsystemCommand> subsystems;
  std::uint32_t client_alive_interval_seconds = 0;  // 0: off
  std::uint32_t client_alive_count_max = 3;         // 0: never disconnect

  // Where to listen: each ListenAddress with its port, or with each Port; without any, the wildcard of each family.
  std::vector<ListenEndpoint> endpoints() const;
  const SubsystemCommand* subsystem(std::string_view name) const;  // null if there is none
  bool accepts_env(std::string_view name) const;
};

// AuthorizedKeysFile for one user: absolute paths, tokens expanded.
std::vector<std::string> authorized_keys_paths(const ServerConfig& config, std::string_view user, std::string_view home,
                                               std::uint32_t uid);
// What `glasshd -T` prints: sshd -T's format, for the keywords that we have.
std::string effective_config(const ServerConfig& config);

class ServerConfigReader {
 public:
  // `as_root`: glasshd was started by root and lets in root only, so PermitRootLogin no is then an error.
  explicit ServerConfigReader(AlgorithmNames supported, bool as_root = false);

  // All of these throw ConfigError. Call options() or option() before file() or text().
  void options(const ServerOptions& options);  // -o, -p, -h, -q, -d
  void option(std::string_view setting);       // one -o: "Port=22"
  void file(const std::string& path);          // an unreadable file is an error
  void text(std::string_view content, const std::string& file_name);

  ServerConfig finish();                                           // fills in the defaults
  const std::vector<ConfigNote>& notes() const { return notes_; }  // for the log, in order

 private:
  void line(std::string_view text, const ConfigPlace& place, int depth);
  void include(const std::vector<std::string>& patterns, const ConfigPlace& place, int depth);
  void text_at_depth(std::string_view content, const std::string& file_name, int depth);

  AlgorithmNames supported_;
  bool as_root_ = false;
  bool ports_from_command_line_ = false;
  std::string base_directory_;  // where Include's relative paths start: the first file's directory
  std::set<std::string> seen_;  // lower-case keywords whose first value is fixed
  ServerConfig config_;
  std::vector<ConfigNote> notes_;
};

}  // namespace glassh
