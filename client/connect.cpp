#include "client/connect.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

#include "channels/io/launcher.h"
#include "channels/io/socket_options.h"
#include "client/child.h"
#include "client/shell_word.h"
#include "client/source_address.h"

namespace glassh {
namespace {

using Clock = std::chrono::steady_clock;
using Deadline = std::optional<Clock::time_point>;

std::string error_text(int error) { return std::generic_category().message(error); }

struct FreeAddresses {
  void operator()(addrinfo* addresses) const { ::freeaddrinfo(addresses); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

// RFC 4253 section 4 [4253-4-2]: it is the client that opens the connection.
Addresses resolve(const ClientConfig& config) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_family = config.address_family == AddressFamily::inet    ? AF_INET
                    : config.address_family == AddressFamily::inet6 ? AF_INET6
                                                                    : AF_UNSPEC;
  addrinfo* found = nullptr;
  const int result = ::getaddrinfo(config.host_name.c_str(), std::to_string(config.port).c_str(), &hints, &found);
  if (result != 0) {
    const std::string why = result == EAI_SYSTEM ? error_text(errno) : ::gai_strerror(result);
    throw ConnectError(fmt::format("Could not resolve hostname {}: {}", printable(config.host_name), why));
  }
  return Addresses(found);
}

std::string numeric(const addrinfo& address) {
  char host[NI_MAXHOST];
  const int result = ::getnameinfo(address.ai_addr, address.ai_addrlen, host, sizeof host, nullptr, 0, NI_NUMERICHOST);
  return result == 0 ? host : "?";
}

// Waits for a connect(2) that is on its way. The result is an errno value, 0 when connected.
int await_connected(int socket, Deadline deadline) {
  pollfd waiting{socket, POLLOUT, 0};
  while (true) {
    int timeout = -1;
    if (deadline) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now()).count();
      timeout = static_cast<int>(std::clamp<long long>(left, 0, 1 << 30));
    }
    const int ready = ::poll(&waiting, 1, timeout);
    if (ready == 0) return ETIMEDOUT;
    if (ready > 0) break;
    if (errno != EINTR) return errno;
  }
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

// Sets `socket` to a connected one, or returns an errno value.
int connect_to(const addrinfo& address, const ClientConfig& config, Deadline deadline, Fd& socket) {
  socket = Fd(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return errno;
  bind_source(config, socket.get(), address.ai_family);
  int error = ::connect(socket.get(), address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  if (error == EINPROGRESS || error == EINTR) error = await_connected(socket.get(), deadline);
  if (error != 0) return error;
  prepare_connection(socket.get(), config.tcp_keep_alive);
  return 0;
}

// The time that is left, in equal shares for this address and those after it.
Deadline share(Deadline deadline, long addresses_left) {
  if (!deadline) return deadline;
  const auto now = Clock::now();
  return now + std::max(Clock::duration::zero(), *deadline - now) / addresses_left;
}

ServerStream connect_directly(const ClientConfig& config, ClientLog& log, Deadline deadline) {
  const Addresses addresses = resolve(config);
  std::vector<const addrinfo*> list;
  for (const addrinfo* at = addresses.get(); at != nullptr; at = at->ai_next) list.push_back(at);

  int error = 0;
  for (std::uint32_t attempt = 1; attempt <= std::max(1u, config.connection_attempts); ++attempt) {
    if (attempt > 1) {
      std::this_thread::sleep_for(std::chrono::seconds(1));  // as ssh(1) does
      log.debug1("Trying again...");
    }
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::string address = numeric(*list[i]);
      log.debug1("Connecting to {} [{}] port {}.", config.host_name, address, config.port);
      Fd socket;
      try {
        error = connect_to(*list[i], config, share(deadline, static_cast<long>(list.size() - i)), socket);
      } catch (const SourceAddressError& unusable) {
        log.error("{}", unusable.what());
        error = EADDRNOTAVAIL;
      }
      if (error == 0) {
        log.debug1("Connection established.");
        return ServerStream(std::move(socket), address, config.port);
      }
      log.debug1("connect to address {} port {}: {}", address, config.port, error_text(error));
    }
  }
  throw ConnectError(
      fmt::format("connect to host {} port {}: {}", printable(config.host_name), config.port, error_text(error)));
}

// Starts a program whose standard input and output are the other end of the socket.
ServerStream connect_through(std::vector<std::string> arguments) {
  SocketPair ends = make_socket_pair();
  Launch program{.program = arguments[0], .arguments = std::move(arguments)};
  program.streams = {{.as = STDIN_FILENO, .from = ends.second.get()}, {.as = STDOUT_FILENO, .from = ends.second.get()}};
  try {
    return ServerStream(std::move(ends.first), std::nullopt, 0, launch(program));
  } catch (const std::system_error& error) {
    throw ConnectError(fmt::format("{}: {}", program.program, error_text(error.code().value())));
  }
}

ServerStream connect_through_command(const std::string& command, ClientLog& log) {
  const std::string line = "exec " + command;  // so that the process we end is the command, not a shell around it
  log.debug1("Executing proxy command: {}", line);
  return connect_through({user_shell(), "-c", line});
}

// Past vulnerability 73: no shell sees the names of jump hosts.
ServerStream connect_through_jumps(const ClientConfig& config, ClientLog& log) {
  const auto program = find_program_beside_us("glassh");
  if (!program) throw ConnectError("ProxyJump: glassh is neither beside this program nor in PATH");
  std::vector<std::string> arguments = {*program};
  arguments.insert(arguments.end(), config.jump_arguments.begin(), config.jump_arguments.end());
  std::string text;
  for (const std::string& argument : arguments) text += (text.empty() ? "" : " ") + shell_word(argument);
  log.debug1("Executing proxy command from ProxyJump: {}", printable(text));
  return connect_through(std::move(arguments));
}

}  // namespace

ServerStream connect_to_server(const ClientConfig& config, ClientLog& log, Deadline deadline) {
  if (config.proxy_command) return connect_through_command(*config.proxy_command, log);
  if (config.proxy_jump) return connect_through_jumps(config, log);
  return connect_directly(config, log, deadline);
}

}  // namespace glassh
