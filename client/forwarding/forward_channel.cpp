#include "client/forwarding/forward_channel.h"

#include <fmt/format.h>

#include "client/client_log.h"
#include "proto/messages_forward.h"
#include "proto/numbers.h"

namespace glassh {

namespace {

// RFC 4254 section 5.1 [4254-5.1-2]: the reasons in words.
std::string_view reason_text(std::uint32_t reason) {
  switch (reason) {
    case open_failure_reason::administratively_prohibited:
      return "administratively prohibited";
    case open_failure_reason::connect_failed:
      return "connect failed";
    case open_failure_reason::unknown_channel_type:
      return "unknown channel type";
    case open_failure_reason::resource_shortage:
      return "resource shortage";
    default:
      return "unknown reason";
  }
}

}  // namespace

// RFC 4254 section 7.2 [4254-7.2-2] [4254-7.2-4]: for any place, whether or not there is a session.
std::uint32_t open_forward_channel(Channels& channels, const ForwardEndpoint& target,
                                   const ForwardOriginator& originator) {
  if (!target.path.empty()) {
    return channels.open(msg::DirectStreamlocal::name, encode(msg::DirectStreamlocal{target.path, {}, 0}));
  }
  const msg::DirectTcpip open{target.host, target.port, originator.address, originator.port};
  return channels.open(msg::DirectTcpip::name, encode(open));
}

std::string refusal_text(const ChannelOpenRefused& event) {
  if (event.description.empty()) return std::string(reason_text(event.reason));
  return fmt::format("{}: {}", reason_text(event.reason), printable(event.description));
}

}  // namespace glassh
