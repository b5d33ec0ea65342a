// The transport layer's messages: disconnecting, services, KEXINIT and NEWKEYS, extension negotiation, ping.
//
// RFC 4253 sections 7, 10 and 11, RFC 8308, OpenSSH PROTOCOL section 1.8. The key exchange methods' own messages
// (30..49) are in messages_kex.h. Each struct is one message with the RFC's fields in their order; wire.h does the
// rest. All text and data fields are views.
//
//   const auto bytes = encode(msg::ServiceRequest{.service_name = "ssh-userauth"});
#pragma once

#include <array>
#include <vector>

#include "proto/numbers.h"
#include "proto/wire.h"

namespace glassh::msg {

struct Disconnect {
  static constexpr std::uint8_t number = message_number::disconnect;
  static constexpr std::string_view name = "SSH_MSG_DISCONNECT";
  static constexpr std::string_view section = "RFC 4253 section 11.1";

  std::uint32_t reason_code = 0;  // DisconnectReason, or one that we do not know
  std::string_view description = {};
  std::string_view language_tag = {};

  static void fields(auto& self, auto& field) {
    field("reason_code", self.reason_code);
    field("description", self.description);
    field("language_tag", self.language_tag);
  }
};

struct Ignore {
  static constexpr std::uint8_t number = message_number::ignore;
  static constexpr std::string_view name = "SSH_MSG_IGNORE";
  static constexpr std::string_view section = "RFC 4253 section 11.2";

  Bytes data = {};

  static void fields(auto& self, auto& field) { field("data", self.data); }
};

struct Unimplemented {
  static constexpr std::uint8_t number = message_number::unimplemented;
  static constexpr std::string_view name = "SSH_MSG_UNIMPLEMENTED";
  static constexpr std::string_view section = "RFC 4253 section 11.4";

  std::uint32_t packet_sequence_number = 0;  // of the rejected message

  static void fields(auto& self, auto& field) { field("packet_sequence_number", self.packet_sequence_number); }
};

struct Debug {
  static constexpr std::uint8_t number = message_number::debug;
  static constexpr std::string_view name = "SSH_MSG_DEBUG";
  static constexpr std::string_view section = "RFC 4253 section 11.3";

  bool always_display = false;
  std::string_view message = {};
  std::string_view language_tag = {};

  static void fields(auto& self, auto& field) {
    field("always_display", self.always_display);
    field("message", self.message);
    field("language_tag", self.language_tag);
  }
};

struct ServiceRequest {
  static constexpr std::uint8_t number = message_number::service_request;
  static constexpr std::string_view name = "SSH_MSG_SERVICE_REQUEST";
  static constexpr std::string_view section = "RFC 4253 section 10";

  std::string_view service_name = {};

  static void fields(auto& self, auto& field) { field("service_name", self.service_name); }
};

struct ServiceAccept {
  static constexpr std::uint8_t number = message_number::service_accept;
  static constexpr std::string_view name = "SSH_MSG_SERVICE_ACCEPT";
  static constexpr std::string_view section = "RFC 4253 section 10";

  std::string_view service_name = {};

  static void fields(auto& self, auto& field) { field("service_name", self.service_name); }
};

struct Extension {
  std::string_view extension_name = {};
  Bytes extension_value = {};  // its form depends on the extension

  static void fields(auto& self, auto& field) {
    field("extension_name", self.extension_name);
    field("extension_value", self.extension_value);
  }
};

struct ExtInfo {
  static constexpr std::uint8_t number = message_number::ext_info;
  static constexpr std::string_view name = "SSH_MSG_EXT_INFO";
  static constexpr std::string_view section = "RFC 8308 section 2.3";

  std::vector<Extension> extensions = {};

  static void fields(auto& self, auto& field) { field("extensions", self.extensions); }
};

struct NewCompress {
  static constexpr std::uint8_t number = message_number::newcompress;
  static constexpr std::string_view name = "SSH_MSG_NEWCOMPRESS";
  static constexpr std::string_view section = "RFC 8308 section 3.2";

  static void fields(auto&, auto&) {}
};

struct KexInit {
  static constexpr std::uint8_t number = message_number::kexinit;
  static constexpr std::string_view name = "SSH_MSG_KEXINIT";
  static constexpr std::string_view section = "RFC 4253 section 7.1";

  std::array<std::uint8_t, 16> cookie = {};
  NameList kex_algorithms = {};
  NameList server_host_key_algorithms = {};
  NameList encryption_algorithms_client_to_server = {};
  NameList encryption_algorithms_server_to_client = {};
  NameList mac_algorithms_client_to_server = {};
  NameList mac_algorithms_server_to_client = {};
  NameList compression_algorithms_client_to_server = {};
  NameList compression_algorithms_server_to_client = {};
  NameList languages_client_to_server = {};
  NameList languages_server_to_client = {};
  bool first_kex_packet_follows = false;
  std::uint32_t reserved = 0;

  static void fields(auto& self, auto& field) {
    field("cookie", self.cookie);
    field("kex_algorithms", self.kex_algorithms);
    field("server_host_key_algorithms", self.server_host_key_algorithms);
    field("encryption_algorithms_client_to_server", self.encryption_algorithms_client_to_server);
    field("encryption_algorithms_server_to_client", self.encryption_algorithms_server_to_client);
    field("mac_algorithms_client_to_server", self.mac_algorithms_client_to_server);
    field("mac_algorithms_server_to_client", self.mac_algorithms_server_to_client);
    field("compression_algorithms_client_to_server", self.compression_algorithms_client_to_server);
    field("compression_algorithms_server_to_client", self.compression_algorithms_server_to_client);
    field("languages_client_to_server", self.languages_client_to_server);
    field("languages_server_to_client", self.languages_server_to_client);
    field("first_kex_packet_follows", self.first_kex_packet_follows);
    field("reserved", self.reserved);
  }
};

struct NewKeys {
  static constexpr std::uint8_t number = message_number::newkeys;
  static constexpr std::string_view name = "SSH_MSG_NEWKEYS";
  static constexpr std::string_view section = "RFC 4253 section 7.3";

  static void fields(auto&, auto&) {}
};

struct Ping {
  static constexpr std::uint8_t number = message_number::ping;
  static constexpr std::string_view name = "SSH_MSG_PING";
  static constexpr std::string_view section = "OpenSSH PROTOCOL section 1.8";

  Bytes data = {};

  static void fields(auto& self, auto& field) { field("data", self.data); }
};

struct Pong {
  static constexpr std::uint8_t number = message_number::pong;
  static constexpr std::string_view name = "SSH_MSG_PONG";
  static constexpr std::string_view section = "OpenSSH PROTOCOL section 1.8";

  Bytes data = {};  // the ping's

  static void fields(auto& self, auto& field) { field("data", self.data); }
};

}  // namespace glassh::msg
