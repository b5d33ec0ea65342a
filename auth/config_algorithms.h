// The algorithm lists of sshd_config(5) and ssh_config(5): Ciphers, MACs, KexAlgorithms, HostKeyAlgorithms, …
//
// A list replaces the default, or begins with + (append), - (remove) or ^ (put in front); its items may be patterns.
// Lists are allow-lists: an algorithm that OpenSSH has and we do not is skipped with a note, as long as something is
// left; a name that nobody knows is an error. What is supported is handed in, in order of preference, and is also the
// default.
//
//   choose_algorithms("-*cbc,*-etm@openssh.com", "MACs", names.macs, notes)
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "auth/config_syntax.h"
#include "transport/negotiation.h"

namespace glassh {

struct AlgorithmNames {
  std::vector<std::string_view> ciphers;
  std::vector<std::string_view> macs;
  std::vector<std::string_view> kex;
  std::vector<std::string_view> signatures;  // for host keys and for users' keys
  std::vector<std::string_view> key_types;
};
// What crypto/ has.
AlgorithmNames our_algorithm_names();

// `keyword`, in sshd_config(5)'s spelling, says which of OpenSSH's algorithms are known. Throws ConfigError without a
// place, naming the offending item. Appends to `notes` what it skipped.
std::vector<std::string> choose_algorithms(std::string_view list, std::string_view keyword,
                                           const std::vector<std::string_view>& supported,
                                           std::vector<ConfigNote>& notes);

}  // namespace glassh
