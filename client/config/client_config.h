// ClientConfig is the part of ssh_config(5) that applies to one host, checked and typed, with every default filled in.
// ClientConfigReader reads it.
//
// The first value wins: command line, then the user's file, then the system's. A keyword that OpenSSH 9.2 to 10 knows
// and we do not support is accepted with a note if ignoring it is harmless, and refused if ignoring it would weaken or
// silently change the connection (client/config/keywords_unsupported.cpp). Any other keyword is an error
// with file and line, unless IgnoreUnknown names it. The files are read twice if a Match asks for `final`. This code
// asks the system for nothing but files: home directory, user and host names and the runner of Match's commands are
// handed in.
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
  std::optional<std::string> identity_agent;             // the agent's socket, expanded; nullopt: no agent is asked
  std::optional<std::string> identity_agent_as_written;  // for -G
  std::optional<std::string> forward_agent;              // the socket of the agent to forward; nullopt: none is
  std::string forward_agent_as_written = "no";           // for -G
  AddKeysToAgent add_keys_to_agent;
  PubkeyAuthentication pubkey_authentication = PubkeyAuthentication::yes;
  bool password_authentication = true;
  bool kbd_interactive_authentication = true;
  std::string kbd_interactive_devices;                 // for the server to choose from; empty: as it likes
  std::vector<std::string> preferred_authentications;  // never empty, but it may name methods that we do not have
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
  std::vector<std::string> ciphers;              // in order of preference; never empty, like the next four
  std::vector<std::string> macs;
  std::vector<std::string> kex_algorithms;
  std::vector<std::string> host_key_algorithms;
  bool host_key_algorithms_given = false;  // by the user; if false, the types in known_hosts go to the front
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
  std::optional<char> escape_char = '~';  // nullopt: no escapes
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
  std::optional<std::string> proxy_jump;    // as -G shows it: "a,b:22"; nullopt: none
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

// The host and the user for whom the configuration is read, and the functions that ask the system.
struct ClientContext {
  std::string host;  // as typed
  std::string local_user;
  std::string home;  // of the local user
  std::uint32_t uid = 0;
  std::string local_host_name;  // %l; %L is its first label
  EnvironmentLookup environment;
  // Runs a command of Match exec by the user's shell; returns whether it exited with 0. If empty, no command does.
  std::function<bool(const std::string& command)> run = {};
  CanonicalLookup canonical_name = {};  // if empty, host names stay as they are
};

struct LoadedClientConfig {
  ClientConfig config;
  std::vector<ConfigNote> notes;  // for the log, in order
};
// Reads the options, then -F's file or ~/.ssh/config and `system_file`, as ssh(1) does. Throws ConfigError.
LoadedClientConfig load_client_config(const ClientOptions& options, const ClientContext& context,
                                      const AlgorithmNames& supported,
                                      const std::string& system_file = "/etc/ssh/ssh_config");
// Returns the text that `glassh -G host` prints: ssh -G's format, for the keywords that we have.
std::string effective_config(const ClientConfig& config);

template <class Call, class Config>
struct Keyword;  // config/keyword.h
struct ClientCall;
using ClientKeyword = Keyword<ClientCall, ClientConfig>;

// The values of the lines read so far. finish() turns them into a ClientConfig.
struct ClientDraft {
  ClientConfig config;
  std::optional<std::string> host_name;  // HostName, tokens not yet expanded, like the next five
  std::optional<std::string> identity_agent;
  std::string forward_agent = "no";
  std::optional<std::string> proxy_command;   // empty: none
  std::optional<std::string> proxy_jump;      // empty: none
  std::optional<std::string> remote_command;  // empty: none
  std::optional<std::string> local_command;
  std::vector<std::string> user_known_hosts_files = {"~/.ssh/known_hosts", "~/.ssh/known_hosts2"};
  std::vector<std::string> global_known_hosts_files = {"/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"};

  void add(const Forward& forward);  // does nothing if it is there already
};

class ClientConfigReader {
 public:
  // The owner of a file. Relative paths of Include start at ~/.ssh (user), or at the file's own directory (system).
  enum class Source { user, system };

  ClientConfigReader(ClientContext context, AlgorithmNames supported);

  // All of these throw ConfigError. Call option() before file() or text().
  void option(std::string_view setting);        // one -o: "Port=22"
  void forwards(const ClientOptions& options);  // -L, -R, -D and -W
  // Returns false if the file does not exist. With `check_mode` it must belong to the user or to root, and no other
  // user may be able to write it.
  bool file(const std::string& path, Source source, bool check_mode);
  void text(std::string_view content, const std::string& file_name, Source source = Source::user);
  // wants_final_pass(): a line asks for a second pass over the files. From begin_final_pass() on, Host is matched
  // against the host to connect to, which is settled by then and has its canonical name. The lines of the second pass
  // add to those of the first.
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
  void unsupported(const ClientKeyword& keyword, const ConfigLine& line, const ConfigPlace& place);
  void keyword_line(const ClientKeyword& keyword, ConfigLine line, const ConfigPlace& place, bool active);
  void text_in(std::string_view content, const std::string& file_name, Section section);
  bool counts(const ClientKeyword& keyword, const ConfigPlace& place);
  bool is_proxied() const;
  std::string host_so_far() const;  // the host that HostName leads to, lower case
  ConfigTokens tokens() const;
  void find_way(ClientConfig& config, const ClientOptions& options);
  void expand_paths(ClientConfig& config);
  std::optional<std::string> agent_socket(const std::string& written) const;
  void find_agents(ClientConfig& config);
  void settle_forwards(ClientConfig& config);

  ClientContext context_;
  AlgorithmNames supported_;
  std::set<std::string> seen_;        // lower-case keywords whose first value is fixed
  std::set<std::string> first_pass_;  // the places of lines that added something, so that they do not add it again
  bool wants_final_pass_ = false;
  ConfigPlace jump_place_;                 // the place of the ProxyJump that counts
  std::optional<std::string> final_host_;  // the host to connect to; set from begin_final_pass() on
  ClientDraft draft_;
  std::vector<ConfigNote> notes_;
};

}  // namespace glassh
