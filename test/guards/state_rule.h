// What the RFCs let a peer say, state by state: written down from them, and from nothing of ours. It says what must
// become of a message, in one of four words.
//
//   EXPECT_EQ(expected({Role::server, State::before_service, true}, 90, true), Expected::refused)
#pragma once

#include <cstdint>

#include "test/guards/states.h"

namespace glassh::test {

enum class Expected {
  refused,   // it does nothing: no event, no answer but DISCONNECT, and the session does not go through
  unknown,   // nobody has assigned that number: UNIMPLEMENTED, and otherwise nothing
  harmless,  // it may come at any time here, and the session goes through
  due,       // this is what is waited for, or a service that is open to the peer
};

inline bool is_between(int number, int first, int last) { return number >= first && number <= last; }

inline bool is_login(State state) { return state >= State::login_begun && state <= State::login_password; }
inline bool is_first_exchange(State state) { return state >= State::before_kexinit && state <= State::before_newkeys; }
// RFC 4253 section 7.1: from the peer's KEXINIT to its NEWKEYS.
inline bool is_between_kexinit_and_newkeys(State state) {
  return is_between(static_cast<int>(state), static_cast<int>(State::after_kexinit),
                    static_cast<int>(State::before_newkeys)) ||
         state == State::rekey_kexinits || state == State::rekey_newkeys;
}
inline bool has_channel(State state) { return state == State::channel_open || state == State::rekey_sent; }
inline bool is_connection(State state) { return state >= State::no_channel && state <= State::rekey_sent; }

// RFC 4250 section 4.1.2, RFC 4256, RFC 4419, RFC 5656, RFC 8308 and OpenSSH PROTOCOL section 1.8. NEWCOMPRESS, 8, is
// of OpenSSH's delayed-compression draft, which nobody negotiates. 30 to 49 belong to the key exchange method, and 60
// and 61 to that of the login; what is beyond is nobody's.
inline bool is_assigned(int number) {
  return is_between(number, 1, 7) || number == 20 || number == 21 || is_between(number, 30, 49) ||
         is_between(number, 50, 53) || number == 60 || number == 61 || is_between(number, 80, 82) ||
         is_between(number, 90, 100) || number == 192 || number == 193;
}

// Those that need nothing but their number.
inline bool has_no_fields(int number) { return number == 21 || number == 52 || number == 81 || number == 82; }

// The message that the state waits for, or one that the peer may begin something with.
inline bool is_due(const Place& place, int number) {
  const bool server = place.role == Role::server;
  switch (place.state) {
    case State::before_version:
    case State::over:
      return false;
    case State::before_kexinit:
      return number == 20;
    case State::after_kexinit:
    case State::rekey_kexinits:
      return number == (server ? 30 : 31);
    case State::answering:
    case State::before_newkeys:
    case State::rekey_newkeys:
      return number == 21;
    default:
      break;
  }
  // RFC 4253 section 9 [4253-9-2]: new keys at any time.
  if (number == 20) return true;
  if (place.state == State::before_service) return number == (server ? 5 : 6);
  if (is_login(place.state) && server) {
    // A second SERVICE_REQUEST for the same service is answered, for the clients that send one.
    if (number == 5 || number == 50) return true;
    return number == 61 && place.state == State::login_question;
  }
  if (is_login(place.state)) {
    // RFC 4252 section 6: 60 belongs to the method that was asked for; `none` has no messages of its own, and what it
    // says in place of an answer to a password is another message than the one that we send here.
    if (number == 60) return place.state == State::login_question;
    return number == 51 || number == 52;
  }
  if (number == 80 || number == 90) return true;
  if (place.state == State::channel_opening) return number == 91 || number == 92;
  // RFC 4254 section 5.4: 99 and 100 answer something, and only a client has asked. In rekey_sent it has its answer.
  const bool asked = !server && place.state == State::channel_open;
  return has_channel(place.state) && (is_between(number, 93, 98) || (asked && is_between(number, 99, 100)));
}

// It changes nothing, whenever the state allows it at all.
inline bool is_harmless(const Place& place, int number) {
  if (place.state == State::before_version || place.state == State::over) return false;
  // RFC 4253 sections 11.2 to 11.4: at any time; OpenSSH PROTOCOL section 1.9 [openssh-strict-kex-1.9-4]: but not then.
  if (is_between(number, 2, 4)) return !(place.strict && is_first_exchange(place.state));
  if (is_first_exchange(place.state) || is_between_kexinit_and_newkeys(place.state)) return false;
  if (number == 192 || number == 193) return true;
  // RFC 8308 section 2.4 [8308-2.4-1] [8308-2.4-3]: behind NEWKEYS; a server's also before USERAUTH_SUCCESS, which is
  // the next message in one state only.
  const bool client = place.role == Role::client;
  if (number == 7) return place.state == State::before_service || (client && place.state == State::login_password);
  if (number == 53) return client && is_login(place.state);
  return false;
}

// A peer that will be strict has not said so before its KEXINIT: what came before it is answered as from any other, and
// held against it then.
inline bool only_before_strictness(int number) {
  return is_between(number, 2, 4) || number == 20 || !is_assigned(number);
}

inline Expected expected(const Place& place, std::uint8_t number, bool with_fields) {
  // RFC 4252 sections 5.1 and 5.3 [4252-5.1-13] [4252-5.3-1]: whatever it says, it is not even read.
  if (is_between(number, 50, 79) && place.role == Role::server && is_connection(place.state)) return Expected::harmless;
  if (!is_assigned(number)) {
    // RFC 4253 section 11.4 [4253-11.4-1] [4253-11.4-2]: an answer, and no more. But nothing at all before the
    // identification, in a strict first exchange, or behind DISCONNECT.
    if (place.state == State::before_version || place.state == State::over) return Expected::refused;
    if (place.strict && is_first_exchange(place.state)) return Expected::refused;
    // RFC 4253 section 7.1 [4253-7.1-30]: no data then, whatever they are.
    if (is_between_kexinit_and_newkeys(place.state) && number >= 50) return Expected::refused;
    // RFC 4252 section 6 [4252-6-1]: to a server, 80 and up before the login are an attempt to go around it.
    const bool before_login = place.state == State::before_service || is_login(place.state);
    if (before_login && place.role == Role::server && number >= 80) return Expected::refused;
    return Expected::unknown;
  }
  if (!with_fields && !has_no_fields(number)) return Expected::refused;
  if (is_due(place, number)) return Expected::due;
  return is_harmless(place, number) ? Expected::harmless : Expected::refused;
}

}  // namespace glassh::test
