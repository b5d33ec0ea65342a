// Decides which message may arrive now: one table by role and phase. A message that it does not name is refused (or, if
// its number is not assigned, answered with UNIMPLEMENTED: RFC 4253 section 11.4).
//
// This is the guard that the login bypasses of other implementations lacked: a message of a later layer never reaches
// its handler early, and a message for the other role never reaches it at all (what is late in a login reaches the
// server, which ignores it). Order inside a key exchange is key_exchange's.
//
//   if (judge(Arrival{role, phase, …}, payload[0]) == Verdict::refused) throw …
#pragma once

#include <cstdint>
#include <string_view>

#include "transport/negotiation.h"

namespace glassh {

enum class Phase {
  first_key_exchange,  // until both NEWKEYS of the first exchange
  service,             // client has asked for ssh-userauth or is about to (RFC 4253 section 10)
  authentication,      // RFC 4252
  connection,          // RFC 4254
};

struct Arrival {
  Role receiver = Role::server;
  Phase phase = Phase::first_key_exchange;
  bool strict = false;                // strict key exchange was negotiated
  bool peer_in_key_exchange = false;  // its KEXINIT has come, its NEWKEYS has not
  bool wrong_guess_awaited = false;   // it guessed another key exchange method; that method's message is on its way
  bool group_exchange = false;        // the method of the running exchange is RFC 4419's, which has three more messages
  bool behind_first_newkeys = false;  // the packet before it was the peer's first NEWKEYS
  bool answer_awaited = false;        // we have asked it by a global request of our own accord
};

enum class Verdict { allowed, refused, unimplemented };

Verdict judge(const Arrival& arrival, std::uint8_t message_number);
std::string_view phase_text(Phase phase);

}  // namespace glassh
