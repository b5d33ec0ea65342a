// ssh_config(5) for glassh: what applies to one host, checked and typed, with every default filled in.
//
// The first value obtained wins: command line, then the user's file, then the system's. A keyword that OpenSSH 9.2 to
// 10 knows and we do not do yet is accepted with a note where ignoring it is harmless and refused where it would weaken
// or silently change the connection (client/config/keywords.cpp has the table); any other keyword is an error with file
// and line, unless IgnoreUnknown names it. The files are read twice where a Match asks for `final`. Home directory,
// user and host names and whoever runs the commands of Match come in as arguments; nothing is looked up in the system.
//
//   const auto loaded = load_client_config(options, context, our_algorithm_names(Role::client));  loaded.config.port
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/our_algorithms.h"
#include "client/config/canonical.h"
#include "client/config/client_options.h"
#include "client/config/forward.h"
#include "client/config/match.h"
#include "config/algorithm_lists.h"
#include "config/foreign_keywords.h"
#include "config/syntax.h"
#include "crypto/hash.h"
#include "transport/transport.h"

namespace glassh {

enum class StrictHostKeyChecking { no, accept_new, ask, yes };
enum class RequestTty { automatic, no, yes, force };
// PubkeyAuthentication: "unbound" keeps to RFC 4252's form of the method, the others prefer the host-bound one.
enum class PubkeyAuthentication { no, yes, unbound, host_bound };
struct AddKeysToAgent {
  enum class When { no, yes, ask, confirm };  // confirm: the agent asks before each use
  When when = When::no;
  std::uint32_t lifetime_seconds = 0;  // 0: until the agent ends
};
enum class SessionType { standard, none, subsystem };
enum class UpdateHostKeys { no, yes, ask };

struct ClientConfig {
  std::string original_host;  // as typed
  std::string host_name;      // to connect to, lower case: HostName with %h expanded, or the original host
  std::string user;
  std::uint16_t port = 22;
  AddressFamily address_family = AddressFamily::any;
  std::vector<std::string> identity_files;             // paths, all expanded, in the order to try
  std::vector<std::string> identity_files_as_written;  // for -G
  bool identity_files_given = false;                   // false: these are the defaults, and missing ones are normal
  bool identities_only = false;
  std::optional<std::string> identity_agent;             // the agent's socket, expanded; nothing: no agent is asked
  std::optional<std::string> identity_agent_as_written;  // for -G
  std::optional<std::string> forward_agent;              // the socket of the agent to forward; nothing: none is
  std::string forward_agent_as_written = "no";           // for -G
  AddKeysToAgent add_keys_to_agent;
  PubkeyAuthentication pubkey_authentication = PubkeyAuthentication::yes;
  bool password_authentication = true;
  bool kbd_interactive_authentication = true;
  std::string kbd_interactive_devices;                 // for the server to choose from; empty: as it likes
  std::vector<std::string> preferred_authentications;  // never empty, but it may name what we do not do
  bool preferred_authentications_given = false;
  std::uint32_t number_of_password_prompts = 3;
  std::optional<std::string> proxy_command;             // for /bin/sh -c "exec …", tokens expanded
  std::optional<std::string> proxy_command_as_written;  // for -G
  std::vector<std::string> user_known_hosts_files;      // paths, all expanded; new keys go to the first; empty: none
  std::vector<std::string> global_known_hosts_files;    // read only
  std::optional<std::string> host_key_alias;
  StrictHostKeyChecking strict_host_key_checking = StrictHostKeyChecking::ask;
  bool hash_known_hosts = false;
  bool check_host_ip = false;
  bool visual_host_key = false;
  bool no_host_authentication_for_localhost = false;
  HashName fingerprint_hash = HashName::sha256;  // or md5
  std::vector<std::string> ciphers;              // in order of preference; never empty, as the next four
  std::vector<std::string> macs;
  std::vector<std::string> kex_algorithms;
  std::vector<std::string> host_key_algorithms;
  bool host_key_algorithms_given = false;  // in an order of the user's; false: types in known_hosts go to the front
  std::vector<std::string> pubkey_accepted_algorithms;
  bool compression = false;                               // offer zlib@openssh.com before none, instead of behind it
  std::uint32_t required_rsa_size = 1024;                 // bits; of host keys and of keys to log in with
  UpdateHostKeys update_host_keys = UpdateHostKeys::yes;  // no where the user names known_hosts files
  RekeyLimit rekey_limit;
  std::vector<std::string> send_env;                         // patterns of names to send from our environment
  std::vector<std::pair<std::string, std::string>> set_env;  // name, value
  std::uint32_t connect_timeout_seconds = 0;                 // 0: the system's
  std::uint32_t connection_attempts = 1;
  std::uint32_t server_alive_interval_seconds = 0;  // 0: off
  std::uint32_t server_alive_count_max = 3;
  LogLevel log_level = LogLevel::info;
  bool batch_mode = false;
  RequestTty request_tty = RequestTty::automatic;
  SessionType session_type = SessionType::standard;  // none: -N; subsystem: -s
  bool stdin_null = false;                           // -n
  std::optional<std::string> remote_command;         // RemoteCommand, tokens expanded; an error together with a command
  bool fork_after_authentication = false;            // -f
  std::optional<std::string> local_command;          // LocalCommand, tokens expanded; run if permit_local_command
  std::optional<std::string> local_command_as_written;  // for -G
  bool permit_local_command = false;
  std::optional<char> escape_char = '~';  // nothing: none
  bool enable_escape_commandline = true;  // ~C; OpenSSH's default is no
  // Forwarding.
  std::vector<Forward> forwards;                 // in the order to set up; empty if clear_all_forwardings
  std::optional<ForwardEndpoint> stdio_forward;  // -W
  bool exit_on_forward_failure = false;
  bool clear_all_forwardings = false;
  bool gateway_ports = false;
  std::uint32_t stream_local_bind_mask = 0177;
  bool stream_local_bind_unlink = false;
  std::vector<std::string> permit_remote_open;  // as written; empty: any
  bool forward_x11 = false;
  bool forward_x11_trusted = true;                   // as Debian's OpenSSH
  std::uint32_t forward_x11_timeout_seconds = 1200;  // 0: none
  std::string xauth_location = "/usr/bin/xauth";
  // How the connection is made.
  std::optional<std::string> proxy_jump;    // as -G shows it: "a,b:22"; nothing: none
  std::vector<std::string> jump_arguments;  // of the glassh that leads there; not empty if proxy_jump is set
  std::string bind_address;                 // to connect from; empty: the system's choice
  std::string bind_interface;               // alike, by name
  std::string tag;                          // for Match tagged
  std::string ignore_unknown;               // IgnoreUnknown: a pattern list, for -G
  CanonicalRules canonical;
  bool tcp_keep_alive = true;
  IpQos ip_qos;

