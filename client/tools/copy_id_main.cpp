// glassh-copy-id: puts public keys into an account's authorized_keys, so that they log in from then on.
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "client/agent/agent_client.h"
#include "client/child.h"
#include "client/client_log.h"
#include "client/shell_word.h"
#include "client/tools/copied_keys.h"
#include "client/tools/copy_id_options.h"
#include "config/say.h"
#include "config/small_file.h"

namespace glassh {
namespace {

namespace fs = std::filesystem;

volatile std::sig_atomic_t ended_by_signal = 0;

// The text is printed after "glassh-copy-id: ERROR: "; the exit status is 1.
class CopyIdError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

template <class... Arguments>
void tell(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  say(stderr, "glassh-copy-id: {}\n", fmt::format(format, std::forward<Arguments>(arguments)...));
}

// For the files that pass between programs. Gone at the end, also at one by a signal.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string name = (fs::temp_directory_path() / "glassh-copy-id-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw FileError(errno, name);
    path_ = name;
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  std::string path(std::string_view name) const { return (path_ / name).string(); }
  std::string write(std::string_view name, std::string_view text) const {
    save_small_file(path(name), bytes_of(text), 0600, "new", IfExists::replace);
    return path(name);
  }
  std::string read(std::string_view name) const {
    constexpr std::size_t limit = 16 * 1024 * 1024;
    return std::string(text_of(read_small_file(path(name), limit).content.reveal()));
  }

 private:
  fs::path path_;
};

class CopyId {
 public:
  explicit CopyId(const CopyIdOptions& options) : options_(options) {}

  void run() {
    const auto client = find_program_beside_us("glassh");
    if (!client) throw CopyIdError("there is no glassh beside this program or in PATH");
    client_ = *client;
    std::vector<CopiedKey> keys = gather();
    if (!options_.forced) keys = without_installed(std::move(keys));
    if (keys.empty()) {
      tell(
          "WARNING: all keys were skipped, because they are on the remote system already.\n"
          "        (If that is a mistake, -f adds them without a look.)");
      return;
    }
    if (options_.dry_run) {
      say(stdout, "These key(s) would be added:\n\n{}", key_lines(keys));
      return;
    }
    if (!options_.forced)
      tell("INFO: {} key(s) remain to be installed; if you are asked now, it is for that", keys.size());
    report(options_.sftp ? install_by_sftp(keys) : install_by_command(keys));
  }

 private:
  // --- which keys ---------------------------------------------------------------------------------------------------

  std::vector<CopiedKey> gather() {
    if (options_.identity) return keys_of_identity(*options_.identity);
    std::vector<CopiedKey> keys = keys_of_agent();
    if (!keys.empty()) return keys;
    return keys_of_identity("");
  }

  static std::vector<CopiedKey> keys_of_agent() {
    const char* const socket = std::getenv("SSH_AUTH_SOCK");
    if (socket == nullptr || *socket == '\0') return {};
    asio::io_context io(1);
    std::vector<CopiedKey> keys;
    std::exception_ptr failure;
    asio::co_spawn(io, list_agent(io.get_executor(), socket),
                   [&](std::exception_ptr error, std::vector<CopiedKey> listed) {
                     failure = error;
                     keys = std::move(listed);
                   });
    io.run();
    try {
      if (failure) std::rethrow_exception(failure);
    } catch (const AgentError&) {  // one that has gone has no keys
    }
    return keys;
  }

  static asio::awaitable<std::vector<CopiedKey>> list_agent(asio::any_io_executor executor, std::string socket) {
    AgentClient agent = AgentClient::connect(executor, socket);
    std::vector<CopiedKey> keys;
    for (const AgentKey& key : co_await agent.list()) keys.push_back(copied_key(key.type(), key.blob, key.comment));
    co_return keys;
  }

