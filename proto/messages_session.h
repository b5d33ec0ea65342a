// Session channels: what follows the common fields of a ChannelOpen or ChannelRequest, by request type.
//
// RFC 4254 section 6, RFC 4335 (break), OpenSSH PROTOCOL section 2.1 (eow), RFC 9987 (agent forwarding). Each struct is
// a tail without a number; `name` is the request or channel type. Terminal modes (RFC 4254 section 8) stay encoded
// here.
//
//   const auto tail = encode(msg::Exec{.command = "true"});
//   send(msg::ChannelRequest{channel, msg::Exec::name, true, Rest{tail}});
#pragma once

#include "proto/wire.h"

namespace glassh::msg {

// Channel open.
struct SessionOpen {
  static constexpr std::string_view name = "session";
  static constexpr std::string_view section = "RFC 4254 section 6.1";

  static void fields(auto&, auto&) {}
};

struct PtyReq {
  static constexpr std::string_view name = "pty-req";
  static constexpr std::string_view section = "RFC 4254 section 6.2";

  std::string_view term = {};  // the environment variable TERM's value
  std::uint32_t terminal_width_characters = 0;
  std::uint32_t terminal_height_rows = 0;
  std::uint32_t terminal_width_pixels = 0;
  std::uint32_t terminal_height_pixels = 0;
  Bytes encoded_terminal_modes = {};

  static void fields(auto& self, auto& field) {
    field("term", self.term);
    field("terminal_width_characters", self.terminal_width_characters);
    field("terminal_height_rows", self.terminal_height_rows);
    field("terminal_width_pixels", self.terminal_width_pixels);
    field("terminal_height_pixels", self.terminal_height_pixels);
    field("encoded_terminal_modes", self.encoded_terminal_modes);
  }
};

struct X11Req {
  static constexpr std::string_view name = "x11-req";
  static constexpr std::string_view section = "RFC 4254 section 6.3.1";

  bool single_connection = false;
  std::string_view x11_authentication_protocol = {};
  Hidden x11_authentication_cookie = {};  // in hexadecimal; a program that knows it may use the display
  std::uint32_t x11_screen_number = 0;

  static void fields(auto& self, auto& field) {
    field("single_connection", self.single_connection);
    field("x11_authentication_protocol", self.x11_authentication_protocol);
    field("x11_authentication_cookie", self.x11_authentication_cookie);
    field("x11_screen_number", self.x11_screen_number);
  }
};

struct Env {
  static constexpr std::string_view name = "env";
  static constexpr std::string_view section = "RFC 4254 section 6.4";

  std::string_view variable_name = {};
  std::string_view variable_value = {};

  static void fields(auto& self, auto& field) {
    field("variable_name", self.variable_name);
    field("variable_value", self.variable_value);
  }
};

struct Shell {
  static constexpr std::string_view name = "shell";
  static constexpr std::string_view section = "RFC 4254 section 6.5";

  static void fields(auto&, auto&) {}
};

struct Exec {
  static constexpr std::string_view name = "exec";
  static constexpr std::string_view section = "RFC 4254 section 6.5";

  std::string_view command = {};

  static void fields(auto& self, auto& field) { field("command", self.command); }
};

struct Subsystem {
  static constexpr std::string_view name = "subsystem";
  static constexpr std::string_view section = "RFC 4254 section 6.5";

  std::string_view subsystem_name = {};

  static void fields(auto& self, auto& field) { field("subsystem_name", self.subsystem_name); }
};

struct WindowChange {
  static constexpr std::string_view name = "window-change";
  static constexpr std::string_view section = "RFC 4254 section 6.7";

  std::uint32_t terminal_width_columns = 0;
  std::uint32_t terminal_height_rows = 0;
  std::uint32_t terminal_width_pixels = 0;
  std::uint32_t terminal_height_pixels = 0;

  static void fields(auto& self, auto& field) {
    field("terminal_width_columns", self.terminal_width_columns);
    field("terminal_height_rows", self.terminal_height_rows);
    field("terminal_width_pixels", self.terminal_width_pixels);
    field("terminal_height_pixels", self.terminal_height_pixels);
  }
};

struct XonXoff {
  static constexpr std::string_view name = "xon-xoff";
  static constexpr std::string_view section = "RFC 4254 section 6.8";

  bool client_can_do = false;

  static void fields(auto& self, auto& field) { field("client_can_do", self.client_can_do); }
};

struct Signal {
  static constexpr std::string_view name = "signal";
  static constexpr std::string_view section = "RFC 4254 section 6.9";

  std::string_view signal_name = {};  // without SIG

  static void fields(auto& self, auto& field) { field("signal_name", self.signal_name); }
};

struct ExitStatus {
  static constexpr std::string_view name = "exit-status";
  static constexpr std::string_view section = "RFC 4254 section 6.10";

  std::uint32_t exit_status = 0;

  static void fields(auto& self, auto& field) { field("exit_status", self.exit_status); }
};

struct ExitSignal {
  static constexpr std::string_view name = "exit-signal";
  static constexpr std::string_view section = "RFC 4254 section 6.10";

  std::string_view signal_name = {};  // without SIG
  bool core_dumped = false;
  std::string_view error_message = {};
  std::string_view language_tag = {};

  static void fields(auto& self, auto& field) {
    field("signal_name", self.signal_name);
    field("core_dumped", self.core_dumped);
    field("error_message", self.error_message);
    field("language_tag", self.language_tag);
  }
};

struct Break {
  static constexpr std::string_view name = "break";
  static constexpr std::string_view section = "RFC 4335 section 3";

  std::uint32_t break_length = 0;  // milliseconds

  static void fields(auto& self, auto& field) { field("break_length", self.break_length); }
};

// "I will not read more of your data": the reading end of a channel is gone, the writing end is not.
struct Eow {
  static constexpr std::string_view name = "eow@openssh.com";
  static constexpr std::string_view section = "OpenSSH PROTOCOL section 2.1";

  static void fields(auto&, auto&) {}
};

// Agent forwarding, by OpenSSH's names. The same under RFC 9987's names follows; a peer that knows those says so in
// EXT_INFO.
struct AuthAgentReq {
  static constexpr std::string_view name = "auth-agent-req@openssh.com";
  static constexpr std::string_view section = "RFC 9987";

  static void fields(auto&, auto&) {}
};

// Channel open, from the server to the client that sent AuthAgentReq.
struct AuthAgentOpen {
  static constexpr std::string_view name = "auth-agent@openssh.com";
  static constexpr std::string_view section = "RFC 9987";

  static void fields(auto&, auto&) {}
};

struct AgentReq {
  static constexpr std::string_view name = "agent-req";
  static constexpr std::string_view section = "RFC 9987";

  static void fields(auto&, auto&) {}
};

// Channel open, from the server to the client that sent AgentReq.
struct AgentConnect {
  static constexpr std::string_view name = "agent-connect";
  static constexpr std::string_view section = "RFC 9987";

  static void fields(auto&, auto&) {}
};

}  // namespace glassh::msg