  bool sends_env(std::string_view name) const;
  // The methods to try: preferred_authentications without those that are switched off or would ask in batch mode.
  std::vector<std::string> authentication_methods() const;
};

// What the configuration is read for and on. Nothing else is asked of the system.
struct ClientContext {
  std::string host;  // as typed
  std::string local_user;
  std::string home;  // of the local user
  std::uint32_t uid = 0;
  std::string local_host_name;  // %l; %L is its first label
  EnvironmentLookup environment;
  // Runs a command of Match exec by the user's shell: did it exit with 0? Without this none does.
  std::function<bool(const std::string& command)> run = {};
  CanonicalLookup canonical_name = {};  // without this no host has another name
};

struct LoadedClientConfig {
  ClientConfig config;
  std::vector<ConfigNote> notes;  // for the log, in order
};
// Options, then -F's file or ~/.ssh/config and `system_file`, as ssh(1) does. Throws ConfigError.
LoadedClientConfig load_client_config(const ClientOptions& options, const ClientContext& context,
                                      const AlgorithmNames& supported,
                                      const std::string& system_file = "/etc/ssh/ssh_config");
// What `glassh -G host` prints: ssh -G's format, for the keywords that we have.
std::string effective_config(const ClientConfig& config);

struct ClientKeyword;

// What the lines said so far. finish() turns it into a ClientConfig.
struct ClientDraft {
  ClientConfig config;
  std::optional<std::string> host_name;  // HostName, tokens not yet expanded; the next five alike
  std::optional<std::string> identity_agent;
  std::string forward_agent = "no";
  std::optional<std::string> proxy_command;   // empty: none
  std::optional<std::string> proxy_jump;      // empty: none
  std::optional<std::string> remote_command;  // empty: none
  std::optional<std::string> local_command;
  std::vector<std::string> user_known_hosts_files = {"~/.ssh/known_hosts", "~/.ssh/known_hosts2"};
  std::vector<std::string> global_known_hosts_files = {"/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"};

