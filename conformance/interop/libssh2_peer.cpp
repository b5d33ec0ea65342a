// libssh2, which is a client only, with what it proposes by itself; libraries.py says what it is told.
#include <arpa/inet.h>
#include <libssh2.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>

#include "conformance/interop/peer_lines.h"

namespace {

std::string base64(const std::string& bytes) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8 | (i + j < bytes.size() ? static_cast<std::uint8_t>(bytes[i + j]) : 0u);
    }
    for (std::size_t j = 0; j < 4; ++j) text += i + j > bytes.size() ? '=' : digits[group >> (18 - 6 * j) & 63];
  }
  return text;
}

void check(LIBSSH2_SESSION* session, long result) {
  if (result >= 0) return;
  char* text = nullptr;
  libssh2_session_last_error(session, &text, nullptr, 0);
  throw std::runtime_error(std::to_string(result) + " " + (text == nullptr ? "" : text));
}

std::string host_key(LIBSSH2_SESSION* session) {
  std::size_t size = 0;
  int type = 0;
  const char* blob = libssh2_session_hostkey(session, &size, &type);
  require(blob != nullptr, "libssh2_session_hostkey");
  return base64({blob, size});
}

std::string read_all(LIBSSH2_SESSION* session, LIBSSH2_CHANNEL* channel, int stream) {
  std::string text;
  std::vector<char> block(65536);
  long count;
  while ((count = libssh2_channel_read_ex(channel, stream, block.data(), block.size())) > 0) {
    text.append(block.data(), static_cast<std::size_t>(count));
  }
  check(session, count);
  return text;
}

std::string log_in_with(LIBSSH2_SESSION* session, int socket, const Login& login) {
  libssh2_session_set_timeout(session, 60000);
  libssh2_session_flag(session, LIBSSH2_FLAG_COMPRESS, login.compress ? 1 : 0);
  constexpr int methods[] = {LIBSSH2_METHOD_CRYPT_CS, LIBSSH2_METHOD_MAC_CS, LIBSSH2_METHOD_CRYPT_SC,
                             LIBSSH2_METHOD_MAC_SC};
  for (std::size_t i = 0; i < login.directions.size(); ++i) {
    check(session, libssh2_session_method_pref(session, methods[i], login.directions[i].c_str()));
  }
  check(session, libssh2_session_handshake(session, socket));
  check(session,
        libssh2_userauth_publickey_fromfile_ex(session, login.user.data(), static_cast<unsigned int>(login.user.size()),
                                               (login.key + ".pub").c_str(), login.key.c_str(), nullptr));
  const auto channel = libssh2_channel_open_session(session);
  if (channel == nullptr) check(session, libssh2_session_last_errno(session));
  check(session, libssh2_channel_exec(channel, login.command.c_str()));
  const auto data = read_file(login.source);
  for (std::size_t sent = 0; sent < data.size();) {
    const auto count = libssh2_channel_write(channel, data.data() + sent, data.size() - sent);
    check(session, count);
    sent += static_cast<std::size_t>(count);
  }
  check(session, libssh2_channel_send_eof(channel));
  write_file(login.target, read_all(session, channel, 0));
  const auto errors = read_all(session, channel, SSH_EXTENDED_DATA_STDERR);
  check(session, libssh2_channel_close(channel));
  check(session, libssh2_channel_wait_closed(channel));
  const auto answer = ok(libssh2_channel_get_exit_status(channel), host_key(session), errors);
  check(session, libssh2_channel_free(channel));
  return answer;
}

std::string log_in(const Login& login) {
  const int connection = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(login.port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  require(connect(connection, static_cast<sockaddr*>(static_cast<void*>(&address)), sizeof address) == 0, "connect");
  const auto session = libssh2_session_init();
  std::string answer;
  try {
    answer = log_in_with(session, connection, login);
    libssh2_session_disconnect(session, "done");
  } catch (const std::exception& failure) {
    answer = "failed\t" + one_line(failure.what());
  }
  libssh2_session_free(session);
  close(connection);
  return answer;
}

}  // namespace

int main() { return libssh2_init(0) == 0 ? run_client(log_in) : 1; }
