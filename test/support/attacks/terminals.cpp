// Terminals that no program reads. A break is two or three bytes for the terminal's input: some thousand of them fill
// it.
#include "test/support/attacks/attacks.h"

#include <array>
#include <memory>

#include "proto/messages_session.h"
#include "test/support/hostile_peer.h"

namespace glassh::test {
namespace {

constexpr int breaks = 6700;

// RFC 4254 section 8: PARMRK on, ISIG, ICANON and ECHO off.
constexpr std::array<std::uint8_t, 21> marks_breaks = {31, 0, 0, 0, 1,  50, 0, 0, 0, 0, 51,
                                                       0,  0, 0, 0, 53, 0,  0, 0, 0, 0};

void fill_terminal(HostilePeer<ClientConnection>& peer, const std::string& command) {
  const std::uint32_t id = peer.core.channels().open("session");
  bool open = false;
  int answers = 0;
  const auto on_event = [&](const ClientEvent& event) {
    if (std::holds_alternative<ChannelOpened>(event)) open = true;
    if (std::holds_alternative<ChannelRequestAnswered>(event)) ++answers;
  };
  peer.run_until(on_event, [&] { return open; });
  Channel& channel = peer.core.channels().at(id);
  channel.request(msg::PtyReq{"vt100", 80, 24, 0, 0, marks_breaks}, true);
  channel.request(not_a_login, false);
  if (!command.empty()) channel.request(msg::Exec{command}, true);
  peer.run_until(on_event, [&] { return answers == (command.empty() ? 1 : 2); });
  for (int i = 0; i < breaks; ++i) channel.request(msg::Break{500}, false);
  peer.write();
}

}  // namespace

// Arguments: how many connections, and a command for the terminals; without it there is no program. All breaks are sent
// when it says "ready".
void stuck_terminals(const AttackTask& task) {
  using Peer = HostilePeer<ClientConnection>;
  std::vector<std::unique_ptr<Peer>> peers;
  for (unsigned long i = 0; i < std::stoul(task.arguments.at(0)); ++i) {
    peers.emplace_back(new Peer(connect_to(task.port, task.user)));  // made in place: it cannot be moved
    log_in(*peers.back(), task.key);
    fill_terminal(*peers.back(), task.arguments.size() > 1 ? task.arguments[1] : "");
  }
  hold_until_told();
}

}  // namespace glassh::test
