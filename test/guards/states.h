// Every state of a connection in which a peer may say something, and what one message there leads to.
//
// A script goes from the peer's identification to its DISCONNECT; each of its steps begins in a state. A probe is one
// message said in one state, under the keys in force, beside the script: then the script goes on, and the connection
// carries on if the data at the script's end arrive all the same.
//
//   const Outcome outcome = probe({Role::server, State::before_service, true}, 90, true);  outcome.text()
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/messages_auth.h"
#include "proto/messages_forward.h"
#include "test/support/hand_made_peer.h"

namespace glassh::test {

enum class State {
  before_version,
  before_kexinit,
  after_kexinit,
  answering,       // server: its host key signs; client: the host key is judged
  before_newkeys,  // ours is out, the peer's has not come
  before_service,  // both have keys
  login_begun,     // server: nothing tried; client: `none` asked
  login_failed,    // server only: `none` was refused
  login_question,  // keyboard-interactive: server: a question is out; client: its request is
  login_password,  // client only: a password is out
  no_channel,
  channel_opening,  // client only
  channel_open,     // client: its request for a program is out
  rekey_sent,       // our KEXINIT is out, the peer's has not come
  rekey_kexinits,   // both have come
  rekey_newkeys,    // ours is out, the peer's has not come
  over,             // the peer's DISCONNECT has come
};

inline std::string_view state_text(State state) {
  constexpr std::string_view texts[] = {"before its identification",
                                        "before its KEXINIT",
                                        "after its KEXINIT",
                                        "while we think about the host key",
                                        "after our NEWKEYS, before its own",
                                        "after both NEWKEYS, before the service",
                                        "as the login begins",
                                        "after a failed login",
                                        "during keyboard-interactive",
                                        "after we sent a password",
                                        "after the login, without a channel",
                                        "while a channel opens",
                                        "with a channel",
                                        "rekeying: our KEXINIT is out, its own has not come",
                                        "rekeying: after its KEXINIT",
                                        "rekeying: after our NEWKEYS, before its own",
                                        "after its DISCONNECT"};
  return texts[static_cast<std::size_t>(state)];
}

struct Place {
  Role role = Role::server;  // of the victim
  State state = State::before_version;
  bool strict = true;
};

struct Step {
  std::optional<State> state;  // in which it begins, if that is one to look at
  std::function<void(HandMadePeer&, Victim&)> take;
};

namespace detail {

template <class M>
Step says(std::optional<State> state, const M& message) {
  return {state, [payload = encode(message)](HandMadePeer& peer, Victim&) { peer.say(payload); }};
}

inline Payload login_request(std::string_view method, Bytes fields) {
  return encode(msg::UserauthRequest{"student", "ssh-connection", method, Rest{fields}});
}
inline Payload right_password_request() {
  return login_request("password", encode(msg::PasswordRequest{false, {bytes_of(right_password)}, {}}));
}
inline Payload says_payload_exec(std::uint32_t channel) {
  const Payload command = encode(msg::Exec{"id"});
  return encode(msg::ChannelRequest{channel, "exec", true, Rest{command}});
}
inline Step says_payload(std::optional<State> state, Payload payload) {
  return {state, [payload = std::move(payload)](HandMadePeer& peer, Victim&) { peer.say(payload); }};
}

inline void share_at_once(HandMadePeer& peer, Victim& victim) {
  peer.say_share();
  victim.answer();
  peer.listen();
}

inline std::vector<Step> handshake() {
  return {
      {State::before_version, [](HandMadePeer& peer, Victim&) { peer.say_version(); }},
      {State::before_kexinit, [](HandMadePeer& peer, Victim&) { peer.say_kexinit(); }},
      {State::after_kexinit, [](HandMadePeer& peer, Victim&) { peer.say_share(); }},
      {State::answering,
       [](HandMadePeer& peer, Victim& victim) {
         victim.answer();
         peer.listen();
       }},
      {State::before_newkeys, [](HandMadePeer& peer, Victim&) { peer.say_newkeys(); }},
  };
}

inline std::vector<Step> rekey() {
  return {
      {{},
       [](HandMadePeer& peer, Victim& victim) {
         if (!victim.closed()) victim.start_key_exchange();
         peer.listen();
       }},
      {State::rekey_sent, [](HandMadePeer& peer, Victim&) { peer.say_kexinit(); }},
      {State::rekey_kexinits, share_at_once},
      {State::rekey_newkeys, [](HandMadePeer& peer, Victim&) { peer.say_newkeys(); }},
  };
}

}  // namespace detail

// `with_rekey`: those steps cost a key exchange and matter only to the states in them.
inline std::vector<Step> script(Role victim, bool with_rekey) {
  using detail::says;
  using detail::says_payload;
  std::vector<Step> steps = detail::handshake();
  const auto add = [&](std::vector<Step> more) { steps.insert(steps.end(), more.begin(), more.end()); };
  if (victim == Role::server) {
    const Payload interactive = encode(msg::KeyboardInteractiveRequest{});
    add({says(State::before_service, msg::ServiceRequest{"ssh-userauth"}),
         says_payload(State::login_begun, detail::login_request("none", {})),
         says_payload(State::login_failed, detail::login_request("keyboard-interactive", interactive)),
         says_payload(State::login_question, detail::right_password_request()),
         says(State::no_channel, msg::ChannelOpen{"session", 0, 1 << 20, 1 << 15, {}}),
         says_payload(State::channel_open, detail::says_payload_exec(0))});
  } else {
    add({says(State::before_service, msg::ServiceAccept{"ssh-userauth"}),
         says(State::login_begun, msg::UserauthFailure{NameList{"keyboard-interactive,password"}, false}),
         says(State::login_question, msg::UserauthFailure{NameList{"password"}, false}),
         says(State::login_password, msg::UserauthSuccess{}),
         {State::no_channel,
          [](HandMadePeer& peer, Victim& its) {
            its.open_channel();
            peer.listen();
          }},
         says(State::channel_opening, msg::ChannelOpenConfirmation{0, 0, 1 << 20, 1 << 15, {}}),
         says(State::channel_open, msg::ChannelSuccess{0})});
  }
  if (with_rekey) add(detail::rekey());
  add({says({}, msg::ChannelData{0, bytes_of("x")}),
       says({}, msg::Disconnect{11, "", ""}),
       {State::over, [](HandMadePeer&, Victim&) {}}});
  return steps;
}

inline bool is_rekey(State state) { return state >= State::rekey_sent && state <= State::rekey_newkeys; }

// A message of that number with everything that belongs into it, as the victim's peer might say it.
inline Payload valid_message(std::uint8_t number, Role victim, HandMadePeer& peer) {
  const Bytes key = victims_host_key().public_key().blob();
  const Payload share(32, 9);
  switch (number) {
    case 1:
      return encode(msg::Disconnect{11, "", ""});
    case 2:
      return encode(msg::Ignore{});
    case 3:
      return encode(msg::Unimplemented{0});
    case 4:
      return encode(msg::Debug{true, "look", ""});
    case 5:
      return encode(msg::ServiceRequest{"ssh-userauth"});
    case 6:
      return encode(msg::ServiceAccept{"ssh-userauth"});
    case 7:
      return encode(msg::ExtInfo{{{"server-sig-algs", bytes_of("ssh-ed25519")}}});
    case 20:
      return peer.kexinit();
    case 21:
      return encode(msg::NewKeys{});
    case 30:
      return victim == Role::server ? peer.share() : encode(msg::KexEcdhInit{share});
    case 31: {
      const Payload reply = victim == Role::client ? peer.share() : Payload();
      return reply.empty() ? encode(msg::KexEcdhReply{key, share, signed_by_host(share)}) : reply;
    }
    case 32:
      return encode(msg::KexDhGexInit{Mpint{share}});
    case 33:
      return encode(msg::KexDhGexReply{key, Mpint{share}, share});
    case 34:
      return encode(msg::KexDhGexRequest{2048, 3072, 8192});
    case 50:
      return detail::right_password_request();
    case 51:
      return encode(msg::UserauthFailure{NameList{"password"}, false});
    case 52:
      return encode(msg::UserauthSuccess{});
    case 53:
      return encode(msg::UserauthBanner{"look", ""});
    case 60:
      return encode(msg::UserauthInfoRequest{"", "", "", {{"Password: ", false}}});
    case 61:
      return encode(msg::UserauthInfoResponse{{{Hidden{bytes_of(right_password)}}}});
    case 80:
      return encode(msg::GlobalRequest{"keepalive@openssh.com", true, {}});
    case 81:
      return encode(msg::RequestSuccess{});
    case 82:
      return encode(msg::RequestFailure{});
    case 90:
      return encode(msg::ChannelOpen{"session", 9, 1 << 20, 1 << 15, {}});
    case 91:
      return encode(msg::ChannelOpenConfirmation{0, 0, 1 << 20, 1 << 15, {}});
    case 92:
      return encode(msg::ChannelOpenFailure{0, 1, "no", ""});
    case 93:
      return encode(msg::ChannelWindowAdjust{0, 1});
    case 94:
      return encode(msg::ChannelData{0, bytes_of("y")});
    case 95:
      return encode(msg::ChannelExtendedData{0, 1, bytes_of("y")});
    case 96:
      return encode(msg::ChannelEof{0});
    case 97:
      return encode(msg::ChannelClose{0});
    case 98:
      return detail::says_payload_exec(0);
    case 99:
      return encode(msg::ChannelSuccess{0});
    case 100:
      return encode(msg::ChannelFailure{0});
    case 192:
      return encode(msg::Ping{bytes_of("ping")});
    case 193:
      return encode(msg::Pong{bytes_of("ping")});
  }
  Payload unknown = encode(msg::Ignore{bytes_of("whatever")});
  unknown[0] = number;
  return unknown;
}

struct Outcome {
  std::vector<int> answers;         // numbers of what the victim said at once, but DISCONNECT
  std::vector<std::string> events;  // at once
  std::optional<Disconnected> end;  // at once
  bool carries_on = false;
  std::optional<Disconnected> later;  // how it ended if it neither ended at once nor carried on