  void add(const Forward& forward);  // unless it is there already
};

class ClientConfigReader {
 public:
  // Whose file it is decides where Include's relative paths start: ~/.ssh, or the system file's own directory.
  enum class Source { user, system };

  ClientConfigReader(ClientContext context, AlgorithmNames supported);

  // All of these throw ConfigError. Call option() before file() or text().
  void option(std::string_view setting);        // one -o: "Port=22"
  void forwards(const ClientOptions& options);  // -L, -R, -D and -W
  // False if there is no such file. `check_mode`: the file must be the user's or root's and writable by nobody else.
  bool file(const std::string& path, Source source, bool check_mode);
  void text(std::string_view content, const std::string& file_name, Source source = Source::user);
  // A line has asked for a second pass over the files. From begin_final_pass() on, Host means the host to connect to,
  // which is settled then and has its canonical name, and what the lines say adds to what they said in the first pass.
  bool wants_final_pass() const;
  void begin_final_pass();

  // Fills in the defaults and expands tokens. -F and -v are passed on to the jump hosts.
  ClientConfig finish(const ClientOptions& options = {});
  const std::vector<ConfigNote>& notes() const { return notes_; }

 private:
  struct Section;  // the file that is being read
  void line(std::string_view text, const ConfigPlace& place, Section& section);
  void host(const std::vector<std::string>& patterns, const ConfigPlace& place, Section& section);
  void match(const std::vector<std::string>& words, const ConfigPlace& place, Section& section);
  void include(const std::vector<std::string>& patterns, const ConfigPlace& place, const Section& section);
  void foreign(const ForeignKeyword& keyword, const ConfigLine& line, const ConfigPlace& place);
  void text_in(std::string_view content, const std::string& file_name, Section section);
  bool counts(const ClientKeyword& keyword, const ConfigPlace& place);
  bool is_proxied() const;
  std::string host_so_far() const;  // where HostName leads, lower case
  ConfigTokens tokens() const;
  void find_way(ClientConfig& config, const ClientOptions& options);
  void expand_paths(ClientConfig& config);
  std::optional<std::string> agent_socket(const std::string& written) const;
  void find_agents(ClientConfig& config);
  void settle_forwards(ClientConfig& config);

  ClientContext context_;
  AlgorithmNames supported_;
  std::set<std::string> seen_;        // lower-case keywords whose first value is fixed
  std::set<std::string> first_pass_;  // the places whose lines added something, so that they do not add it again
  bool wants_final_pass_ = false;
  ConfigPlace jump_place_;                 // of the ProxyJump that counts
  std::optional<std::string> final_host_;  // to connect to; set from begin_final_pass() on
  ClientDraft draft_;
  std::vector<ConfigNote> notes_;
};

}  // namespace glassh
