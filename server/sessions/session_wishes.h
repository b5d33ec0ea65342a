// SessionWishes has what a client asks of its session before a program runs: variables, a terminal, an agent, a
// display.
//
// RFC 4254 sections 6.2 to 6.4. Lives as long as its session. Job: decide which of these wishes are granted, and keep
// the granted ones until the program takes them. The display stays here, because it ends with the session.
//
//   answer(request, wishes.on_environment(request.details));  …  wishes.close();
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "server/sessions/environment.h"
#include "server/sessions/pty.h"
#include "server/sessions/session_context.h"

namespace glassh {

class SessionWishes {
 public:
  // `channel` is the session's channel.
  SessionWishes(ChannelRef channel, std::shared_ptr<const SessionContext> context)
      : hub_(channel.hub()), channel_(channel.id()), context_(std::move(context)) {}

  // Requests. Return what is to be answered; throw ProtocolError if `details` do not decode.
  bool on_environment(Bytes details);
  bool on_terminal_wanted(Bytes details);
  bool on_agent_wanted();
  bool on_display_wanted(Bytes details);

  // A program runs and has what it needs of this, or the session is over: every later wish is refused. The terminal
  // and the variables are dropped.
  void close();
  void drop_terminal() { terminal_.reset(); }
  void drop_display() { display_.reset(); }

  const std::vector<EnvironmentVariable>& environment() const { return environment_; }
  const std::shared_ptr<Pty>& terminal() const { return terminal_; }          // null: none
  const std::string& term() const { return term_; }                           // what kind of terminal the client has
  const std::string& agent_socket() const { return agent_socket_; }           // empty: none
  const std::shared_ptr<X11Forwarding>& display() const { return display_; }  // null: none

 private:
  const std::shared_ptr<Hub> hub_;
  const std::uint32_t channel_;  // for the log
  const std::shared_ptr<const SessionContext> context_;
  bool closed_ = false;
  bool display_sought_ = false;  // also if none was found
  std::vector<EnvironmentVariable> environment_;
  std::size_t environment_size_ = 0;  // of all names and values
  std::shared_ptr<Pty> terminal_;
  std::string term_;
  std::string agent_socket_;
  // RFC 4254 section 6.3.1 [4254-6.3.1-2]: if this session asked for a display, and gets it; it goes with the session.
  std::shared_ptr<X11Forwarding> display_;
};

}  // namespace glassh
