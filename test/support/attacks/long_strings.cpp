// Requests and opens with strings that nearly fill a packet. Each is refused, and the connection goes on.
//
// Throws Gone if one of them is granted, or if the connection ends.
#include "proto/messages_forward.h"
#include "proto/messages_session.h"
#include "test/support/attacks/attacks.h"
#include "test/support/hostile_peer.h"

namespace glassh::test {

namespace {

using Peer = HostilePeer<ClientConnection>;

const std::string nearly_a_packet(261'400, 'a');

// Runs until there is an answer. Returns whether it is a yes.
bool answer(Peer& peer) {
  std::optional<bool> said;
  const auto on_event = [&](ClientEvent& event) {
    if (const auto* global = std::get_if<GlobalRequestAnswered>(&event)) said = global->success;
    if (const auto* request = std::get_if<ChannelRequestAnswered>(&event)) said = request->success;
    if (std::holds_alternative<ChannelOpened>(event)) said = true;
    if (std::holds_alternative<ChannelOpenRefused>(event)) said = false;
  };
  peer.run_until(on_event, [&] { return said.has_value(); });
  return *said;
}

void expect_refusal(Peer& peer, std::string_view what) {
  if (answer(peer)) throw Gone(fmt::format("{} is granted", what));
}

template <class Tail>
void ask_globally(Peer& peer, const Tail& tail) {
  peer.core.channels().send_global(Tail::name, true, encode(tail));
  expect_refusal(peer, Tail::name);
}

template <class Tail>
void open(Peer& peer, const Tail& tail) {
  peer.core.channels().open(Tail::name, encode(tail));
  expect_refusal(peer, Tail::name);
}

template <class Tail>
void ask_session(Peer& peer, std::uint32_t session, const Tail& tail) {
  peer.core.channels().at(session).request(tail, true);
  expect_refusal(peer, Tail::name);
}

}  // namespace

void attack_by_long_strings(const AttackTask& task) {
  Peer peer = connect_to(task.port, task.user);
  log_in(peer, task.key);
  ask_globally(peer, msg::TcpipForward{nearly_a_packet, 0});
  ask_globally(peer, msg::CancelTcpipForward{nearly_a_packet, 0});
  ask_globally(peer, msg::StreamlocalForward{nearly_a_packet});
  ask_globally(peer, msg::CancelStreamlocalForward{nearly_a_packet});
  open(peer, msg::DirectTcpip{nearly_a_packet, 22, "127.0.0.1", 1});
  open(peer, msg::DirectTcpip{"127.0.0.1", 22, nearly_a_packet, 1});
  open(peer, msg::DirectStreamlocal{nearly_a_packet, {}, 0});
  peer.core.channels().open(nearly_a_packet);
  expect_refusal(peer, "a channel type");
  peer.core.channels().send_global(nearly_a_packet, true);
  expect_refusal(peer, "a global request");
  const std::uint32_t session = peer.core.channels().open(msg::SessionOpen::name);
  if (!answer(peer)) throw Gone("a session is refused");
  peer.core.channels().at(session).send_request(nearly_a_packet, true, {});
  expect_refusal(peer, "a request");
  ask_session(peer, session, msg::PtyReq{.term = nearly_a_packet});
  ask_session(peer, session, msg::PtyReq{.term = "x", .encoded_terminal_modes = bytes_of(nearly_a_packet)});
  ask_session(peer, session, msg::X11Req{.x11_authentication_protocol = nearly_a_packet});
  ask_session(peer, session, msg::Env{nearly_a_packet, "x"});
  ask_session(peer, session, msg::Env{"LANG", nearly_a_packet});
  ask_session(peer, session, msg::Signal{nearly_a_packet});
  ask_session(peer, session, msg::Subsystem{nearly_a_packet});
  ask_session(peer, session, msg::Exec{nearly_a_packet});
  peer.core.channels().at(session).request(not_a_login, false);
  peer.core.channels().at(session).request(msg::Exec{"true"}, true);
  if (!answer(peer)) throw Gone("a short request is refused afterwards");
  hold_until_told();
}

}  // namespace glassh::test
