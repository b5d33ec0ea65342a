// The messages of a peer made by hand until the state that a test is about, and what it hears from there on, in words.
//
//   begin_login(peer, Role::server);  EXPECT_EQ(heard_after(peer, [&] { peer.say(request); }), "FAILURE password");
#pragma once

#include <fmt/format.h>

#include "proto/message_name.h"
#include "proto/messages_auth.h"
#include "proto/messages_connection.h"
#include "test/support/hand_made_peer.h"

namespace glassh::test {

inline void exchange_keys(HandMadePeer& peer) {
  peer.say_kexinit();
  peer.say_share();
  peer.say_newkeys();
}

// To a server: up to SERVICE_ACCEPT. To a client: the same, and the client has sent its first request.
inline void begin_login(HandMadePeer& peer, Role victim) {
  peer.say_version();
  exchange_keys(peer);
  if (victim == Role::server) {
    peer.say(msg::ServiceRequest{"ssh-userauth"});
  } else {
    peer.say(msg::ServiceAccept{"ssh-userauth"});
  }
}

inline Payload password_of(std::string_view user, std::string_view password) {
  const Payload fields = encode(msg::PasswordRequest{false, {bytes_of(password)}, {}});
  return encode(msg::UserauthRequest{user, "ssh-connection", "password", Rest{fields}});
}

inline void log_in(HandMadePeer& peer, Role victim) {
  begin_login(peer, victim);
  if (victim == Role::server) {
    peer.say(password_of("student", right_password));
  } else {
    peer.say(msg::UserauthSuccess{});
  }
}

inline constexpr Role both_roles[] = {Role::server, Role::client};

inline std::unique_ptr<Victim> victim_of(Role role, const Proposal& proposal = default_proposal()) {
  if (role == Role::server) return std::make_unique<ServerVictim>(proposal);
  return std::make_unique<ClientVictim>(proposal);
}

inline std::string words_of(const Payload& payload) {
  switch (payload[0]) {
    case msg::Disconnect::number:
      return fmt::format("DISCONNECT {}", decode<msg::Disconnect>(payload).reason_code);
    case msg::UserauthRequest::number: {
      const auto request = decode<msg::UserauthRequest>(payload);
      return fmt::format("{} for {}", request.method_name, request.user_name);
    }
    case msg::UserauthFailure::number: {
      const auto failure = decode<msg::UserauthFailure>(payload);
      return fmt::format("{} {}", failure.partial_success ? "PARTIAL" : "FAILURE",
                         failure.authentications_that_can_continue.text);
    }
    case msg::UserauthSuccess::number:
      return "SUCCESS";
    case msg::UserauthBanner::number:
      return fmt::format("BANNER {:?}", decode<msg::UserauthBanner>(payload).message);
    case message_number::userauth_pk_ok:  // a question has an empty name
      if (get_u32(payload.data() + 1) > 0) return fmt::format("PK_OK {}", decode<msg::UserauthPkOk>(payload).algorithm);
      return fmt::format("QUESTION of {}", decode<msg::UserauthInfoRequest>(payload).prompts.size());
    case msg::UserauthInfoResponse::number:
      return fmt::format("ANSWERS {}", decode<msg::UserauthInfoResponse>(payload).responses.size());
  }
  return fmt::format("{}", message_name(payload[0]));
}

// The messages of the victim meanwhile, in order.
template <class Act>
std::string heard_after(const HandMadePeer& peer, Act act) {
  const std::size_t before = peer.heard.size();
  act();
  std::string words;
  for (std::size_t i = before; i < peer.heard.size(); ++i) {
    words += fmt::format("{}{}", words.empty() ? "" : "; ", words_of(peer.heard[i]));
  }
  return words;
}

}  // namespace glassh::test
