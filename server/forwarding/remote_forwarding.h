// What we listen on for the client: tcpip-forward of RFC 4254 section 7.1, streamlocal-forward@openssh.com of OpenSSH
// PROTOCOL section 2.4, and the requests that cancel them.
//
// Each connection that comes becomes a channel, if the client takes it, and lives on when its listener is cancelled,
// and without any session ([4254-7.2-4]). Which addresses may be listened on, GatewayPorts and the session's
// permissions say. Sockets are this process's, which is the user's (past vulnerability 88).
//
//   if (RemoteForwarding::knows(request.name)) { const ForwardAnswer answer = co_await remote->on(request); … }
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "channels/io/acceptor.h"
#include "channels/io/forwarded_stream.h"
#include "channels/io/name_lookup.h"
#include "channels/io/unix_socket.h"
#include "server/sessions/session.h"

namespace glassh {

struct ForwardAnswer {
  bool success = false;
  std::vector<std::uint8_t> details = {};  // of REQUEST_SUCCESS
};

class RemoteForwarding : public std::enable_shared_from_this<RemoteForwarding> {
 public:
  // The references must outlive the connection.
  RemoteForwarding(std::shared_ptr<Hub> hub, Channels& channels, ChannelUsers& users,
                   std::shared_ptr<const SessionContext> context);

  static bool knows(std::string_view request_name);
  // What to answer; it is only waited for where a bind address is a name. Throws ProtocolError if the details do not
  // decode.
  asio::awaitable<ForwardAnswer> on(const GlobalRequested& request);
  // The connection is over: nothing is listened on any more.
  void end();
  std::size_t count() const { return listeners_.size(); }

 private:
  // One request that was granted.
  struct Listener {
    std::string host;  // as the client said it
    std::uint16_t port = 0;
    std::string path;                                       // instead of both
    PrivateSocket name = {};                                // of `path`
    std::vector<std::shared_ptr<Acceptor>> acceptors = {};  // of each address
  };

  asio::awaitable<ForwardAnswer> listen_tcp(std::string host, std::uint32_t port, bool want_reply);
  ForwardAnswer listen_socket(std::string path);
  ForwardAnswer cancel(std::string_view host, std::uint32_t port, std::string_view path);
  bool may_listen_tcp(const std::string& host, std::uint32_t port, bool want_reply) const;
  void bind(Listener& listener, const std::vector<NetworkAddress>& addresses);
  std::shared_ptr<Acceptor> accept_at(const Listener& listener, Fd socket);
  void open_channel(const Listener& listener, Fd peer);
  bool too_many() const;

  std::shared_ptr<Hub> hub_;
  Channels& channels_;
  ChannelUsers& users_;
  std::shared_ptr<const SessionContext> context_;
  NameLookup lookup_;
  std::vector<std::shared_ptr<Listener>> listeners_;
};

}  // namespace glassh
