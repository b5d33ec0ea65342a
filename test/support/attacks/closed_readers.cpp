// Attack "closed-readers": channels to a Unix socket whose owner never reads, filled and then closed, or left by the
// end of the connection. Words: CHANNELS PATH BYTES HOW, where HOW is close, leave, or stay (neither).
#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "proto/messages_forward.h"
#include "test/support/attacks/attacks.h"
#include "test/support/hostile_peer.h"

namespace glassh::test {

namespace {

using Peer = HostilePeer<ClientConnection>;

std::uint32_t open_socket(Peer& peer, const std::string& path) {
  const std::uint32_t id =
      peer.core.channels().open(msg::DirectStreamlocal::name, encode(msg::DirectStreamlocal{path, {}, 0}));
  bool opened = false;
  const auto on_event = [&](ClientEvent& event) {
    if (const auto* refusal = std::get_if<ChannelOpenRefused>(&event)) throw Gone(std::string(refusal->description));
    if (std::holds_alternative<ChannelOpened>(event)) opened = true;
  };
  peer.run_until(on_event, [&] { return opened; });
  return id;
}

// As much as the window has room for, and no more than `size`.
void fill(Peer& peer, std::uint32_t id, std::size_t size) {
  Channel& channel = peer.core.channels().at(id);
  while (size > 0 && channel.window_to_peer() > 0) {
    if (channel.room() == 0) {
      if (!peer.write()) throw Gone("it reads nothing");
      continue;
    }
    const MutableBytes place = channel.data_space(std::min(size, channel.room()));
    std::fill(place.begin(), place.end(), 'x');
    channel.commit(place.size());
    size -= place.size();
  }
  if (!peer.write()) throw Gone("it reads nothing");
}

void close_all(Peer& peer, const std::vector<std::uint32_t>& channels) {
  std::size_t closed = 0;
  for (const std::uint32_t id : channels) peer.core.channels().at(id).close();
  const auto on_event = [&](ClientEvent& event) { closed += std::holds_alternative<CloseArrived>(event) ? 1 : 0; };
  peer.run_until(on_event, [&] { return closed == channels.size(); });
}

}  // namespace

void leave_readers_behind(const AttackTask& task) {
  if (task.arguments.size() != 4) throw std::invalid_argument("closed-readers CHANNELS PATH BYTES close|leave|stay");
  const std::size_t size = std::stoul(task.arguments[2]);
  Peer peer = connect_to(task.port, task.user);
  log_in(peer, task.key);
  std::vector<std::uint32_t> channels(std::stoul(task.arguments[0]));
  for (std::uint32_t& id : channels) {
    id = open_socket(peer, task.arguments[1]);
    fill(peer, id, size);
  }
  if (task.arguments[3] == "close") close_all(peer, channels);
  // An answer comes behind all of it, so the server has it.
  if (task.arguments[3] != "close") {
    bool answered = false;
    peer.core.channels().send_global("keepalive@openssh.com", true);
    peer.run_until([&](ClientEvent& event) { answered |= std::holds_alternative<GlobalRequestAnswered>(event); },
                   [&] { return answered; });
  }
  if (task.arguments[3] == "leave") {
    peer.core.disconnect(DisconnectReason::by_application, "bye");
    peer.write();
    peer.socket.close();
  }
  hold_until_told();
}

}  // namespace glassh::test
