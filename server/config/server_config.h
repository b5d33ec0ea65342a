// ServerConfig is sshd_config(5) for glasshd, checked and typed, with every default filled in. ServerConfigReader reads
// it.
//
// The first value wins, and the command line comes first. A keyword that OpenSSH 9.2 to 10 knows and we do not support
// is accepted with a note if ignoring it is harmless, and refused if ignoring it would open what the administrator
// closed (server/config/keywords_unsupported.cpp). Any other keyword is an error with file and line. Lines below a
// Match are checked when they are read; config_for() later returns the values that apply to a connection. Only Include
// and file() read files. The system is asked for nothing else.
//
//   ServerConfigReader reader(our_algorithm_names(Role::server));
//   reader.options(options);  reader.file("/etc/ssh/sshd_config");  const ServerConfig config = reader.finish();
//   const ServerConfig anns = config_for(config, {.user = "ann", .address = "192.0.2.1", …});
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/authentication_methods.h"
#include "auth/key_options.h"
#include "auth/our_algorithms.h"
#include "config/algorithm_lists.h"
#include "config/syntax.h"
#include "server/config/match.h"
#include "server/config/server_options.h"
#include "transport/transport.h"

namespace glassh {

// Connections that have not logged in: from `start` on, refuse `rate` percent, rising to all of them at `full`.
struct MaxStartups {
  std::uint32_t start = 10, rate = 30, full = 100;
  bool operator==(const MaxStartups&) const = default;
};
// PerSourceNetBlockSize: addresses that share so many leading bits count as one source.
struct SourceBlock {
  std::uint32_t ipv4_bits = 32, ipv6_bits = 128;
  bool operator==(const SourceBlock&) const = default;
};
// PerSourcePenalties: the seconds for which a source is refused after each kind of end.
struct SourcePenalties {
  bool enabled = true;
  double crash = 90, auth_fail = 5, no_auth = 1, invalid_user = 5, grace_exceeded = 10, refuse_connection = 10;
  double max = 600, min = 15;  // the largest sum of penalties; the smallest sum that refuses the source
  enum class Overflow { deny_all, permissive };
  std::uint32_t max_sources4 = 65536, max_sources6 = 65536;
  Overflow overflow = Overflow::permissive, overflow6 = Overflow::permissive;
  std::uint32_t given = 0;  // a bit for each value that a line has set: a later line sets only the others
  bool operator==(const SourcePenalties&) const = default;
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

// AllowTcpForwarding and AllowStreamLocalForwarding. local: the client may open connections through us; remote: it may
// let us listen.
enum class AllowForwarding { no, yes, local, remote };
enum class GatewayPorts { no, yes, client_specified };
struct ChannelTimeout {
  std::string type;           // a pattern: "session", "direct-tcpip", "x11-connection", "*", …
  std::uint32_t seconds = 0;  // 0: none
  std::string written;        // the time as it was written: "5m"
  bool operator==(const ChannelTimeout&) const = default;
};

enum class RootLogin { no, yes, prohibit_password, forced_commands_only };

template <class Call, class Config>
struct Keyword;  // config/keyword.h
struct ServerCall;
struct ServerConfig;
using ServerKeyword = Keyword<ServerCall, ServerConfig>;

// The lines below Match, in order: lines that are already checked, and the criteria under which they count.
struct MatchBlocks {
  struct Line {
    const ServerKeyword* keyword;
    ConfigLine line;
  };
  struct Block {
    std::vector<MatchCriteria> conditions;  // all must be met; several if a file was included below a Match
    std::vector<Line> lines;
  };
  std::vector<Block> blocks;
  AlgorithmNames supported;
};

struct ServerConfig {
  std::vector<std::uint16_t> ports = {22};  // never empty
  std::vector<HostPort> listen_addresses;   // as written; see endpoints()
  AddressFamily address_family = AddressFamily::any;
  std::vector<std::string> host_keys;  // paths; empty: the program's default
  // Paths with the tokens %h %u %U %%, relative to the home directory; empty: none. See authorized_keys_paths().
  std::vector<std::string> authorized_keys_files = {".ssh/authorized_keys", ".ssh/authorized_keys2"};
  bool pubkey_authentication = true;
  bool password_authentication = true;
  bool kbd_interactive_authentication = true;
  bool permit_empty_passwords = false;
  std::string password_file;                     // a path; empty: shadow(5)
  AuthenticationMethods authentication_methods;  // empty: any
  std::vector<std::string> ciphers;              // in order of preference; never empty, like the next four
  std::vector<std::string> macs;
  std::vector<std::string> kex_algorithms;
  std::vector<std::string> host_key_algorithms;
  std::vector<std::string> pubkey_accepted_algorithms;
  bool compression = true;                      // offer zlib@openssh.com behind none
  std::uint32_t required_rsa_size = 1024;       // bits; of host keys and of keys to log in with
  std::string moduli_file = "/etc/ssh/moduli";  // for group exchange
  RekeyLimit rekey_limit;
  std::uint32_t login_grace_seconds = 120;  // 0: no limit
  std::uint32_t max_auth_tries = 6;
  std::uint32_t max_sessions = 10;  // 0: no shell, command or subsystem at all
  MaxStartups max_startups;
  std::optional<std::uint32_t> per_source_max_startups;  // nullopt: no limit
  SourceBlock per_source_net_block_size;
  SourcePenalties per_source_penalties;
  std::string per_source_penalty_exempt_list;  // addresses and CIDR blocks, with commas; empty: none
  std::vector<std::string> accept_env;         // patterns
  LogLevel log_level = LogLevel::info;
  std::string syslog_facility = "AUTH";
  std::string pid_file;  // empty: none
  bool strict_modes = true;
  std::vector<SubsystemCommand> subsystems;
  std::uint32_t client_alive_interval_seconds = 0;  // 0: off
  std::uint32_t client_alive_count_max = 3;         // 0: never disconnect
  // Who may log in (server/login/access.h).
  RootLogin permit_root_login = RootLogin::prohibit_password;
  std::vector<std::string> allow_users, deny_users;    // patterns of USER or USER@HOST; empty: all users, none
  std::vector<std::string> allow_groups, deny_groups;  // patterns
  std::string authorized_keys_command;                 // a path and arguments with tokens; empty: none
  std::string authorized_keys_command_user;            // the user that it runs as
  // What a session may do (server/login/session_permissions.h).
  std::string force_command;  // empty: none
  bool allow_agent_forwarding = true;
  bool disable_forwarding = false;
  bool permit_tty = true;
  std::string permit_user_environment = "no";  // "no", "yes", or a pattern list of names
  bool expose_auth_info = false;
  bool permit_user_rc = true;
  bool print_motd = true;
  bool print_last_log = true;
  std::vector<std::pair<std::string, std::string>> set_env;  // name, value
  // Forwarding.
  AllowForwarding allow_tcp_forwarding = AllowForwarding::yes;
  AllowForwarding allow_stream_local_forwarding = AllowForwarding::yes;
  std::vector<PermittedEndpoint> permit_open, permit_listen;  // see the two flags
  bool permit_open_any = true, permit_listen_any = true;      // false: only what the lists say, be they empty
  GatewayPorts gateway_ports = GatewayPorts::no;
  std::uint32_t stream_local_bind_mask = 0177;
  bool stream_local_bind_unlink = false;
  bool x11_forwarding = false;
  std::uint32_t x11_display_offset = 10;
  bool x11_use_localhost = true;
  std::string xauth_location = "/usr/bin/xauth";  // empty: none
  // Limits of idle channels and connections.
  std::vector<ChannelTimeout> channel_timeouts;         // the first whose pattern matches counts
  std::uint32_t unused_connection_timeout_seconds = 0;  // 0: none
  // The connection's socket.
  bool tcp_keep_alive = true;
  IpQos ip_qos;
  // Texts before the login.
  std::string banner;            // a path; empty: none
  std::string version_addendum;  // empty: none
  // The lines below Match; null if there are none.
  std::shared_ptr<const MatchBlocks> match_blocks;

