// What a service manager such as systemd is told, if it asks to be (Type=notify): sd_notify(3), one datagram for each
// occasion to the socket that NOTIFY_SOCKET names. No library is needed for that.
//
// The variable is taken out of our environment, since it is meant for us and not for users' programs. A socket that
// does not answer is nothing that a server should die of.
//
//   const ServiceManager manager = ServiceManager::from_environment();  …  manager.ready();
#pragma once

#include <string>
#include <string_view>

namespace glassh {

class ServiceManager {
 public:
  // Without NOTIFY_SOCKET nothing is ever sent.
  static ServiceManager from_environment();

  // Connections are accepted. Names this process as the service's, in case it has left the foreground.
  void ready() const;
  void reloading() const;  // ready() follows, whether that went well or not
  void stopping() const;

 private:
  void send(std::string_view state) const;

  std::string socket_;  // a path; a first character '@' is for the abstract namespace; empty: nobody asks
};

}  // namespace glassh
