// The description of one session, as data: its program, terminal, environment and descriptors (RFC 4254 section 6).
//
// A connection may have several sessions that differ in all of these. So a session is handed its description, and reads
// neither the configuration nor the environment of this process. Nothing here sends anything; client/remote_session
// does.
//
//   sessions.open(session_wish(config, "date", false, environment_of_this_process()), SessionStreams::standard());
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "channels/io/fd.h"
#include "client/config/client_config.h"

namespace glassh {

// A variable for the program over there.
struct SessionVariable {
  std::string name, value;
  bool is_set = false;  // by SetEnv; otherwise it is sent from our environment
};

struct SessionWish {
  std::string command = {};        // empty: the login shell; with `subsystem` it is its name
  bool subsystem = false;          // SessionType subsystem
  bool terminal = false;           // a pseudo-terminal over there
  bool terminal_required = false;  // without it the session ends; otherwise the program runs without
  std::string term = {};           // TERM, as the program over there gets it
  std::optional<char> escape_char = {};
  std::vector<SessionVariable> environment = {};  // in the order to send
  bool forward_agent = false;
  bool forward_display = false;
};

// Returns the session that the configuration asks for. `environment` has entries of the form "NAME=value": SendEnv
// chooses from them, and TERM is taken from them.
SessionWish session_wish(const ClientConfig& config, std::string command, bool terminal,
                         const std::vector<std::string>& environment);

std::vector<std::string> environment_of_this_process();

// The descriptors of one session. They belong to the session from here on, and are closed with it.
struct SessionStreams {
  Fd input;   // empty: the program gets an end of file at once
  Fd output;  // the program's standard output goes here
  Fd errors;  // and its standard error here
  // The terminal that is made raw and whose size is told; -1: none. It is not closed, and must outlive the session.
  int terminal = -1;
  // Whether other processes may have the same open file descriptions, which then stay in blocking mode
  // (Descriptor::borrow).
  bool shared = false;

  // Duplicates of this process's standard descriptors, which others may share; the terminal is standard input. Throws
  // std::system_error.
  static SessionStreams standard();
};

// Whether the server is asked for a terminal, by ssh(1)'s rules for RequestTTY. `refused`: the user asked for one or
// can expect one, but there will be none.
struct TerminalDecision {
  bool wanted = false;
  bool refused = false;
};
TerminalDecision decide_terminal(const ClientConfig& config, bool has_command, bool input_is_terminal);

}  // namespace glassh
