// Attack "channels": so many connections with so many channels each, to a listener of the test. Words: CONNECTIONS
// CHANNELS PORT. Each refusal must say that the server is out of descriptors.
#include <fmt/format.h>

#include <memory>
#include <stdexcept>
#include <vector>

#include "proto/messages_forward.h"
#include "test/support/attacks/attacks.h"
#include "test/support/hostile_peer.h"

namespace glassh::test {

namespace {

using Peer = HostilePeer<ClientConnection>;

// Returns when each open is answered.
void open_channels(Peer& peer, std::size_t count, std::uint32_t port) {
  const auto details = encode(msg::DirectTcpip{"127.0.0.1", port, "127.0.0.1", 1});
  for (std::size_t i = 0; i < count; ++i) peer.core.channels().open(msg::DirectTcpip::name, details);
  std::size_t opened = 0, refused = 0;
  const auto on_event = [&](ClientEvent& event) {
    if (std::holds_alternative<ChannelOpened>(event)) ++opened;
    if (const auto* refusal = std::get_if<ChannelOpenRefused>(&event)) {
      ++refused;
      if (refusal->description != "out of descriptors") throw Gone(std::string(refusal->description));
    }
  };
  peer.run_until(on_event, [&] { return opened + refused == count; });
  fmt::print(stderr, "# {} channels opened, {} refused\n", opened, refused);
}

}  // namespace

void open_many_channels(const AttackTask& task) {
  if (task.arguments.size() != 3) throw std::invalid_argument("channels CONNECTIONS CHANNELS PORT");
  const std::size_t connections = std::stoul(task.arguments[0]);
  const std::size_t channels = std::stoul(task.arguments[1]);
  const auto port = static_cast<std::uint32_t>(std::stoul(task.arguments[2]));
  std::vector<std::unique_ptr<Peer>> peers;
  for (std::size_t i = 0; i < connections; ++i) {
    peers.emplace_back(new Peer(connect_to(task.port, task.user)));  // it cannot be moved
    log_in(*peers.back(), task.key);
    open_channels(*peers.back(), channels, port);
  }
  hold_until_told();
}

}  // namespace glassh::test