  // The endpoints to listen on: each ListenAddress with its port, or with each Port. Without a ListenAddress, these are
  // the wildcards of each family.
  std::vector<ListenEndpoint> endpoints() const;
  const SubsystemCommand* subsystem(std::string_view name) const;  // null if there is none
  bool accepts_env(std::string_view name) const;
};

// Returns the values that apply to this user and this connection: of each keyword the first value in a block whose
// criteria are all met, or else the global one. Throws ConfigError only for a subject that must be complete and is not.
ServerConfig config_for(const ServerConfig& config, const MatchSubject& subject);

// Returns the paths of AuthorizedKeysFile for one user: absolute, with tokens expanded.
std::vector<std::string> authorized_keys_paths(const ServerConfig& config, std::string_view user, std::string_view home,
                                               std::uint32_t uid);
// Returns the ChannelTimeout for channels of a kind; 0 if there is none.
std::chrono::seconds channel_timeout(const ServerConfig& config, std::string_view kind);
// Returns the text that `glasshd -T` prints: sshd -T's format, for the keywords that we have.
std::string effective_config(const ServerConfig& config);

class ServerConfigReader {
 public:
  explicit ServerConfigReader(AlgorithmNames supported);

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
  void match(const std::vector<std::string>& words, const ConfigPlace& place);
  void unsupported(const ServerKeyword& keyword, const ConfigLine& line, const ConfigPlace& place);
  void keyword_line(const ServerKeyword& keyword, ConfigLine line, const ConfigPlace& place);
  bool in_match() const { return !conditions_.empty(); }

  AlgorithmNames supported_;
  bool ports_from_command_line_ = false;
  std::string base_directory_;  // the first file's directory, at which Include's relative paths start
  std::set<std::string> seen_;  // lower-case keywords whose first value is fixed
  // The criteria of the lines that are being read, which must all be met. The first inherited_ of them come from the
  // place where this file was included; a Match in the file does not end them.
  std::vector<MatchCriteria> conditions_;
  std::size_t inherited_ = 0;
  std::vector<MatchBlocks::Block> blocks_;
  ConfigPlace keys_command_place_;  // the place of the AuthorizedKeysCommand that counts
  ServerConfig config_;
  std::vector<ConfigNote> notes_;
};

}  // namespace glassh
