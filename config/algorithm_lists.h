// Reads the algorithm lists of sshd_config(5) and ssh_config(5): Ciphers, MACs, KexAlgorithms, HostKeyAlgorithms, …
//
// A list replaces the default, or begins with + (append), - (remove) or ^ (put in front). An item may be a pattern: it
// stands for all names that it matches, in the order of -Q. Every list must keep at least one name, except MACs.
// Lists are allow-lists: an algorithm that OpenSSH has and we do not is skipped with a note, as long as another one is
// left. A name that neither OpenSSH nor we know is an error. The caller hands in which names are supported and which of
// them are the default: this file knows nothing of crypto/.
//
//   choose_algorithms("-*cbc,*-etm@openssh.com", "MACs", names.macs, notes)
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/syntax.h"

namespace glassh {

// The algorithms of one kind.
struct AlgorithmSet {
  AlgorithmSet(std::vector<std::string_view> names) : supported(names), defaults(std::move(names)) {}
  AlgorithmSet(std::initializer_list<std::string_view> names) : supported(names), defaults(names) {}

  std::vector<std::string_view> supported;  // what a list may name, in the order of ssh -Q
  std::vector<std::string_view> defaults;   // what is offered without a list, in order of preference
};
struct AlgorithmNames {
  AlgorithmSet ciphers;
  AlgorithmSet macs;
  AlgorithmSet kex;
  AlgorithmSet signatures;  // for host keys and for users' keys
  std::vector<std::string_view> key_types;
};

// Returns the chosen names in order of preference. `keyword`, in sshd_config(5)'s spelling, selects OpenSSH's names of
// that kind, which are skipped and not refused. Throws ConfigError without a place; its text names the wrong item.
// Appends a note for each name that it skipped.
std::vector<std::string> choose_algorithms(std::string_view list, std::string_view keyword, const AlgorithmSet& names,
                                           std::vector<ConfigNote>& notes);

}  // namespace glassh
