#include "transport/message_gate.h"

#include <array>

#include "proto/numbers.h"

namespace glassh {

namespace {

using namespace message_number;

// Who may receive a message, by phase. A letter per role: C client, S server, B both, - nobody.
struct Row {
  std::uint8_t first;
  std::uint8_t last;
  char first_key_exchange;
  char service;
  char authentication;
  char connection;
};

// What no row names is a number that nobody has assigned, or that we never negotiate.
constexpr Row rows[] = {
    //                                                   kex  svc  auth conn
    {disconnect, debug, /*                            */ 'B', 'B', 'B', 'B'},
    {service_request, service_request, /*             */ '-', 'S', 'S', '-'},
    {service_accept, service_accept, /*               */ '-', 'C', '-', '-'},
    // RFC 8308 section 2.2 [8308-2.2-1]: a peer that asked for it takes it. Section 2.4 [8308-2.4-3]: a server may send
    // it once more during the login. Transport sees to it that USERAUTH_SUCCESS is the next packet.
    {ext_info, ext_info, /*                           */ '-', 'B', 'C', '-'},
    {kexinit, newkeys, /*                             */ 'B', 'B', 'B', 'B'},
    {kex_ecdh_init, kex_ecdh_init, /*                 */ 'S', 'S', 'S', 'S'},
    {kex_ecdh_reply, kex_ecdh_reply, /*               */ 'C', 'C', 'C', 'C'},
    // RFC 4419 section 5, where group exchange runs; 30 is its old request then, and 31 its group.
    {kex_dh_gex_init, kex_dh_gex_init, /*             */ 'S', 'S', 'S', 'S'},
    {kex_dh_gex_reply, kex_dh_gex_reply, /*           */ 'C', 'C', 'C', 'C'},
    {kex_dh_gex_request, kex_dh_gex_request, /*       */ 'S', 'S', 'S', 'S'},
    {35, 49, /*                                       */ '-', '-', '-', '-'},
    {userauth_request, userauth_request, /*           */ '-', '-', 'S', '-'},
    {userauth_failure, userauth_banner, /*            */ '-', '-', 'C', '-'},
    {userauth_pk_ok, userauth_pk_ok, /*               */ '-', '-', 'C', '-'},
    {userauth_info_response, userauth_info_response, /**/ '-', '-', 'S', '-'},
    {global_request, request_failure, /*              */ '-', '-', '-', 'B'},
    {channel_open, channel_failure, /*                */ '-', '-', '-', 'B'},
    {ping, pong, /*                                   */ '-', 'B', 'B', 'B'},
};

char allowed_roles(const Row& row, Phase phase) {
  switch (phase) {
    case Phase::first_key_exchange:
      return row.first_key_exchange;
    case Phase::service:
      return row.service;
    case Phase::authentication:
      return row.authentication;
    case Phase::connection:
      return row.connection;
  }
  return '-';
}

bool is_allowed(const Arrival& arrival, const Row& row, std::uint8_t number) {
  // OpenSSH PROTOCOL section 1.9 [openssh-strict-kex-1.9-4] [openssh-strict-kex-1.9-5]: in the first exchange nothing
  // but the exchange itself, not even IGNORE; a DISCONNECT ends the matter anyway.
  const bool strict_now = arrival.strict && arrival.phase == Phase::first_key_exchange;
  if (strict_now && number != disconnect && number < kexinit) return false;
  // RFC 4253 section 7.1 [4253-7.1-30] [4253-7.1-31]: between its KEXINIT and its NEWKEYS the peer sends no data and no
  // service messages. Deviation: paramiko and asyncssh answer a global request at once, whatever they are doing. Where
  // the question was ours, a key exchange at that moment must not end their connection.
  const bool of_ours = arrival.answer_awaited && (number == request_success || number == request_failure);
  const bool out_of_place = number >= 50 || number == service_request || number == service_accept;
  if (arrival.peer_in_key_exchange && out_of_place && !of_ours) return false;
  if (number >= kex_dh_gex_init && number <= kex_dh_gex_request && !arrival.group_exchange) return false;
  // RFC 8308 section 2.4 [8308-2.4-1] [8308-2.4-2]: before the login, it is the packet right behind the first NEWKEYS.
  if (number == ext_info && arrival.phase == Phase::service && !arrival.behind_first_newkeys) return false;
  const char roles = allowed_roles(row, arrival.phase);
  return roles == 'B' || roles == (arrival.receiver == Role::client ? 'C' : 'S');
}

}  // namespace

Verdict judge(const Arrival& arrival, std::uint8_t message_number) {
  // RFC 4253 section 7.1 [4253-7.1-26]: dropped unread, so it may be of a method that we do not have.
  if (arrival.wrong_guess_awaited && message_number >= kexdh_init && message_number < userauth_request) {
    return Verdict::allowed;
  }
  // RFC 4252 section 5.1 [4252-5.1-13], section 5.3 [4252-5.3-1]: after success a server lets through whatever belongs
  // to the login, assigned or not, and ServerConnection ignores it.
  const bool of_login = message_number >= userauth_request && message_number < global_request;
  if (of_login && arrival.phase == Phase::connection && arrival.receiver == Role::server) {
    return arrival.peer_in_key_exchange ? Verdict::refused : Verdict::allowed;
  }
  for (const Row& row : rows) {
    if (message_number < row.first || message_number > row.last) continue;
    return is_allowed(arrival, row, message_number) ? Verdict::allowed : Verdict::refused;
  }
  // RFC 4253 section 11.4 [4253-11.4-1], during a key exchange too [4253-7.1-33]; but not where strict key exchange
  // forbids everything unexpected, and not data where section 7.1 forbids data.
  if (arrival.strict && arrival.phase == Phase::first_key_exchange) return Verdict::refused;
  if (arrival.peer_in_key_exchange && message_number >= 50) return Verdict::refused;
  // RFC 4252 section 6 [4252-6-1] [4252-6-3]: 80 and up are for what comes after the login, assigned or not.
  const bool before_login = arrival.phase == Phase::service || arrival.phase == Phase::authentication;
  if (before_login && arrival.receiver == Role::server && message_number >= global_request) return Verdict::refused;
  return Verdict::unimplemented;
}

std::string_view phase_text(Phase phase) {
  switch (phase) {
    case Phase::first_key_exchange:
      return "the first key exchange";
    case Phase::service:
      return "the service request";
    case Phase::authentication:
      return "authentication";
    case Phase::connection:
      return "the connection protocol";
  }
  return "?";
}

}  // namespace glassh