  std::string text() const {
    std::string words;
    const auto add = [&](std::string_view more) { words += fmt::format("{}{}", words.empty() ? "" : ", ", more); };
    for (const std::string& event : events) add(event);
    for (const int answer : answers)
      add(fmt::format("{}{}", words.empty() || words.back() > '9' ? "says " : "", answer));
    if (end) {
      add(end->by_peer ? "the peer has ended it" : fmt::format("ends ({})", static_cast<unsigned>(end->reason)));
    } else {
      add(carries_on ? "carries on"
          : later    ? fmt::format("ends later ({})", static_cast<unsigned>(later->reason))
                     : "waits");
    }
    return words;
  }
};

inline std::unique_ptr<Victim> make_victim(Role role) {
  Proposal proposal = default_proposal();
  proposal.kex = {"curve25519-sha256"};
  if (role == Role::server) return std::make_unique<ServerVictim>(proposal);
  return std::make_unique<ClientVictim>(proposal);
}

// `valid`: with its fields; otherwise the number alone.
inline Outcome probe(const Place& place, std::uint8_t number, bool valid) {
  const std::vector<Step> steps = script(place.role, is_rekey(place.state));
  const std::unique_ptr<Victim> victim = make_victim(place.role);
  victim->late = true;
  HandMadePeer peer(*victim, {.strict = place.strict});
  std::size_t at = 0;
  for (; steps.at(at).state != place.state; ++at) steps[at].take(peer, *victim);

  Outcome outcome;
  std::size_t said_before = peer.heard.size();
  const std::size_t told_before = victim->events.size();
  peer.say(valid ? valid_message(number, place.role, peer) : Payload{number});
  if (victim->owes_answer() && place.state == State::answering) {
    // Until then nothing is read. What that step itself says comes first.
    steps[at++].take(peer, *victim);
    said_before += place.role == Role::server ? 2 : 1;
  }
  for (std::size_t i = said_before; i < peer.heard.size(); ++i) {
    if (peer.heard[i][0] != msg::Disconnect::number) outcome.answers.push_back(peer.heard[i][0]);
  }
  outcome.events.assign(victim->events.begin() + static_cast<std::ptrdiff_t>(told_before), victim->events.end());
  outcome.end = victim->end;

  const std::size_t told_then = victim->events.size();
  for (; at < steps.size() && !victim->closed(); ++at) steps[at].take(peer, *victim);
  outcome.carries_on = std::find(victim->events.begin() + static_cast<std::ptrdiff_t>(told_then), victim->events.end(),
                                 "data") != victim->events.end();
  if (!outcome.end && !outcome.carries_on && victim->end && !victim->end->by_peer) outcome.later = victim->end;
  return outcome;
}

// In the order of a connection. Strictness matters to the first key exchange alone.
inline std::vector<Place> all_places() {
  std::vector<Place> places;
  for (const Role role : {Role::server, Role::client}) {
    for (const bool strict : {true, false}) {
      for (const Step& step : script(role, true)) {
        if (!step.state) continue;
        const bool first_exchange = *step.state > State::before_version && *step.state < State::before_service;
        if (strict || first_exchange) places.push_back({role, *step.state, strict});
      }
    }
  }
  return places;
}

}  // namespace glassh::test
