// Channels towards what the server can reach: RFC 4254 section 7.2, OpenSSH PROTOCOL section 2.4.
//
// -L, -D and -W open them; the answer comes as ChannelOpened or ChannelOpenRefused.
//
//   const std::uint32_t channel = open_forward_channel(connection.channels(), target, {"127.0.0.1", 40000});
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "channels/channels.h"
#include "client/config/forward.h"

namespace glassh {

// Who connected to us, in digits. What comes through a Unix socket, or from our own standard input, has no address.
struct ForwardOriginator {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
};

std::uint32_t open_forward_channel(Channels& channels, const ForwardEndpoint& target,
                                   const ForwardOriginator& originator = {});

// "connect failed: Connection refused", ready to print.
std::string refusal_text(const ChannelOpenRefused& event);

}  // namespace glassh
