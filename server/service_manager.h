// ServiceManager tells a service manager such as systemd about glasshd, if it asks for that (Type=notify):
// sd_notify(3), without a library.
//
// Lives as long as the server. Job: send one datagram for each change of state to the socket that NOTIFY_SOCKET names.
// The variable is removed from our environment, because it must not reach users' programs. Errors of the socket are
// ignored: the server goes on without it.
//
//   const ServiceManager manager = ServiceManager::from_environment();  …  manager.ready();
#pragma once

#include <string>
#include <string_view>

namespace glassh {

class ServiceManager {
 public:
  // Without NOTIFY_SOCKET the functions below send no datagram.
  static ServiceManager from_environment();

  // Connections are accepted. The datagram names this process as the service's, in case it has left the foreground.
  void ready() const;
  void reloading() const;  // ready() must follow, also if the reload fails
  void stopping() const;

 private:
  void send(std::string_view state) const;

  std::string socket_;  // a path; a first character '@' is for the abstract namespace; empty: there is no manager
};

}  // namespace glassh
