// RemoteForwarding listens for the client: tcpip-forward of RFC 4254 section 7.1, streamlocal-forward@openssh.com of
// OpenSSH PROTOCOL section 2.4, and the requests that cancel them.
//
// Lives from the login to the end of the connection. Job: listen where GatewayPorts and the login's permissions allow
// it, and open a channel for each connection, which the client may refuse. A stream goes on when its listener is
// cancelled. RFC 4254 section 7.2 [4254-7.2-4]: it does not depend on any session. This process, which is the user's,
// opens the sockets: known attack 88 (conformance/known_attacks) is a server that opened forwarded sockets as root.
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
#include "channels/io/private_socket.h"
#include "server/sessions/session_context.h"

namespace glassh {

struct ForwardAnswer {
  bool success = false;
  std::vector<std::uint8_t> details = {};  // the data of REQUEST_SUCCESS
};

// Lives from the moment at which a slow call has bound the path, as long as its listener. Job: remove the path by a
// slow call, because its directory may hang.
class SocketName {
 public:
  SocketName(std::shared_ptr<SlowCaller> slow, PrivateSocket socket);
  ~SocketName();  // the path goes a little later
  SocketName(const SocketName&) = delete;
  SocketName& operator=(const SocketName&) = delete;

  Fd release_descriptor() { return socket_->release_descriptor(); }
  asio::awaitable<void> remove();

 private:
  const std::shared_ptr<SlowCaller> slow_;
  std::shared_ptr<PrivateSocket> socket_;
};

class RemoteForwarding : public std::enable_shared_from_this<RemoteForwarding> {
 public:
  // The references must outlive the connection.
  RemoteForwarding(std::shared_ptr<Hub> hub, Channels& channels, ChannelUsers& users,
                   std::shared_ptr<const SessionContext> context);

  static bool knows(std::string_view request_name);
  // Carries the request out and returns the answer. It waits if a bind address is a name, and for paths. Throws
  // ProtocolError if the details do not decode.
  asio::awaitable<ForwardAnswer> on(const GlobalRequested& request);
  // The connection is over: stops listening.
  void end();
  std::size_t count() const { return listeners_.size(); }

 private:
  // One request that was granted.
  struct Listener {
    std::string host;  // in the client's words
    std::uint16_t port = 0;
    std::string path;                                       // instead of host and port
    std::unique_ptr<SocketName> name = {};                  // for `path`
    std::vector<std::shared_ptr<Acceptor>> acceptors = {};  // one for each address
  };

  template <class Request>
  bool takes(const Request& request) const;
  asio::awaitable<ForwardAnswer> listen_tcp(std::string host, std::uint32_t port, bool want_reply);
  asio::awaitable<ForwardAnswer> listen_socket(std::string path);
  // Takes the listener out. Null if there is none.
  std::shared_ptr<Listener> take(std::string_view host, std::uint32_t port, std::string_view path);
  asio::awaitable<ForwardAnswer> cancel_socket(std::string path);
  bool may_listen_tcp(const std::string& host, std::uint32_t port, bool want_reply) const;
  std::shared_ptr<Listener> listen_at_each(const std::string& host, std::uint16_t port,
                                           const std::vector<NetworkAddress>& addresses);
  std::error_code bind(Listener& listener, const NetworkAddress& address);
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