  // The newest of ~/.ssh/id*.pub; empty if there is none.
  static std::string default_identity() {
    const char* const home = std::getenv("HOME");
    std::error_code error;
    fs::path newest;
    fs::file_time_type newest_time;
    for (const auto& entry : fs::directory_iterator(fs::path(home != nullptr ? home : "/") / ".ssh", error)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with("id") || !name.ends_with(".pub") || name.ends_with("-cert.pub")) continue;
      const auto time = entry.last_write_time(error);
      if (error || (!newest.empty() && time <= newest_time)) continue;
      newest = entry.path();
      newest_time = time;
    }
    return newest.string();
  }

  std::vector<CopiedKey> keys_of_identity(const std::string& given) {
    const std::string path = given.empty() ? default_identity() : given;
    if (path.empty()) throw CopyIdError("no identities found: no key in an agent, and no ~/.ssh/id*.pub");
    const std::string public_path = path.ends_with(".pub") ? path : path + ".pub";
    const std::string private_path = public_path.substr(0, public_path.size() - 4);
    if (!options_.forced) {
      if (::access(private_path.c_str(), R_OK) != 0) {
        throw CopyIdError(
            fmt::format("the private key {}: {}; without it nobody can try to log in\n"
                        "        (-f installs {} all the same)",
                        private_path, std::generic_category().message(errno), public_path));
      }
      private_key_ = private_path;
    }
    std::vector<CopiedKey> keys = keys_of_file(public_path);
    tell("INFO: the key(s) to install are from \"{}\"", public_path);
    return keys;
  }

  // --- which of them are there --------------------------------------------------------------------------------------

  std::vector<CopiedKey> without_installed(std::vector<CopiedKey> keys) {
    tell("INFO: trying to log in with the key(s), to leave out those that are installed already");
    std::erase_if(keys, [this](const CopiedKey& key) { return logs_in(key); });
    return keys;
  }

  bool logs_in(const CopiedKey& key) {
    // A key of an agent is named by its public half, under both names that a client may look for.
    std::string identity = private_key_;
    if (identity.empty()) {
      identity = scratch_.write("key", key.line() + "\n");
      scratch_.write("key.pub", key.line() + "\n");
    }
    const std::vector<std::string> test = {"-i", identity,
                                           "-o", "ControlPath=none",
                                           "-o", "LogLevel=INFO",
                                           "-o", "PreferredAuthentications=publickey",
                                           "-o", "IdentitiesOnly=yes"};
    const std::string output = scratch_.path("output");
    const int status = run(client_arguments(test, {"exit"}), {"/dev/null", output, output});
    if (status == 0) return true;
    const std::string said = scratch_.read("output");
    if (options_.sftp && said.find("allows sftp connections only") != said.npos) return true;
    if (said.find("Permission denied") != said.npos) return false;
    throw CopyIdError(fmt::format("cannot log in to find out:\n{}", printable(said, true)));
  }

  // --- installing ---------------------------------------------------------------------------------------------------

  std::size_t install_by_command(const std::vector<CopiedKey>& keys) {
    const std::string input = scratch_.write("keys", key_lines(keys));
    const int status = run(client_arguments({}, {install_command()}), {input, scratch_.path("output"), ""});
    const auto added = installed_count(scratch_.read("output"));
    if (status != 0 || !added) {
      throw CopyIdError(fmt::format(
          "the keys were not installed: {}",
          status == 255 ? "no connection" : fmt::format("the remote command ended with status {}", status)));
    }
    return *added;
  }

