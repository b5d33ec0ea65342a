// Opens a channel to a port or a Unix socket that the server connects to: RFC 4254 section 7.2, OpenSSH PROTOCOL
// section 2.4.
//
// -L, -D and -W use it. It only queues the request; the answer comes as ChannelOpened or ChannelOpenRefused.
//
//   const std::uint32_t channel = open_forward_channel(connection.channels(), target, {"127.0.0.1", 40000});
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "channels/channels.h"
#include "client/config/forward.h"

namespace glassh {

// The address and port of the peer that connected to us, in digits. A stream from a Unix socket or from our standard
// input has no address; the default stands for it.
struct ForwardOriginator {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
};

std::uint32_t open_forward_channel(Channels& channels, const ForwardEndpoint& target,
                                   const ForwardOriginator& originator = {});

// Returns the server's reason, ready to print: "connect failed: Connection refused".
std::string refusal_text(const ChannelOpenRefused& event);

}  // namespace glassh
