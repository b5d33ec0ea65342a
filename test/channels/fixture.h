// Channels with a writer whose packets can be read, and messages of the peer handed in by hand.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "channels/channels.h"
#include "proto/messages_session.h"
#include "test/support/plain_packets.h"

namespace glassh::test {

inline const std::vector<std::uint8_t> zeros(64 * 1024);

struct ChannelsFixture : testing::Test {
  static constexpr std::uint32_t peer_id = 900;  // what the peer calls its first channel

  PlainWriter out;
  ChannelLimits limits{.initial_window = 1000, .maximum_packet = 100, .backlog = 100'000};
  std::unique_ptr<Channels> made = std::make_unique<Channels>(out.writer, limits, 4, nullptr);
  Payload payload;  // events are views into it

  Channels& channels() { return *made; }

  void use(const ChannelLimits& other, std::size_t maximum_channels = 4) {
    made = std::make_unique<Channels>(out.writer, other, maximum_channels, nullptr);
  }

  template <class M>
  std::optional<ChannelEvent> receive(const M& message) {
    payload = encode(message);
    return made->on_payload(payload);
  }
  template <class M>
  std::string error_of(const M& message) {
    return protocol_error_of([&] { receive(message); });
  }
  // The event must be an E.
  template <class E, class M>
  E expect(const M& message) {
    auto event = receive(message);
    if (!event || !std::holds_alternative<E>(*event)) throw std::runtime_error("another event than expected");
    return std::get<E>(*event);
  }

  // A channel that we opened and the peer accepted.
  Channel& opened(std::uint32_t window = 500, std::uint32_t maximum_packet = 50, std::uint32_t peer = peer_id) {
    const std::uint32_t id = channels().open("session");
    out.take();
    expect<ChannelOpened>(msg::ChannelOpenConfirmation{id, peer, window, maximum_packet, {}});
    return channels().at(id);
  }
  std::string error_of_data(std::uint32_t id, std::size_t size) {
    return error_of(msg::ChannelData{id, Bytes(zeros).first(size)});
  }
  void send(Channel& channel, std::size_t size, std::uint32_t extended_type = 0) {
    const MutableBytes place = channel.data_space(size, extended_type);
    std::fill(place.begin(), place.end(), std::uint8_t{'x'});
    channel.commit(place.size());
  }
};

}  // namespace glassh::test
