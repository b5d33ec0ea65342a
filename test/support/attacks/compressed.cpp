// Attack "compressed": messages of zeros that compression makes a thousand times smaller, so that a few packets are
// much work. Words: COUNT SIZE. The server ignores them, but has to inflate each.
#include <stdexcept>

#include "proto/messages_transport.h"
#include "test/support/attacks/attacks.h"
#include "test/support/hostile_peer.h"

namespace glassh::test {

void send_compressed_zeros(const AttackTask& task) {
  if (task.arguments.size() != 2) throw std::invalid_argument("compressed COUNT SIZE");
  const std::size_t count = std::stoul(task.arguments[0]);
  HostilePeer<ClientConnection> peer = connect_to(task.port, task.user, "zlib@openssh.com");
  log_in(peer, task.key);
  const std::vector<std::uint8_t> zeros(std::stoul(task.arguments[1]));
  if (peer.send_many(encode(msg::Ignore{zeros}), count) < count) throw Gone("it reads nothing");
  hold_until_told();
}

}  // namespace glassh::test
