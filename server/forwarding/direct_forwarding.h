// DirectForwarding makes the connections that the client opens through us: direct-tcpip of RFC 4254 section 7.2,
// direct-streamlocal@openssh.com of OpenSSH PROTOCOL section 2.4.
//
// Lives from the login to the end of the connection. Job: check each open against the login's permissions, look up the
// host's name, connect, and answer. Other channels do not wait meanwhile. A connected socket becomes a ForwardedStream.
// RFC 4254 section 7.2 [4254-7.2-4]: it does not depend on any session. This process, which is the user's, opens the
// sockets: known attack 88 (conformance/known_attacks) is a server that opened forwarded sockets as root.
//
//   if (DirectForwarding::knows(wanted.type)) direct->on(wanted);
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "channels/io/channel_users.h"
#include "channels/io/tcp_connector.h"
#include "server/sessions/session_context.h"

namespace glassh {

class DirectForwarding : public std::enable_shared_from_this<DirectForwarding> {
 public:
  // The references must outlive the connection.
  DirectForwarding(std::shared_ptr<Hub> hub, Channels& channels, ChannelUsers& users,
                   std::shared_ptr<const SessionContext> context);

  static bool knows(std::string_view channel_type);
  // Answers the open, now or later. Throws ProtocolError if its details do not decode.
  void on(const ChannelOpenWanted& wanted);
  // The connection is over: gives up all attempts to connect.
  void end();

 private:
  void open_tcp(const ChannelOpenWanted& wanted);
  void open_socket(const ChannelOpenWanted& wanted);
  static asio::awaitable<void> connect_socket(std::shared_ptr<DirectForwarding> self, ChannelRef channel,
                                              std::string path, DescriptorClaim claim);
  static asio::awaitable<void> connect(std::shared_ptr<DirectForwarding> self, ChannelRef channel, std::string host,
                                       std::uint16_t port, DescriptorClaim claim);
  void accept(const ChannelRef& channel, Fd socket);
  void refuse_too_long(std::uint32_t channel, const std::string& why);
  void refuse(std::uint32_t channel, std::uint32_t reason, std::string_view why);
  void refuse_failed(std::uint32_t channel, int error, std::string_view why);
  // The right to have the socket of this open; nullopt, and the open is refused.
  std::optional<DescriptorClaim> claim_for(const ChannelOpenWanted& wanted);

  std::shared_ptr<Hub> hub_;
  Channels& channels_;
  ChannelUsers& users_;
  std::shared_ptr<const SessionContext> context_;
  std::set<std::shared_ptr<TcpConnector>> connecting_;
  std::size_t waiting_for_queues_ = 0;  // of Unix sockets, to have room
};

}  // namespace glassh
