// Ports and Unix sockets that are forwarded: -L, -R and -D, from the command line, from files and from ~C.
//
// RFC 4254 section 7, OpenSSH PROTOCOL section 2.4. Local and dynamic forwards listen here, and each connection becomes
// a channel; remote ones are asked of the server, whose channels are accepted only if they belong to one of them, and
// connected from here. Texts are ssh(1)'s. What goes through is not looked at, but for SOCKS.
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
#include "channels/io/tcp_socket.h"
#include "channels/io/unix_socket.h"
#include "client/client_connection.h"
#include "client/client_log.h"
#include "client/config/client_config.h"
#include "client/forwarding/forward_channel.h"

namespace glassh {

class ClientForwarding : public std::enable_shared_from_this<ClientForwarding> {
 public:
  // All must outlive this, but the hub may be over.
  ClientForwarding(ClientConnection& connection, std::shared_ptr<Hub> hub, ChannelUsers& users,
                   const ClientConfig& config, ClientLog& log);

  // The server may not be who it says (HostKeyCheck::unsafe()): start() sets up nothing, and tells the user.
  void forbid() { forbidden_ = true; }
  // After AuthenticationSucceeded: what the configuration asks for. False if ExitOnForwardFailure says to stop now.
  bool start();
  // Called when the server refused a remote forward of start() and ExitOnForwardFailure says to stop.
  std::function<void()> on_failure;
  // Calls `then` when the server has answered all that start() asked of it; at once if it has. -f waits for this.
  void when_settled(std::function<void()> then);

  // Local and dynamic: false if nothing could listen; the log says why. Remote: the server is asked, the log tells how
  // it answers.
  bool add(const Forward& forward);
  // What listens there, with that address as it was written or none. False if nothing does. Streams go on.
  bool cancel(Forward::Kind kind, const ForwardEndpoint& listen);
  // "local forward [127.0.0.1]:8080 -> [localhost]:80", a line each.
  std::vector<std::string> list() const;

  // The server opens a channel: true if it is of a type that belongs to forwarding; it is answered then.
  bool open(const ChannelOpenWanted& event);
  void on(const GlobalRequestAnswered& event);
  void end();  // nothing listens any more

 private:
  struct Local {
    Forward forward;
    std::vector<std::shared_ptr<Acceptor>> acceptors = {};  // of each address
    PrivateSocket name = {};                                // of a Unix socket
  };
  struct Remote {
    enum class Stage { asked, open, cancelling };
    Forward forward;
    std::uint64_t request = 0;  // whose answer is awaited, unless open
    std::uint16_t port = 0;     // that the server listens on; 0 until it has chosen
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
