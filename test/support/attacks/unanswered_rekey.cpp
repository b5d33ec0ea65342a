// A session whose program does not read, and data for it; then the server's own key exchange, which is not answered
// (RekeyLimit 1M), requests whose answers have to wait for it, and at last a ping as long as a packet takes. The answer
// to that one finds no room among those that wait.
#include <algorithm>

#include "proto/messages_session.h"
#include "test/support/attacks/attacks.h"
#include "test/support/hostile_peer.h"

namespace glassh::test {

namespace {

constexpr std::size_t data_for_the_program = 600'000;
constexpr std::size_t bytes_of_ignore = 30'000;
constexpr std::size_t ignores = 50;  // enough for RekeyLimit 1M
constexpr std::size_t requests = 16'131;
constexpr std::size_t longest_ping = 262'000;

void start_program(HostilePeer<ClientConnection>& peer) {
  const std::uint32_t session = peer.core.channels().open(msg::SessionOpen::name);
  bool started = false;
  const auto on_event = [&](ClientEvent& event) {
    if (std::holds_alternative<ChannelOpened>(event)) {
      peer.core.channels().at(session).request(not_a_login, false);
      peer.core.channels().at(session).request(msg::Exec{"sleep 1000"}, true);
    }
    if (std::holds_alternative<ChannelRequestAnswered>(event)) started = true;
  };
  peer.run_until(on_event, [&] { return started; });
  Channel& channel = peer.core.channels().at(session);
  std::size_t left = data_for_the_program;
  while (channel.room() > 0 && left > 0) {
    const MutableBytes place = channel.data_space(left);
    std::fill(place.begin(), place.end(), std::uint8_t{'x'});
    channel.commit(place.size());
    left -= place.size();
    peer.write();
  }
  if (left > 0) throw Gone("the window is too small for this attack");
}

}  // namespace

void attack_by_unanswered_rekey(const AttackTask& task) {
  HostilePeer<ClientConnection> peer = connect_to(task.port, task.user);
  log_in(peer, task.key);
  start_program(peer);
  const std::vector<std::uint8_t> zeros(bytes_of_ignore);
  peer.send_many(encode(msg::Ignore{zeros}), ignores);
  peer.send_many(encode(msg::GlobalRequest{"nothing@example.com", true, {}}), requests);
  const std::vector<std::uint8_t> data(longest_ping);
  peer.send_many(encode(msg::Ping{data}), 1);
  hold_until_told();
}

}  // namespace glassh::test
