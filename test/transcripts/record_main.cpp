// Records the sessions of this folder anew, against the real OpenSSH: our client core talks to `sshd -i`, our server
// core to `ssh`. Throwaway keys, a temporary directory, and a port of 127.0.0.1 that the system chooses.
//
//   record_transcripts test/transcripts [NAME...]
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <system_error>

#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/support/recorded_session.h"
#include "test/support/temporary_directory.h"
#include "test/support/test_keys.h"

namespace {

using namespace glassh;
using namespace glassh::test;

struct Plan {
  std::string name;
  std::string role;
  std::string cipher;
  std::string mac = "hmac-sha2-256";
  std::string kex = "curve25519-sha256";
  std::string host_key = "ssh-ed25519";
  std::string rekey = "no";  // "ours", "theirs"
};

const std::vector<Plan> plans = {
    {"client-chacha20-poly1305", "client", "chacha20-poly1305@openssh.com"},
    {"client-aes256-gcm", "client", "aes256-gcm@openssh.com"},
    {"client-aes128-ctr-etm", "client", "aes128-ctr", "hmac-sha2-256-etm@openssh.com"},
    {"client-aes256-ctr-rsa", "client", "aes256-ctr", "hmac-sha2-512", "ecdh-sha2-nistp256", "rsa-sha2-512"},
    {"client-rekeys", "client", "aes128-gcm@openssh.com", "hmac-sha2-256", "curve25519-sha256", "ssh-ed25519", "ours"},
    {"client-is-rekeyed", "client", "chacha20-poly1305@openssh.com", "hmac-sha2-256", "curve25519-sha256",
     "ssh-ed25519", "theirs"},
    {"client-sntrup761", "client", "aes256-gcm@openssh.com", "hmac-sha2-256", "sntrup761x25519-sha512@openssh.com"},
    {"server-chacha20-poly1305", "server", "chacha20-poly1305@openssh.com"},
    {"server-aes256-gcm", "server", "aes256-gcm@openssh.com"},
    {"server-aes128-ctr-etm", "server", "aes128-ctr", "hmac-sha2-256-etm@openssh.com"},
    {"server-aes256-ctr-rsa", "server", "aes256-ctr", "hmac-sha2-512", "ecdh-sha2-nistp256", "rsa-sha2-512"},
    {"server-rekeys", "server", "aes128-gcm@openssh.com", "hmac-sha2-256", "curve25519-sha256", "ssh-ed25519", "ours"},
    {"server-is-rekeyed", "server", "chacha20-poly1305@openssh.com", "hmac-sha2-256", "curve25519-sha256",
     "ssh-ed25519", "theirs"},
    {"server-sntrup761", "server", "aes256-gcm@openssh.com", "hmac-sha2-256", "sntrup761x25519-sha512@openssh.com"},
    // OpenSSH has it since 9.9.
    {"client-mlkem768", "client", "chacha20-poly1305@openssh.com", "hmac-sha2-256", "mlkem768x25519-sha256"},
    {"server-mlkem768", "server", "chacha20-poly1305@openssh.com", "hmac-sha2-256", "mlkem768x25519-sha256"},
};

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

std::string our_user() {
  const passwd* const account = getpwuid(geteuid());
  if (account == nullptr) throw std::runtime_error("this user has no name");
  return account->pw_name;
}

// The child's stdin, stdout and stderr.
pid_t spawn(const std::vector<std::string>& arguments, int in, int out, int err) {
  const pid_t child = checked(fork(), "fork");
  if (child != 0) return child;
  dup2(in, 0);
  dup2(out, 1);
  dup2(err, 2);
  closefrom(3);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  _exit(127);
}

// Until both have said all they had to say.
template <class Application>
Recording converse(const Recording& header, int socket) {
  RecordedSession<Application> session(header);
  while (true) {
    const std::vector<std::uint8_t> output = session.take_output();
    for (std::size_t sent = 0; sent < output.size();) {
      const ssize_t size = ::send(socket, output.data() + sent, output.size() - sent, MSG_NOSIGNAL);
      if (size < 0) break;  // the peer has gone; reading will tell
      sent += static_cast<std::size_t>(size);
    }
    if (session.over()) break;
    pollfd wanted{socket, POLLIN, 0};
    if (checked(poll(&wanted, 1, 20000), "poll") == 0) throw std::runtime_error("the peer says nothing any more");
    std::uint8_t buffer[16384];
    const ssize_t size = ::read(socket, buffer, sizeof buffer);
    session.arrive({buffer, size > 0 ? static_cast<std::size_t>(size) : 0});
  }
  return session.recording();
}

void expect_exit(pid_t child, int status) {
  int how = 0;
  checked(waitpid(child, &how, 0), "waitpid");
  if (!WIFEXITED(how) || WEXITSTATUS(how) != status) throw std::runtime_error("the peer ended otherwise than expected");
}

class Recorder {
 public:
  explicit Recorder(const Plan& plan) : plan_(plan), rng_(seed()), ours_(our_key()), theirs_(their_key()) {
    auto& header = header_.header;
    header = {{"role", plan.role},     {"seed", std::to_string(seed())},
              {"kex", plan.kex},       {"host_key", plan.host_key},
              {"cipher", plan.cipher}, {"mac", plan.mac},
              {"user", our_user()},    {"rekey", plan.rekey}};
    header["command"] = "tr a-z A-Z; echo done >&2; exit 7";
    for (int i = 0; i < 12; ++i) header["input"] += fmt::format("{}line {} of the input", i > 0 ? "\n" : "", i);
    header["our_key"] = text_of(write_private_key_file(ours_, "thrown away", rng_).reveal());
    header["their_key"] = theirs_.public_key().line();
  }

