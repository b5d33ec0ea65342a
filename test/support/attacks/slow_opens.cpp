// lookups COUNT: opens COUNT channels to hosts whose name server says nothing.
// paths COUNT PATH: opens COUNT channels to a Unix socket whose path hangs.
// listener PATH: wants the server to listen at a Unix socket whose path hangs, and a channel to it.
//
// None reads the answers.
#include <fmt/format.h>

#include "proto/messages_forward.h"
#include "test/support/attacks/attacks.h"
#include "test/support/hostile_peer.h"

namespace glassh::test {
namespace {

template <class Open>
void open_many(const AttackTask& task, Open open) {
  HostilePeer<ClientConnection> peer = connect_to(task.port, task.user);
  log_in(peer, task.key);
  const std::size_t count = std::stoul(task.arguments.at(0));
  for (std::size_t i = 0; i < count; ++i) {
    open(peer.core.channels(), i);
    if (!peer.write()) throw Gone("the server reads nothing");
  }
  hold_until_told();
}

}  // namespace

void open_slow_names(const AttackTask& task) {
  open_many(task, [](Channels& channels, std::size_t number) {
    const std::string host = fmt::format("host-{}.silent.test", number);
    channels.open(msg::DirectTcpip::name, encode(msg::DirectTcpip{host, 80, "127.0.0.1", 1}));
  });
}

void open_slow_paths(const AttackTask& task) {
  const std::string path = task.arguments.at(1);
  open_many(task, [path](Channels& channels, std::size_t) {
    channels.open(msg::DirectStreamlocal::name, encode(msg::DirectStreamlocal{path, {}, 0}));
  });
}

void listen_at_slow_path(const AttackTask& task) {
  const std::string& path = task.arguments.at(0);
  HostilePeer<ClientConnection> peer = connect_to(task.port, task.user);
  log_in(peer, task.key);
  peer.core.channels().send_global(msg::StreamlocalForward::name, true, encode(msg::StreamlocalForward{path}));
  peer.core.channels().open(msg::DirectStreamlocal::name, encode(msg::DirectStreamlocal{path, {}, 0}));
  if (!peer.write()) throw Gone("the server reads nothing");
  hold_until_told();
}

}  // namespace glassh::test
