// Any text as known_hosts gives one of the four answers, throws nothing, and never knows a key that is not there.
//
// The first line is the host that is asked for, the rest the file.
#include <algorithm>
#include <array>
#include <cstdlib>

#include <fmt/format.h>

#include "auth/known_hosts_edit.h"

namespace {

using namespace glassh;

void check(bool holds) {
  if (!holds) std::abort();
}

// The key of the seeds: 32 times "k".
PublicKey wanted() {
  return parse_public_key_line("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tr").key;
}

// A line that we write is found again, whatever else is in the file.
void add_and_find(const std::string& host, std::uint16_t port, const PublicKey& key, KnownHostsFile file) {
  SeededRng rng(1);
  Rng* const hash_with = host.size() % 2 == 0 ? &rng : nullptr;
  try {
    if (!file.text.empty() && file.text.back() != '\n') file.text += '\n';
    file.text += known_hosts_line(host, port, key, hash_with) + "\n";
  } catch (const std::invalid_argument&) {
    return;
  }
  const KnownHostLookup found = look_up_host_key(std::array{std::move(file)}, host, port, key);
  check(found.status == KnownHostStatus::match || found.status == KnownHostStatus::revoked || host.size() > 40000);
}

// Past vulnerability 69: nothing else in the file hides a revocation, nor do other markers on its line.
void revoke_and_find(const std::string& host, std::uint16_t port, const PublicKey& key, const KnownHostsFile& file) {
  constexpr std::array markers = {"@revoked", "@cert-authority @revoked", "@revoked @cert-authority", "@x @revoked"};
  const std::string line = fmt::format("{} * {}\n", markers[host.size() % markers.size()], key.line());
  const std::array before = {KnownHostsFile{"f", line + file.text}};
  const std::array behind = {KnownHostsFile{"f", file.text + "\n" + line}};
  const std::array apart = {file, KnownHostsFile{"g", line}};
  check(look_up_host_key(before, host, port, key).status == KnownHostStatus::revoked);
  check(look_up_host_key(behind, host, port, key).status == KnownHostStatus::revoked);
  check(look_up_host_key(apart, host, port, key).status == KnownHostStatus::revoked);
}

// What glassh-keygen -R and -H leave behind: no line of a host that was removed, no name that could still be hashed.
void edit_and_find(const std::string& name, const KnownHostsFile& file) {
  SeededRng rng(1);
  const KnownHostsEdit removed = without_host(file, name);
  const KnownHostsFile rest{"f", removed.text};
  check(without_host(rest, name).lines.empty());
  for (const FoundHostLine& line : find_host_lines(rest, name)) {
    check(line.revoked || line.authority || !removed.bad_lines.empty());
  }
  const KnownHostsEdit hashed = with_hashed_names(file, rng);
  check(with_hashed_names({"f", hashed.text}, rng).lines.empty());
  check(hashed.bad_lines.size() == removed.bad_lines.size());
}

void check_names(std::span<const KnownHostsFile> files, const PublicKey& key) {
  for (const KnownHostNames& names : names_of_key(files, key)) {
    check(names.line > 0 && names.names.find_first_of(" \t\n") == std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const PublicKey key = wanted();
  const std::string_view input = text_of({data, size});
  const std::string host(input.substr(0, input.find('\n')));
  const std::string_view text = input.substr(std::min(host.size() + 1, input.size()));
  const std::array files = {KnownHostsFile{"f", std::string(text)}};
  for (const std::uint16_t port : {22, 2222}) {
    const KnownHostLookup found = look_up_host_key(files, host, port, key);
    const bool decided = found.status != KnownHostStatus::unknown;
    check(decided == found.entry.has_value());
    if (found.status == KnownHostStatus::match || found.status == KnownHostStatus::revoked) {
      check(text.find(key.line().substr(12)) != std::string_view::npos);
    }
    if (found.status == KnownHostStatus::changed) check(found.entry->key && !(*found.entry->key == key));
    for (const BadKnownHostsLine& bad : found.bad_lines) check(bad.line > 0 && !bad.reason.empty());
    for (const KnownHostEntry& entry : found.foreign_keys) check(!entry.key);
    known_key_types(files, host, port);
    revoke_and_find(host, port, key, files[0]);
    add_and_find(host, port, key, files[0]);
  }
  check_names(files, key);
  edit_and_find(known_host_name(host, 22), files[0]);
  return 0;
}
