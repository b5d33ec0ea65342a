// The algorithms that crypto/ has, in the form that the configuration of both programs takes them
// (config/algorithm_lists): in the order in which `ssh -Q` lists them, and with each role's defaults.
//
//   const AlgorithmNames names = our_algorithm_names(Role::client);  names.kex.defaults
#pragma once

#include "config/algorithm_lists.h"
#include "transport/negotiation.h"

namespace glassh {

// The two roles support the same algorithms. A server does not offer all of them by default: as in OpenSSH 10,
// Diffie-Hellman over integers has to be named.
AlgorithmNames our_algorithm_names(Role role);

}  // namespace glassh
