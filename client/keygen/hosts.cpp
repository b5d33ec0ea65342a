// glassh-keygen -F, -H and -R: known_hosts, found and changed (auth/known_hosts_edit.h does the work).
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

#include <sys/stat.h>

#include <fmt/format.h>

#include "auth/known_hosts_edit.h"
#include "client/keygen/files.h"
#include "config/file_lock.h"
#include "config/say.h"
#include "config/small_file.h"
#include "config/syntax.h"
#include "crypto/keys/randomart.h"

namespace glassh {
namespace {

using Action = KeygenOptions::Action;

KnownHostsFile read_file(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) {
    throw KeygenFailure(fmt::format("Cannot stat {}: {}", path, std::generic_category().message(errno)));
  }
  try {
    return read_known_hosts(path);
  } catch (const FileError& error) {
    throw KeygenFailure(error.what());
  }
}

std::unique_ptr<FileLock> lock_file(const std::string& path) {
  try {
    return std::make_unique<FileLock>(path);
  } catch (const FileError& error) {
    throw KeygenFailure(error.what());
  }
}

void print_found(const FoundHostLine& line, const KeygenOptions& options, Rng& rng) {
  const std::string_view marker = line.authority ? "CA" : line.revoked ? "REVOKED" : "";
  if (!options.quiet) say(stdout, "# Host {} found: line {} {}\n", options.name, line.line, marker);
  if (options.show_hashed) {
    // Each name of the line, so that the output can become a line of another file.
    const bool hashed = line.names.starts_with('|');
    for (std::size_t at = 0; at < line.names.size() && !hashed;) {
      const std::size_t end = std::min(line.names.find(',', at), line.names.size());
      const std::string name = lower_case(std::string_view(line.names).substr(at, end - at));
      say(stdout, "{} {}\n", hashed_host_name(name, rng), line.key_text);
      at = end + 1;
    }
    if (hashed) say(stdout, "{}\n", line.text);
  } else if (options.show_fingerprint && line.key) {
    say(stdout, "{} {} {}{}{}\n", options.name, line.key->short_type(), line.key->fingerprint(options.hash),
        line.comment.empty() ? "" : " ", on_one_line(line.comment));
    if (options.verbose > 0) say(stdout, "{}\n", randomart(*line.key, options.hash));
  } else {
    say(stdout, "{}\n", line.text);
  }
}

int find_host(const KnownHostsFile& file, const KeygenOptions& options, Rng& rng) {
  const auto found = find_host_lines(file, lower_case(options.name));
  for (const FoundHostLine& line : found) print_found(line, options, rng);
  return found.empty() ? 1 : 0;
}

// Says what is wrong with the file, if anything is.
void refuse_bad_lines(const KnownHostsEdit& edit, const std::string& path) {
  if (edit.bad_lines.empty()) return;
  for (const BadKnownHostsLine& bad : edit.bad_lines) {
    say(stderr, "{}:{}: invalid line: it {}\n", path, bad.line, bad.reason);
  }
  throw KeygenFailure(fmt::format("{} is not a valid known_hosts file.\n"
                                  "Not replacing existing known_hosts file because of errors",
                                  path),
                      1);
}

void replace(const std::string& path, const KnownHostsEdit& edit, const KeygenOptions& options, Rng& rng) {
  try {
    replace_known_hosts(path, edit.text, rng);
  } catch (const FileError& error) {
    throw KeygenFailure(fmt::format("Cannot replace {}: {}", path, error.what()));
  }
  say(stdout, "{} updated.\nOriginal contents retained as {}.old\n", path, path);
  if (options.action == Action::hash_hosts) {
    say(stderr, "WARNING: {}.old contains unhashed entries\nDelete this file to ensure privacy of hostnames\n", path);
  }
}

int remove_host(const KnownHostsFile& file, const KeygenOptions& options, Rng& rng) {
  const KnownHostsEdit edit = without_host(file, lower_case(options.name));
  for (const std::size_t line : edit.lines) {
    if (!options.quiet) say(stdout, "# Host {} found: line {}\n", options.name, line);
  }
  std::fflush(stdout);
  refuse_bad_lines(edit, file.path);
  if (edit.lines.empty()) {
    say(stderr, "Host {} not found in {}\n", options.name, file.path);
    return 0;
  }
  replace(file.path, edit, options, rng);
  return 0;
}

int hash_hosts(const KnownHostsFile& file, const KeygenOptions& options, Rng& rng) {
  const KnownHostsEdit edit = with_hashed_names(file, rng);
  for (const BadKnownHostsLine& line : edit.wildcards) {
    say(stderr, "{}:{}: ignoring host name with wildcard: {}\n", file.path, line.line, line.reason);
  }
  refuse_bad_lines(edit, file.path);
  if (edit.lines.empty()) {
    say(stdout, "{} has no name that could be hashed; it stays as it is.\n", file.path);
    return 0;
  }
  replace(file.path, edit, options, rng);
  return 0;
}

}  // namespace

int edit_known_hosts(const KeygenOptions& options, KeygenContext& context) {
  const std::string path = options.file.value_or(context.home + "/.ssh/known_hosts");
  if (options.action == Action::find_host) return find_host(read_file(path), options, context.rng);
  const std::unique_ptr<FileLock> lock = lock_file(path);
  const KnownHostsFile file = read_file(path);
  if (options.action == Action::remove_host) return remove_host(file, options, context.rng);
  return hash_hosts(file, options, context.rng);
}

}  // namespace glassh
