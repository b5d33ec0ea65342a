// Forwarding and OpenSSH's global requests: what follows the common fields of a GlobalRequest or ChannelOpen.
//
// RFC 4254 sections 6.3.2 and 7, OpenSSH PROTOCOL sections 2.2 to 2.5. Each struct is a tail without a number; `name`
// is the request name or channel type. Ports are uint32 on the wire; whether they fit 16 bits is not checked here.
//
//   const auto tail = decode<msg::DirectTcpip>(open.channel_type_specific_data.bytes);
#pragma once

#include "proto/wire.h"

namespace glassh::msg {

// Channel open.
struct X11Open {
  static constexpr std::string_view name = "x11";
  static constexpr std::string_view section = "RFC 4254 section 6.3.2";

  std::string_view originator_address = {};
  std::uint32_t originator_port = 0;

  static void fields(auto& self, auto& field) {
    field("originator_address", self.originator_address);
    field("originator_port", self.originator_port);
  }
};

// Global request.
struct TcpipForward {
  static constexpr std::string_view name = "tcpip-forward";
  static constexpr std::string_view section = "RFC 4254 section 7.1";

  std::string_view address_to_bind = {};
  std::uint32_t port_number_to_bind = 0;  // 0: the server chooses, and says in a TcpipForwardReply

  static void fields(auto& self, auto& field) {
    field("address_to_bind", self.address_to_bind);
    field("port_number_to_bind", self.port_number_to_bind);
  }
};

// In RequestSuccess, and only if the request's port was 0.
struct TcpipForwardReply {
  static constexpr std::string_view name = "reply to tcpip-forward";
  static constexpr std::string_view section = "RFC 4254 section 7.1";

  std::uint32_t port_that_was_bound = 0;

  static void fields(auto& self, auto& field) { field("port_that_was_bound", self.port_that_was_bound); }
};

// Global request.
struct CancelTcpipForward {
  static constexpr std::string_view name = "cancel-tcpip-forward";
  static constexpr std::string_view section = "RFC 4254 section 7.1";

  std::string_view address_to_bind = {};
  std::uint32_t port_number_to_bind = 0;

  static void fields(auto& self, auto& field) {
    field("address_to_bind", self.address_to_bind);
    field("port_number_to_bind", self.port_number_to_bind);
  }
};

// Channel open, from the server.
struct ForwardedTcpip {
  static constexpr std::string_view name = "forwarded-tcpip";
  static constexpr std::string_view section = "RFC 4254 section 7.2";

  std::string_view address_that_was_connected = {};
  std::uint32_t port_that_was_connected = 0;
  std::string_view originator_IP_address = {};
  std::uint32_t originator_port = 0;

  static void fields(auto& self, auto& field) {
    field("address_that_was_connected", self.address_that_was_connected);
    field("port_that_was_connected", self.port_that_was_connected);
    field("originator_IP_address", self.originator_IP_address);
    field("originator_port", self.originator_port);
  }
};

// Channel open, from the client.
struct DirectTcpip {
  static constexpr std::string_view name = "direct-tcpip";
  static constexpr std::string_view section = "RFC 4254 section 7.2";

  std::string_view host_to_connect = {};
  std::uint32_t port_to_connect = 0;
  std::string_view originator_IP_address = {};
  std::uint32_t originator_port = 0;

  static void fields(auto& self, auto& field) {
    field("host_to_connect", self.host_to_connect);
    field("port_to_connect", self.port_to_connect);
    field("originator_IP_address", self.originator_IP_address);
    field("originator_port", self.originator_port);
  }
};

// ----------------------------------------------------------------------------------------------------------------
// Unix domain sockets (OpenSSH)

// Global request.
struct StreamlocalForward {
  static constexpr std::string_view name = "streamlocal-forward@openssh.com";
  static constexpr std::string_view section = "OpenSSH PROTOCOL section 2.4";

  std::string_view socket_path = {};

  static void fields(auto& self, auto& field) { field("socket_path", self.socket_path); }
};

// Global request.
struct CancelStreamlocalForward {
  static constexpr std::string_view name = "cancel-streamlocal-forward@openssh.com";
  static constexpr std::string_view section = "OpenSSH PROTOCOL section 2.4";

  std::string_view socket_path = {};

  static void fields(auto& self, auto& field) { field("socket_path", self.socket_path); }
};

// Channel open, from the server.
struct ForwardedStreamlocal {
  static constexpr std::string_view name = "forwarded-streamlocal@openssh.com";
  static constexpr std::string_view section = "OpenSSH PROTOCOL section 2.4";

  std::string_view socket_path = {};
  Bytes reserved = {};

  static void fields(auto& self, auto& field) {
    field("socket_path", self.socket_path);
    field("reserved", self.reserved);
  }
};

// Channel open, from the client.
struct DirectStreamlocal {
  static constexpr std::string_view name = "direct-streamlocal@openssh.com";
  static constexpr std::string_view section = "OpenSSH PROTOCOL section 2.4";

  std::string_view socket_path = {};
  Bytes reserved = {};
  std::uint32_t reserved_number = 0;  // called reserved, too

  static void fields(auto& self, auto& field) {
    field("socket_path", self.socket_path);
    field("reserved", self.reserved);
    field("reserved_number", self.reserved_number);
  }
};

// ----------------------------------------------------------------------------------------------------------------
// Global requests of OpenSSH

struct NoMoreSessions {
  static constexpr std::string_view name = "no-more-sessions@openssh.com";
  static constexpr std::string_view section = "OpenSSH PROTOCOL section 2.2";

  static void fields(auto&, auto&) {}
};

struct HostKey {
  Bytes host_key = {};

  static void fields(auto& self, auto& field) { field("host_key", self.host_key); }
};

// From the server: all the host keys that it has.
struct HostKeys {
  static constexpr std::string_view name = "hostkeys-00@openssh.com";
  static constexpr std::string_view section = "OpenSSH PROTOCOL section 2.5";

  RestOf<HostKey> host_keys = {};

  static void fields(auto& self, auto& field) { field("host_keys", self.host_keys); }
};

// From the client: show that you own these.
struct HostKeysProve {
  static constexpr std::string_view name = "hostkeys-prove-00@openssh.com";
  static constexpr std::string_view section = "OpenSSH PROTOCOL section 2.5";

  RestOf<HostKey> host_keys = {};

  static void fields(auto& self, auto& field) { field("host_keys", self.host_keys); }
};

struct HostKeySignature {
  Bytes signature = {};

  static void fields(auto& self, auto& field) { field("signature", self.signature); }
};

// In RequestSuccess: one signature for each key asked for, in the request's order.
struct HostKeysProveReply {
  static constexpr std::string_view name = "reply to hostkeys-prove-00@openssh.com";
  static constexpr std::string_view section = "OpenSSH PROTOCOL section 2.5";

  RestOf<HostKeySignature> signatures = {};

  static void fields(auto& self, auto& field) { field("signatures", self.signatures); }
};

// The data that each of these signatures covers. It is never sent.
struct HostKeyProofSignedData {
  static constexpr std::string_view name = "hostkeys-prove-00@openssh.com signed data";
  static constexpr std::string_view section = "OpenSSH PROTOCOL section 2.5";

  std::string_view request_name = HostKeysProve::name;
  Bytes session_identifier = {};
  Bytes host_key = {};

  static void fields(auto& self, auto& field) {
    field("request_name", self.request_name);
    field("session_identifier", self.session_identifier);
    field("host_key", self.host_key);
  }
};

}  // namespace glassh::msg
