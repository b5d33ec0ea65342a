// The algorithm lists of sshd_config(5) and ssh_config(5): Ciphers, MACs, KexAlgorithms, HostKeyAlgorithms, …
//
// A list replaces the default, or begins with + (append), - (remove) or ^ (put in front); its items may be patterns,
// which stand for what they match in the order of -Q. Only MACs may be left with none.
// Lists are allow-lists: an algorithm that OpenSSH has and we do not is skipped with a note, as long as something is
// left; a name that nobody knows is an error. What is supported, and which of it is the default, is handed in.
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

// `keyword`, in sshd_config(5)'s spelling, says which of OpenSSH's algorithms are known. Throws ConfigError without a
// place, naming the offending item. Appends to `notes` what it skipped.
std::vector<std::string> choose_algorithms(std::string_view list, std::string_view keyword, const AlgorithmSet& names,
                                           std::vector<ConfigNote>& notes);

}  // namespace glassh