  Recording run() { return plan_.role == "client" ? against_sshd() : against_ssh(); }

 private:
  // A seed of its own for each, the same in every run.
  std::uint64_t seed() const {
    std::uint64_t value = 0;
    for (const char c : plan_.name) value = value * 31 % 1000003 + static_cast<std::uint8_t>(c);
    return value;
  }
  bool we_are_server() const { return plan_.role == "server"; }
  bool rsa() const { return plan_.host_key.starts_with("rsa"); }
  PrivateKey our_key() {
    if (we_are_server() && rsa()) return test_key("rsa2048");
    return PrivateKey::generate("ssh-ed25519", rng_);
  }
  PrivateKey their_key() {
    if (!we_are_server() && rsa()) return test_key("rsa3072");
    return PrivateKey::generate("ssh-ed25519", rng_);
  }
  std::string write_their_key() {
    return directory_.write("key", text_of(write_private_key_file(theirs_, "", rng_).reveal()));
  }

  Recording against_sshd() {
    directory_.write("keys", ours_.public_key().line() + "\n");
    const std::string config = directory_.write(
        "config",
        fmt::format("HostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nUsePAM no\nPidFile none\nLogLevel ERROR\n"
                    "PermitRootLogin yes\nPasswordAuthentication no\n{}",
                    write_their_key(), directory_.path("keys"), plan_.rekey == "theirs" ? "RekeyLimit 700\n" : ""));
    int ends[2];
    checked(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
    // Without -e stderr would be the connection's.
    const pid_t sshd = spawn({"/usr/sbin/sshd", "-i", "-e", "-f", config}, ends[1], ends[1], STDERR_FILENO);
    close(ends[1]);
    Recording recording = converse<ClientApplication>(header_, ends[0]);
    close(ends[0]);
    int how = 0;
    checked(waitpid(sshd, &how, 0), "waitpid");  // 255 after our DISCONNECT
    return recording;
  }

  Recording against_ssh() {
    const int listener = checked(socket(AF_INET, SOCK_STREAM, 0), "socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = static_cast<sockaddr*>(static_cast<void*>(&address));
    checked(bind(listener, generic, size), "bind");
    checked(listen(listener, 1), "listen");
    checked(getsockname(listener, generic, &size), "getsockname");

    directory_.write("hosts", "peer " + ours_.public_key().line() + "\n");
    const std::string input = directory_.write("input", header_.at("input"));
    FILE* const in = fopen(input.c_str(), "r");
    FILE* const out = fopen(directory_.path("output").c_str(), "w");
    if (in == nullptr || out == nullptr) throw std::runtime_error("cannot open a temporary file");
    std::vector<std::string> arguments = {"/usr/bin/ssh", "-F", "none", "-T", "-a", "-x"};
    for (const std::string& option :
         {std::string("BatchMode=yes"), std::string("StrictHostKeyChecking=yes"), std::string("HostKeyAlias=peer"),
          std::string("IdentitiesOnly=yes"), "UserKnownHostsFile=" + directory_.path("hosts"),
          std::string("GlobalKnownHostsFile=none"), std::string("IdentityAgent=none"),
          "IdentityFile=" + write_their_key(),
          std::string(plan_.rekey == "theirs" ? "RekeyLimit=700" : "RekeyLimit=default")}) {
      arguments.insert(arguments.end(), {"-o", option});
    }
    arguments.insert(arguments.end(), {"-p", std::to_string(ntohs(address.sin_port)), header_.at("user") + "@127.0.0.1",
                                       header_.at("command")});
    const pid_t ssh = spawn(arguments, fileno(in), fileno(out), STDERR_FILENO);
    fclose(in);
    fclose(out);
    const int connection = checked(accept(listener, nullptr, nullptr), "accept");
    close(listener);
    Recording recording = converse<ServerApplication>(header_, connection);
    close(connection);
    expect_exit(ssh, 7);
    std::string expected = header_.at("input");
    for (char& c : expected) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (directory_.read("output") != expected) throw std::runtime_error("ssh printed something else");
    return recording;
  }

  Plan plan_;
  TemporaryDirectory directory_;
  SeededRng rng_;
  PrivateKey ours_, theirs_;
  Recording header_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: record_transcripts DIRECTORY [NAME...]\n");
    return 2;
  }
  const std::set<std::string> names(argv + 2, argv + argc);
  try {
    for (const Plan& plan : plans) {
      if (!names.empty() && !names.contains(plan.name)) continue;
      const Recording recording = Recorder(plan).run();
      const std::string text = write_recording(recording);
      if (write_recording(replay(parse_recording(text))) != text)
        throw std::runtime_error(plan.name + " does not replay");
      std::ofstream(std::string(argv[1]) + "/" + plan.name + ".transcript") << text;
      fmt::print("{}: {} bytes\n", plan.name, text.size());
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "record_transcripts: {}\n", error.what());
    return 1;
  }
  return 0;
}
