// Requests that are refused, each with a long line in a log whose level is DEBUG.
#include "proto/messages_session.h"
#include "test/support/attacks/attacks.h"
#include "test/support/hostile_peer.h"

namespace glassh::test {

// Argument: how many requests, of 100 bytes each. The server has handled them all when it says "ready".
void many_lines(const AttackTask& task) {
  HostilePeer<ClientConnection> peer = connect_to(task.port, task.user);
  log_in(peer, task.key);
  const std::uint32_t id = peer.core.channels().open("session");
  bool open = false, answered = false;
  const auto on_event = [&](const ClientEvent& event) {
    if (std::holds_alternative<ChannelOpened>(event)) open = true;
    if (std::holds_alternative<ChannelRequestAnswered>(event)) answered = true;
  };
  peer.run_until(on_event, [&] { return open; });
  Channel& channel = peer.core.channels().at(id);
  const std::string type(100, 'x');
  for (unsigned long i = 0; i < std::stoul(task.arguments.at(0)); ++i) {
    channel.send_request(type, false, {});
    if (i % messages_per_write == 0) peer.write();
  }
  channel.send_request(type, true, {});
  peer.run_until(on_event, [&] { return answered; });
  hold_until_told();
}

}  // namespace glassh::test
