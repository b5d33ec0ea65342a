// A random payload of any message that may travel in a packet, with a tail that fits where a message has one.
//
// For fuzzers and property tests that want a peer to get past the decoder. Numbers that methods share are used for all
// their meanings. It does not look at the state of a connection: most payloads are wrong at their moment, which is the
// point.
//
//   RandomFill fill([&] { return numbers(); });
//   const std::vector<std::uint8_t> payload = random_payload(fill);
#pragma once

#include <vector>

#include "proto/any_message.h"
#include "proto/random_fill.h"

namespace glassh {

// Every message with a number that travels in packets, each once.
using PacketMessages = decltype(CommonMessages{} + KexDhMessages{} + KexEcdhMessages{} + KexDhGexMessages{} +
                                PublicKeyMessages{} + PasswordMessages{} + KeyboardInteractiveMessages{});

namespace random_detail {
template <class List>
void fill_tail(List list, RandomFill& fill, std::string_view& name, Rest& rest) {
  if (fill.number_below(8) == 0) return;  // now and then a tail that does not fit its name
  with_index(list, fill.number_below(List::size), [&](auto type) {
    using Tail = typename decltype(type)::type;
    name = Tail::name;
    rest.bytes = fill.keep(encode(fill.make<Tail>()));
  });
}
}  // namespace random_detail

inline std::vector<std::uint8_t> random_payload(RandomFill& fill) {
  std::vector<std::uint8_t> payload;
  with_index(PacketMessages{}, fill.number_below(PacketMessages::size), [&](auto type) {
    using M = typename decltype(type)::type;
    M message = fill.make<M>();
    if constexpr (std::is_same_v<M, msg::UserauthRequest>) {
      random_detail::fill_tail(MethodTails{}, fill, message.method_name, message.method_fields);
    }
    if constexpr (std::is_same_v<M, msg::GlobalRequest>) {
      random_detail::fill_tail(GlobalRequestTails{}, fill, message.request_name, message.request_specific_data);
    }
    if constexpr (std::is_same_v<M, msg::ChannelOpen>) {
      random_detail::fill_tail(ChannelOpenTails{}, fill, message.channel_type, message.channel_type_specific_data);
    }
    if constexpr (std::is_same_v<M, msg::ChannelRequest>) {
      random_detail::fill_tail(ChannelRequestTails{}, fill, message.request_type, message.type_specific_data);
    }
    payload = encode(message);
  });
  return payload;
}

}  // namespace glassh
