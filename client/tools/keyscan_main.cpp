// glassh-keyscan: prints the host keys of many servers, as lines for known_hosts.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <sys/resource.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "auth/known_hosts.h"
#include "client/client_log.h"
#include "client/client_trace.h"
#include "client/tools/key_scan.h"
#include "client/tools/keyscan_options.h"
#include "config/say.h"

namespace glassh {
namespace {

constexpr std::size_t most_at_once = 256;

class Scanner {
 public:
  Scanner(const KeyscanOptions& options, ClientLog& log) : options_(options), log_(log), trace_(log) {}

  void add(std::string_view line, const std::string& place) {
    try {
      for (ScanTarget& target : scan_targets(line)) targets_.push_back(std::move(target));
    } catch (const std::runtime_error& error) {
      log_.error("{}{}", place, error.what());
    }
  }

  // True if there was a key.
  bool run() {
    for (const std::string& type : options_.types) {
      if (algorithms_of_scan_type(type)->empty()) {
        log_.error("keys of type {} are not supported; none will be found", type);
      } else {
        types_.push_back(type);
      }
    }
    asio::io_context io(1);
    const std::size_t workers = std::min(targets_.size() * types_.size(), at_once());
    std::exception_ptr failure;
    for (std::size_t i = 0; i < workers; ++i) {
      asio::co_spawn(io, work(io.get_executor()), [&failure](std::exception_ptr error) {
        if (error) failure = error;
      });
    }
    io.run();
    if (failure) std::rethrow_exception(failure);
    return found_;
  }

 private:
  // Some descriptors are for others: files, the resolver, and the waits.
  static std::size_t at_once() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 16;
    return std::clamp<std::size_t>(limit.rlim_cur / 4, 1, most_at_once);
  }

  // One of several that share the list.
  asio::awaitable<void> work(asio::any_io_executor executor) {
    while (next_ < targets_.size() * types_.size()) {
      const std::size_t mine = next_++;
      const ScanTarget& target = targets_[mine / types_.size()];
      co_await scan(executor, target, types_[mine % types_.size()]);
    }
  }

  asio::awaitable<void> scan(asio::any_io_executor executor, const ScanTarget& target, const std::string& type) {
    for (const std::string& address : target.addresses) {
      KeyQuestion question{address, options_.port, options_.family, *algorithms_of_scan_type(type), options_.timeout};
      const ScannedKey got = co_await scan_host_key(executor, std::move(question), rng_, trace_.sink());
      if (!got.server_version.empty() && !options_.quiet) {
        say(stdout, "# {}:{} {}\n", address, options_.port, printable(got.server_version));
      }
      if (got.key) print(target, *got.key);
      if (got.key || got.end == ScanEnd::not_this_type) co_return;
      complain(address, got);
    }
  }

  // Failures that are normal when many hosts are asked are printed only with -v.
  void complain(const std::string& address, const ScannedKey& got) {
    switch (got.end) {
      case ScanEnd::unresolved:
        log_.error("getaddrinfo {}: {}", printable(address), got.text);
        break;
      case ScanEnd::closed:
        log_.error("{}: Connection closed by remote host", printable(address));
        break;
      case ScanEnd::protocol_error:
        log_.error("{}: {}", printable(address), printable(got.text));
        break;
      default:
        log_.debug1("{}: {}", printable(address), printable(got.text));
    }
  }

  void print(const ScanTarget& target, const PublicKey& key) {
    found_ = true;
    // ssh-keyscan writes the names of a host into one line only where they need no brackets.
    const bool one_line = options_.port == 22 && !options_.hash_names;
    std::string_view rest = target.names;
    while (!rest.empty()) {
      const std::string_view name = one_line ? rest : rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(name.size() + 1, rest.size()));
      if (name.empty()) continue;
      const std::string written = options_.hash_names   ? hashed_host_name(known_host_name(name, options_.port), rng_)
                                  : options_.port == 22 ? std::string(name)
                                                        : fmt::format("[{}]:{}", name, options_.port);
      say(stdout, "{} {}\n", written, key.line());
    }
    std::fflush(stdout);
  }

  const KeyscanOptions& options_;
  ClientLog& log_;
  ClientTrace trace_;
  SystemRng rng_;
  std::vector<ScanTarget> targets_;
  std::vector<std::string> types_;
  std::size_t next_ = 0;
  bool found_ = false;
};

void add_file(const std::string& path, Scanner& scanner) {
  std::ifstream file;
  if (path != "-") file.open(path);
  std::istream& in = path == "-" ? std::cin : file;
  if (!in) throw std::system_error(errno, std::generic_category(), path);
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    scanner.add(line, fmt::format("{}:{}: ", path, number));
  }
  if (in.bad()) throw std::runtime_error(path + " cannot be read");
}

LogLevel level_of(const KeyscanOptions& options) {
  constexpr LogLevel levels[] = {LogLevel::info, LogLevel::debug1, LogLevel::debug2, LogLevel::debug3};
  return levels[options.verbose];
}

int run(const std::vector<std::string>& arguments) {
  try {
    const KeyscanOptions options = parse_keyscan_options(arguments);
    ClientLog log(level_of(options));
    Scanner scanner(options, log);
    for (const std::string& path : options.files) add_file(path, scanner);
    for (const std::string& word : options.words) scanner.add(word, "");
    return scanner.run() ? 0 : 1;
  } catch (const UsageError& error) {
    const std::string_view text = error.what();
    if (!text.empty()) say(stderr, "{}\n", text);
    if (text.empty()) say(stderr, "{}", keyscan_usage());
    return 1;
  } catch (const std::exception& error) {
    say(stderr, "glassh-keyscan: {}\n", error.what());
    return 255;
  }
}

}  // namespace
}  // namespace glassh

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  return glassh::run({argv + (argc > 0 ? 1 : 0), argv + argc});
}
