// Measures how fast libcrypto and the kernel of this machine let bulk data be: the same plumbing as an upload or a
// download has, by two processes, without SSH. Prints MiB/s of data, from the start of all processes to their end.
//
//   up     one process reads FILE, seals packets and writes them to a TCP connection over the loopback; the other reads
//          and opens them, and writes their data into a pipe to `cat`, whose output is /dev/null
//   down   one process reads a pipe from `head -c … /dev/zero`, seals and writes; the other opens, and writes to FILE
//
// Each side has a processor of its own, if there are two. CIPHER `plain` neither seals nor opens. What the two do is in
// probe_packets.h.
//
//   probe up|down CIPHER MEBIBYTES FILE
#include <chrono>
#include <csignal>
#include <exception>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channels/io/fd.h"
#include "crypto/ciphers/packet_cipher.h"
#include "test/bench/probe_packets.h"
#include "test/support/cipher_suites.h"

namespace {

using namespace glassh;
using bench::checked;

struct Connection {
  Fd from, to;
};

Connection connect_over_loopback() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  void* const generic = &address;  // sockets' functions take sockaddr*
  socklen_t size = sizeof address;
  const Fd listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  checked(::bind(listening.get(), static_cast<sockaddr*>(generic), size), "bind");
  checked(::listen(listening.get(), 1), "listen");
  checked(::getsockname(listening.get(), static_cast<sockaddr*>(generic), &size), "getsockname");
  Connection connection;
  connection.from = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  checked(::connect(connection.from.get(), static_cast<sockaddr*>(generic), size), "connect");
  connection.to = Fd(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
  checked(connection.to.get(), "accept4");
  const int on = 1;
  checked(::setsockopt(connection.from.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
  return connection;
}

Fd open_file(const char* path, int flags) {
  Fd file(::open(path, flags | O_CLOEXEC));
  checked(file.get(), path);
  return file;
}

pid_t start(std::vector<std::string> words, int input, int output) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  pid_t child = 0;
  const int failed = ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::system_error(failed, std::generic_category(), words[0]);
  return child;
}

// One processor for each side and the children of it. Where the scheduler puts them changes the speed by a factor of
// more than two, from run to run.
void stay_on_processor(std::size_t number) {
  cpu_set_t processors;
  CPU_ZERO(&processors);
  CPU_SET(number % checked(::sysconf(_SC_NPROCESSORS_ONLN), "sysconf"), &processors);
  checked(::sched_setaffinity(0, sizeof processors, &processors), "sched_setaffinity");
}

// The sending side, in a process of its own.
pid_t start_sender(int from, int to, Sealer* sealer) {
  const pid_t sender = ::fork();
  checked(sender, "fork");
  if (sender != 0) return sender;
  try {
    stay_on_processor(1);
    bench::send_packets(from, to, sealer);
    ::_exit(0);
  } catch (const std::exception& error) {
    fmt::print(stderr, "probe, sending: {}\n", error.what());
    ::_exit(1);
  }
}

void wait_for(pid_t process) {
  int status = 0;
  checked(::waitpid(process, &status, 0), "waitpid");
  if (status != 0) throw std::runtime_error(fmt::format("a process ended with status {}", status));
}

// Returns how many bytes arrived.
std::size_t transfer(bool up, const CipherNames& names, std::size_t size, const char* path) {
  const bool plain = names.cipher == "plain";
  const auto sealer = plain ? nullptr : make_sealer(names, test::random_keys(names, 1));
  const auto opener = plain ? nullptr : make_opener(names, test::random_keys(names, 1));
  stay_on_processor(0);
  Connection connection = connect_over_loopback();
  const Fd file = open_file(path, up ? O_RDONLY : O_WRONLY);
  const Fd nowhere = open_file("/dev/null", O_RDWR);
  Pipe pipe = make_pipe();
  const pid_t child =
      up ? start({"cat"}, pipe.read_end.get(), nowhere.get())
         : start({"head", "-c", fmt::format("{}", size), "/dev/zero"}, nowhere.get(), pipe.write_end.get());
  (up ? pipe.read_end : pipe.write_end).close();
  const pid_t sender = start_sender(up ? file.get() : pipe.read_end.get(), connection.from.get(), sealer.get());
  connection.from.close();
  if (up) checked(::fcntl(pipe.write_end.get(), F_SETFL, O_NONBLOCK), "fcntl");
  bench::PacketReceiver receiver(connection.to.get(), up ? pipe.write_end.get() : file.get(), opener.get());
  const std::size_t received = receiver.run();
  pipe.write_end.close();
  wait_for(sender);
  wait_for(child);
  return received;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string direction = argc == 5 ? argv[1] : "";
  if (direction != "up" && direction != "down") {
    fmt::print(stderr, "usage: probe up|down CIPHER MEBIBYTES FILE\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  try {
    const std::size_t size = std::stoul(argv[3]) << 20;
    const auto start = std::chrono::steady_clock::now();
    const std::size_t received = transfer(direction == "up", {argv[2], ""}, size, argv[4]);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    if (received != size) throw std::runtime_error(fmt::format("{} bytes of {} arrived", received, size));
    fmt::print("{:.1f}\n", static_cast<double>(received) / (1 << 20) / seconds.count());
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "probe: {}\n", error.what());
    return 1;
  }
}