  // One connection, so that one password is enough: the file comes, gets the keys, and goes back under a name of its
  // own that then becomes the right one. A file that cannot be read is never replaced.
  std::size_t install_by_sftp(const std::vector<CopiedKey>& keys) {
    const auto program = find_program_in_path("sftp");
    if (!program) throw CopyIdError("-s needs OpenSSH's sftp, and there is none in PATH");
    std::vector<std::string> arguments = {*program, "-o", "BatchMode=no", "-b", "-", "-S", client_};
    const std::vector<std::string> flags = flags_for_sftp(options_.client_flags);
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    arguments.insert(arguments.end(), {"--", options_.destination});

    const std::string fetched = scratch_.path("authorized_keys");
    PipedChild sftp(arguments, scratch_.path("errors"));
    sftp.write(fmt::format("-get .ssh/authorized_keys \"{}\"\n!echo fetched\n", fetched));
    const bool connected = sftp.read_until("fetched\n");
    const std::string errors = scratch_.read("errors");
    std::string text;
    if (fs::exists(fetched)) {
      text = scratch_.read("authorized_keys");
    } else if (!connected || errors.find("not found") == errors.npos) {
      const std::string_view what = connected ? "the remote authorized_keys cannot be read" : "no sftp session";
      throw CopyIdError(fmt::format("{}:\n{}", what, printable(errors, true)));
    }
    const MergedKeys merged = merge_keys(std::move(text), keys);
    const std::string to_send = scratch_.write("merged", merged.text);
    sftp.write(
        fmt::format("-mkdir .ssh\nchmod 700 .ssh\nput \"{}\" .ssh/authorized_keys.new\n"
                    "chmod 600 .ssh/authorized_keys.new\nrename .ssh/authorized_keys.new .ssh/authorized_keys\n",
                    to_send));
    const int status = sftp.finish();
    check_signal();
    if (status != 0) {
      throw CopyIdError(fmt::format("the keys were not installed:\n{}", printable(scratch_.read("errors"), true)));
    }
    return merged.added;
  }

  void report(std::size_t added) const {
    std::string words;
    const auto& flags = options_.client_flags;
    for (const std::string& flag : options_.sftp ? flags_for_sftp(flags) : flags) words += " " + shell_word(flag);
    words += " " + shell_word(options_.destination);
    say(stdout,
        "\nNumber of key(s) added: {}\n\n"
        "Now try to log in with:   {}{}\n"
        "and see that only the key(s) that you wanted were added.\n\n",
        added, options_.sftp ? "sftp" : "glassh", words);
  }

  // --- the client ---------------------------------------------------------------------------------------------------

  std::vector<std::string> client_arguments(const std::vector<std::string>& first,
                                            const std::vector<std::string>& command) const {
    std::vector<std::string> arguments = {client_, "-a", "-x"};
    arguments.insert(arguments.end(), first.begin(), first.end());
    arguments.insert(arguments.end(), options_.client_flags.begin(), options_.client_flags.end());
    arguments.push_back(options_.destination);
    arguments.insert(arguments.end(), command.begin(), command.end());
    return arguments;
  }

  static int run(const std::vector<std::string>& arguments, const ChildStreams& streams) {
    const int status = run_child(arguments, streams);
    check_signal();
    return status;
  }

  static void check_signal() {
    if (ended_by_signal != 0) throw CopyIdError("interrupted");
  }

  const CopyIdOptions& options_;
  const ScratchDirectory scratch_;
  std::string client_;
  std::string private_key_;  // empty if the keys are an agent's, or if no login is tried
};

int run(const std::vector<std::string>& arguments) {
  try {
    const CopyIdOptions options = parse_copy_id_options(arguments);
    CopyId(options).run();
    return 0;
  } catch (const UsageError& error) {
    const std::string_view text = error.what();
    if (!text.empty()) tell("ERROR: {}", text);
    say(stderr, "{}", copy_id_usage());
  } catch (const std::exception& error) {
    tell("ERROR: {}", error.what());
    if (ended_by_signal != 0) return 128 + ended_by_signal;
  }
  return 1;
}

}  // namespace
}  // namespace glassh

int main(int argc, char** argv) {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0) ::open("/dev/null", O_RDWR);
  }
  std::signal(SIGPIPE, SIG_IGN);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    std::signal(signal, [](int number) { glassh::ended_by_signal = number; });
  }
  return glassh::run({argv + (argc > 0 ? 1 : 0), argv + argc});
}
