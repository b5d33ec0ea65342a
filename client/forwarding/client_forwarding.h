// ClientForwarding sets up the forwards of ports and Unix sockets: -L, -R and -D, from the command line, from files and
// from ~C (RFC 4254 section 7, OpenSSH PROTOCOL section 2.4).
//
// Lives from the login to the end of the connection. Job: listen for local and dynamic forwards, and open a channel for
// each connection; ask the server for remote forwards, and connect each channel that belongs to one of them. Other
// channels are refused. Texts are ssh(1)'s. The streams themselves are ForwardedStream and SocksChannel; except for
// SOCKS, their data is not looked at.
//
//   forwarding->start();  …  forwarding->add(*parse_forward(Forward::Kind::local, "8080:localhost:80"));
//   forwarding->cancel(Forward::Kind::local, *parse_listen_endpoint("8080"));
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "channels/io/acceptor.h"
#include "channels/io/channel_users.h"
#include "channels/io/private_socket.h"
#include "channels/io/tcp_connector.h"
#include "client/client_connection.h"
#include "client/client_log.h"
#include "client/config/client_config.h"
#include "client/forwarding/forward_channel.h"

namespace glassh {

class ClientForwarding : public std::enable_shared_from_this<ClientForwarding> {
 public:
  // The references must outlive this object. The connection may already be over (Hub::over()).
  ClientForwarding(ClientConnection& connection, std::shared_ptr<Hub> hub, ChannelUsers& users,
                   const ClientConfig& config, ClientLog& log);

  // To be called if the server's identity is not proved (HostKeyCheck::unsafe()): start() then sets up nothing, and
  // tells the user.
  void forbid() { forbidden_ = true; }
  // To be called after AuthenticationSucceeded: sets up the forwards of the configuration. Returns false if one failed
  // and ExitOnForwardFailure says to stop now.
  bool start();
  // Called when the server refuses a remote forward of start() and ExitOnForwardFailure says to stop.
  std::function<void()> on_failure;
  // Calls `then` when the server has answered all requests of start(), or at once if it already has. -f waits for this.
  void when_settled(std::function<void()> then);

  // Local and dynamic: returns false if no address could be listened on; the log says why. Remote: asks the server; the
  // log tells its answer.
  bool add(const Forward& forward);
  // Cancels the forward that listens at `listen`. The address must be written as it was when the forward was set up;
  // the port may be the one that the server chose. Returns false if there is no such forward. Open streams go on.
  bool cancel(Forward::Kind kind, const ForwardEndpoint& listen);
  // Returns a line for each forward: "local forward [127.0.0.1]:8080 -> [localhost]:80".
  std::vector<std::string> list() const;

  // The server opens a channel. Returns true, and answers it, if its type belongs to forwarding.
  bool open(const ChannelOpenWanted& event);
  void on(const GlobalRequestAnswered& event);
  void end();  // stops listening

 private:
  struct Local {
    Forward forward;
    std::vector<std::shared_ptr<Acceptor>> acceptors = {};  // one for each address
    PrivateSocket name = {};                                // for a Unix socket
  };
  struct Remote {
    enum class Stage { asked, open, cancelling };
    Forward forward;
    std::uint64_t request = 0;  // the request whose answer is awaited, unless open
    std::uint16_t port = 0;     // the port that the server listens on; 0 until it has chosen
    bool from_start = false;    // its failure may end the connection
    Stage stage = Stage::asked;
  };

  void listen(Local& local);
  void listen_tcp(Local& local);
  void accept_at(Local& local, Fd socket);
  void accepted(const Forward& forward, Fd peer);
  void ask(const Forward& forward, bool from_start);
  bool cancel_remote(Remote& remote);
  void on_asked(std::list<Remote>::iterator remote, const GlobalRequestAnswered& event);
  void granted(Remote& remote, Bytes details);
  void refused(const Remote& remote);
  void settle();
  bool settled() const;
  void accept_channel(std::uint32_t channel, const Remote& remote);
  bool refuse_too_long(std::uint32_t channel, const std::string& why);
  void refuse_channel(std::uint32_t channel);
  static asio::awaitable<void> connect(std::shared_ptr<ClientForwarding> self, ChannelRef channel,
                                       ForwardEndpoint target);
  void connected(const ChannelRef& channel, const ForwardEndpoint& target, Fd socket, const std::string& problem);

  ClientConnection& connection_;
  std::shared_ptr<Hub> hub_;
  ChannelUsers& users_;
  const ClientConfig& config_;
  ClientLog& log_;
  std::list<Local> locals_;
  std::list<Remote> remotes_;
  std::vector<std::function<void()>> when_settled_;
  bool forbidden_ = false;
};

}  // namespace glassh
