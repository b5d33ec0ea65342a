// libssh, in either role, with what it proposes by itself; libraries.py says what it is told.
#include <arpa/inet.h>
#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <thread>

#include "conformance/interop/peer_lines.h"

namespace {

std::string base64(ssh_key key) {
  char* text = nullptr;
  require(ssh_pki_export_pubkey_base64(key, &text) == SSH_OK, "ssh_pki_export_pubkey_base64");
  std::string result = text;
  ssh_string_free_char(text);
  return result;
}

void set(ssh_session session, ssh_options_e option, const void* value) {
  require(ssh_options_set(session, option, value) == SSH_OK, ssh_get_error(session));
}

void set_rekey(ssh_session session, std::uint64_t bytes) {
  if (bytes > 0) set(session, SSH_OPTIONS_REKEY_DATA, &bytes);
}

std::string log_in_with(ssh_session session, const Login& login) {
  const bool no = false;
  const int seconds = 60;
  set(session, SSH_OPTIONS_PROCESS_CONFIG, &no);
  set(session, SSH_OPTIONS_HOST, "127.0.0.1");
  set(session, SSH_OPTIONS_PORT, &login.port);
  set(session, SSH_OPTIONS_USER, login.user.c_str());
  set(session, SSH_OPTIONS_KNOWNHOSTS, "/dev/null");
  set(session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null");
  set(session, SSH_OPTIONS_TIMEOUT, &seconds);
  set(session, SSH_OPTIONS_COMPRESSION, login.compress ? "yes" : "no");
  set_rekey(session, login.rekey_bytes);
  if (!login.directions.empty()) {
    set(session, SSH_OPTIONS_CIPHERS_C_S, login.directions[0].c_str());
    set(session, SSH_OPTIONS_HMAC_C_S, login.directions[1].c_str());
    set(session, SSH_OPTIONS_CIPHERS_S_C, login.directions[2].c_str());
    set(session, SSH_OPTIONS_HMAC_S_C, login.directions[3].c_str());
  }
  require(ssh_connect(session) == SSH_OK, ssh_get_error(session));
  ssh_key host_key = nullptr;
  ssh_key key = nullptr;
  require(ssh_get_server_publickey(session, &host_key) == SSH_OK, ssh_get_error(session));
  require(ssh_pki_import_privkey_file(login.key.c_str(), nullptr, nullptr, nullptr, &key) == SSH_OK, login.key);
  require(ssh_userauth_publickey(session, nullptr, key) == SSH_AUTH_SUCCESS, ssh_get_error(session));

  const auto channel = ssh_channel_new(session);
  require(ssh_channel_open_session(channel) == SSH_OK, ssh_get_error(session));
  require(ssh_channel_request_exec(channel, login.command.c_str()) == SSH_OK, ssh_get_error(session));
  const auto data = read_file(login.source);
  const auto size = static_cast<std::uint32_t>(data.size());
  require(ssh_channel_write(channel, data.data(), size) == static_cast<int>(size), ssh_get_error(session));
  require(ssh_channel_send_eof(channel) == SSH_OK, ssh_get_error(session));

  std::string texts[2];
  std::vector<char> block(65536);
  for (int is_stderr = 0; is_stderr < 2; ++is_stderr) {
    int count;
    while ((count = ssh_channel_read(channel, block.data(), static_cast<std::uint32_t>(block.size()), is_stderr)) > 0) {
      texts[is_stderr].append(block.data(), static_cast<std::size_t>(count));
    }
    require(count == 0, ssh_get_error(session));
  }
  write_file(login.target, texts[0]);
  const auto answer = ok(ssh_channel_get_exit_status(channel), base64(host_key), texts[1]);
  ssh_channel_free(channel);
  ssh_key_free(host_key);
  ssh_key_free(key);
  return answer;
}

std::string log_in(const Login& login) {
  const auto session = ssh_new();
  try {
    const auto answer = log_in_with(session, login);
    ssh_disconnect(session);
    ssh_free(session);
    return answer;
  } catch (...) {
    ssh_disconnect(session);
    ssh_free(session);
    throw;
  }
}

// --- The server: a process for each connection
// --------------------------------------------------------------------------

struct Connection {
  const std::set<std::string>* authorized = nullptr;
  ssh_channel channel = nullptr;
  ssh_channel_callbacks_struct channel_callbacks{};
  bool logged_in = false;
  bool started = false;
};

int on_pubkey(ssh_session, const char*, ssh_key_struct* key, char state, void* data) {
  auto& connection = *static_cast<Connection*>(data);
  if (connection.authorized->count(base64(key)) == 0) return SSH_AUTH_DENIED;
  if (state == SSH_PUBLICKEY_STATE_VALID) connection.logged_in = true;
  return state == SSH_PUBLICKEY_STATE_NONE || state == SSH_PUBLICKEY_STATE_VALID ? SSH_AUTH_SUCCESS : SSH_AUTH_DENIED;
}

int on_env(ssh_session, ssh_channel, const char*, const char*, void*) { return 0; }

int on_exec(ssh_session, ssh_channel, const char* command, void* data) {
  static_cast<Connection*>(data)->started = std::string(command) == expected_command;
  return static_cast<Connection*>(data)->started ? 0 : 1;
}

ssh_channel on_session(ssh_session session, void* data) {
  auto& connection = *static_cast<Connection*>(data);
  if (!connection.logged_in || connection.channel != nullptr) return nullptr;
  connection.channel = ssh_channel_new(session);
  connection.channel_callbacks.userdata = data;
  connection.channel_callbacks.channel_env_request_function = on_env;
  connection.channel_callbacks.channel_exec_request_function = on_exec;
  ssh_callbacks_init(&connection.channel_callbacks);
  ssh_set_channel_callbacks(connection.channel, &connection.channel_callbacks);
  return connection.channel;
}

void serve(ssh_bind bind, int socket, std::uint64_t rekey, const std::set<std::string>& authorized) {
  const auto session = ssh_new();
  set_rekey(session, rekey);
  require(ssh_bind_accept_fd(bind, session, socket) == SSH_OK, ssh_get_error(bind));
  Connection connection;
  connection.authorized = &authorized;
  ssh_server_callbacks_struct callbacks{};
  callbacks.userdata = &connection;
  callbacks.auth_pubkey_function = on_pubkey;
  callbacks.channel_open_request_session_function = on_session;
  ssh_callbacks_init(&callbacks);
  ssh_set_server_callbacks(session, &callbacks);
  ssh_set_auth_methods(session, SSH_AUTH_METHOD_PUBLICKEY);
  require(ssh_handle_key_exchange(session) == SSH_OK, ssh_get_error(session));
  const auto event = ssh_event_new();
  ssh_event_add_session(event, session);
  while (!connection.started) require(ssh_event_dopoll(event, -1) == SSH_OK, ssh_get_error(session));

  std::vector<char> block(65536);
  int count;
  while ((count = ssh_channel_read(connection.channel, block.data(), static_cast<std::uint32_t>(block.size()), 0)) >
         0) {
    require(ssh_channel_write(connection.channel, block.data(), static_cast<std::uint32_t>(count)) == count,
            ssh_get_error(session));
  }
  require(count == 0, ssh_get_error(session));
  ssh_channel_write_stderr(connection.channel, "done\n", 5);
  ssh_channel_request_send_exit_status(connection.channel, 7);
  ssh_channel_send_eof(connection.channel);
  ssh_channel_close(connection.channel);
  while (ssh_event_dopoll(event, -1) == SSH_OK && ssh_is_connected(session)) {
  }
}

int run_server(char** arguments) {
  require(setpgid(0, 0) == 0, "setpgid");
  const auto rekey = std::stoull(arguments[0]);
  std::set<std::string> authorized;
  std::ifstream file(arguments[1]);
  for (std::string kind, key; file >> kind >> key;) authorized.insert(key);
  const auto bind = ssh_bind_new();
  const bool no = false;
  const auto set_bind = [bind](ssh_bind_options_e option, const void* value) {
    require(ssh_bind_options_set(bind, option, value) == SSH_OK, ssh_get_error(bind));
  };
  set_bind(SSH_BIND_OPTIONS_PROCESS_CONFIG, &no);
  if (const auto directions = directions_of(arguments[0]); !directions.empty()) {
    set_bind(SSH_BIND_OPTIONS_CIPHERS_C_S, directions[0].c_str());
    set_bind(SSH_BIND_OPTIONS_HMAC_C_S, directions[1].c_str());
    set_bind(SSH_BIND_OPTIONS_CIPHERS_S_C, directions[2].c_str());
    set_bind(SSH_BIND_OPTIONS_HMAC_S_C, directions[3].c_str());
  }
  for (char** path = arguments + 2; *path != nullptr; ++path) {
    set_bind(SSH_BIND_OPTIONS_HOSTKEY, *path);
  }
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const auto pointer = static_cast<sockaddr*>(static_cast<void*>(&address));
  require(::bind(listener, pointer, size) == 0 && listen(listener, 64) == 0, "bind, listen");
  require(getsockname(listener, pointer, &size) == 0, "getsockname");
  std::cout << "listening\t" << ntohs(address.sin_port) << std::endl;
  std::signal(SIGCHLD, SIG_IGN);
  std::thread([] {
    for (std::string line; std::getline(std::cin, line);) {
    }
    kill(0, SIGTERM);  // the connections' processes, too
  }).detach();
  while (true) {
    const int connection = accept(listener, nullptr, nullptr);
    require(connection >= 0, "accept");
    if (fork() == 0) {
      close(listener);
      serve(bind, connection, rekey, authorized);
      return 0;
    }
    close(connection);
  }
}

}  // namespace

int main(int, char** arguments) {
  try {
    ssh_init();
    return std::string(arguments[1]) == "client" ? run_client(log_in) : run_server(arguments + 2);
  } catch (const std::exception& failure) {
    std::cerr << failure.what() << std::endl;
    return 1;
  }
}
