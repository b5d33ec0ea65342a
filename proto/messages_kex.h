// The key exchange methods' messages, numbers 30..49. Methods share the numbers, so the one negotiated tells which
// struct a payload is.
//
// RFC 4253 section 8 (fixed Diffie-Hellman groups), RFC 5656 section 4 (ECDH; with RFC 8731 also curve25519, and the
// hybrids carry theirs in the same two strings), RFC 4419 sections 3 and 5 (group exchange). Field names are the RFC's
// symbols. No range is checked here: whether e, f or Q_C are good values is the method's to say.
//
//   const auto init = decode<msg::KexEcdhInit>(payload);
#pragma once

#include "proto/numbers.h"
#include "proto/wire.h"

namespace glassh::msg {

struct KexDhInit {
  static constexpr std::uint8_t number = message_number::kexdh_init;
  static constexpr std::string_view name = "SSH_MSG_KEXDH_INIT";
  static constexpr std::string_view section = "RFC 4253 section 8";

  Mpint e = {};

  static void fields(auto& self, auto& field) { field("e", self.e); }
};

struct KexDhReply {
  static constexpr std::uint8_t number = message_number::kexdh_reply;
  static constexpr std::string_view name = "SSH_MSG_KEXDH_REPLY";
  static constexpr std::string_view section = "RFC 4253 section 8";

  Bytes K_S = {};
  Mpint f = {};
  Bytes signature = {};  // of H

  static void fields(auto& self, auto& field) {
    field("K_S", self.K_S);
    field("f", self.f);
    field("signature", self.signature);
  }
};

struct KexEcdhInit {
  static constexpr std::uint8_t number = message_number::kex_ecdh_init;
  static constexpr std::string_view name = "SSH_MSG_KEX_ECDH_INIT";
  static constexpr std::string_view section = "RFC 5656 section 4";

  Bytes Q_C = {};

  static void fields(auto& self, auto& field) { field("Q_C", self.Q_C); }
};

struct KexEcdhReply {
  static constexpr std::uint8_t number = message_number::kex_ecdh_reply;
  static constexpr std::string_view name = "SSH_MSG_KEX_ECDH_REPLY";
  static constexpr std::string_view section = "RFC 5656 section 4";

  Bytes K_S = {};
  Bytes Q_S = {};
  Bytes signature = {};  // of H

  static void fields(auto& self, auto& field) {
    field("K_S", self.K_S);
    field("Q_S", self.Q_S);
    field("signature", self.signature);
  }
};

struct KexDhGexRequestOld {
  static constexpr std::uint8_t number = message_number::kex_dh_gex_request_old;
  static constexpr std::string_view name = "SSH_MSG_KEX_DH_GEX_REQUEST_OLD";
  static constexpr std::string_view section = "RFC 4419 section 5";

  std::uint32_t n = 0;  // preferred size of the group, in bits

  static void fields(auto& self, auto& field) { field("n", self.n); }
};

struct KexDhGexRequest {
  static constexpr std::uint8_t number = message_number::kex_dh_gex_request;
  static constexpr std::string_view name = "SSH_MSG_KEX_DH_GEX_REQUEST";
  static constexpr std::string_view section = "RFC 4419 section 3";

  std::uint32_t min = 0;  // sizes of the group, in bits
  std::uint32_t n = 0;
  std::uint32_t max = 0;

  static void fields(auto& self, auto& field) {
    field("min", self.min);
    field("n", self.n);
    field("max", self.max);
  }
};

struct KexDhGexGroup {
  static constexpr std::uint8_t number = message_number::kex_dh_gex_group;
  static constexpr std::string_view name = "SSH_MSG_KEX_DH_GEX_GROUP";
  static constexpr std::string_view section = "RFC 4419 section 3";

  Mpint p = {};
  Mpint g = {};

  static void fields(auto& self, auto& field) {
    field("p", self.p);
    field("g", self.g);
  }
};

struct KexDhGexInit {
  static constexpr std::uint8_t number = message_number::kex_dh_gex_init;
  static constexpr std::string_view name = "SSH_MSG_KEX_DH_GEX_INIT";
  static constexpr std::string_view section = "RFC 4419 section 3";

  Mpint e = {};

  static void fields(auto& self, auto& field) { field("e", self.e); }
};

struct KexDhGexReply {
  static constexpr std::uint8_t number = message_number::kex_dh_gex_reply;
  static constexpr std::string_view name = "SSH_MSG_KEX_DH_GEX_REPLY";
  static constexpr std::string_view section = "RFC 4419 section 3";

  Bytes K_S = {};
  Mpint f = {};
  Bytes signature = {};  // of H

  static void fields(auto& self, auto& field) {
    field("K_S", self.K_S);
    field("f", self.f);
    field("signature", self.signature);
  }
};

}  // namespace glassh::msg
