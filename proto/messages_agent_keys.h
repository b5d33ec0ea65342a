// Adding keys to an agent: keys of each type with their private parts, tokens, and the constraints on their use.
//
// draft-miller-ssh-agent section 4.2, OpenSSH PROTOCOL.agent sections 2 and 3, PROTOCOL.certkeys for the certificates'
// forms. A key's contents have no length of their own, so they are tails by key type that end with the comment and,
// after AgentAddIdConstrained, the constraints. Private key material is Hidden. Nothing here checks a key.
//
//   if (add.key_type == "ssh-ed25519") key = decode<msg::AgentEd25519Identity>(add.key_contents.bytes);
#pragma once

#include "proto/numbers.h"
#include "proto/wire.h"

namespace glassh::msg {

struct AgentAddIdentity {
  static constexpr std::uint8_t number = agent_number::add_identity;
  static constexpr std::string_view name = "SSH_AGENTC_ADD_IDENTITY";
  static constexpr std::string_view section = "draft-miller-ssh-agent section 4.2";

  std::string_view key_type = {};
  Rest key_contents = {};  // and the comment

  static void fields(auto& self, auto& field) {
    field("key_type", self.key_type);
    field("key_contents", self.key_contents);
  }
};

struct AgentAddIdConstrained {
  static constexpr std::uint8_t number = agent_number::add_id_constrained;
  static constexpr std::string_view name = "SSH_AGENTC_ADD_ID_CONSTRAINED";
  static constexpr std::string_view section = "draft-miller-ssh-agent section 4.2";

  std::string_view key_type = {};
  Rest key_contents = {};  // the comment, and constraints

  static void fields(auto& self, auto& field) {
    field("key_type", self.key_type);
    field("key_contents", self.key_contents);
  }
};

// The fields depend on the type. An unknown type takes all that is left, because its length is not known.
struct AgentConstraint {
  std::uint8_t type = 0;  // agent_constraint
  std::uint32_t seconds = 0;
  std::string_view extension_name = {};
  Bytes destinations = {};  // AgentDestinations
  bool certs_only = false;
  Bytes certsblob = {};  // AgentCertificates
  Rest details = {};

  static constexpr std::string_view restrict_destination = "restrict-destination-v00@openssh.com";
  static constexpr std::string_view associated_certs = "associated-certs-v00@openssh.com";

  static void fields(auto& self, auto& field) {
    field("type", self.type);
    if (self.type == agent_constraint::confirm) return;
    if (self.type == agent_constraint::lifetime) {
      field("seconds", self.seconds);
      return;
    }
    if (self.type == agent_constraint::extension) {
      field("extension_name", self.extension_name);
      if (self.extension_name == restrict_destination) {
        field("destinations", self.destinations);
        return;
      }
      if (self.extension_name == associated_certs) {
        field("certs_only", self.certs_only);
        field("certsblob", self.certsblob);
        return;
      }
    }
    field("details", self.details);
  }
};

// ----------------------------------------------------------------------------------------------------------------
// key contents

struct AgentEd25519Identity {
  static constexpr std::string_view name = "ssh-ed25519 identity";
  static constexpr std::string_view section = "draft-miller-ssh-agent section 4.2.3";

  Bytes ENC_A = {};     // public
  Hidden k_ENC_A = {};  // private, then public
  std::string_view comment = {};
  RestOf<AgentConstraint> constraints = {};

  static void fields(auto& self, auto& field) {
    field("ENC_A", self.ENC_A);
    field("k_ENC_A", self.k_ENC_A);
    field("comment", self.comment);
    field("constraints", self.constraints);
  }
};

struct AgentEcdsaIdentity {
  static constexpr std::string_view name = "ecdsa-sha2 identity";
  static constexpr std::string_view section = "draft-miller-ssh-agent section 4.2.2";

  std::string_view ecdsa_curve_name = {};
  Bytes Q = {};
  HiddenMpint d = {};
  std::string_view comment = {};
  RestOf<AgentConstraint> constraints = {};

  static void fields(auto& self, auto& field) {
    field("ecdsa_curve_name", self.ecdsa_curve_name);
    field("Q", self.Q);
    field("d", self.d);
    field("comment", self.comment);
    field("constraints", self.constraints);
  }
};

struct AgentRsaIdentity {
  static constexpr std::string_view name = "ssh-rsa identity";
  static constexpr std::string_view section = "draft-miller-ssh-agent section 4.2.4";

  Mpint n = {};
  Mpint e = {};
  HiddenMpint d = {};
  HiddenMpint iqmp = {};
  HiddenMpint p = {};
  HiddenMpint q = {};
  std::string_view comment = {};
  RestOf<AgentConstraint> constraints = {};

  static void fields(auto& self, auto& field) {
    field("n", self.n);
    field("e", self.e);
    field("d", self.d);
    field("iqmp", self.iqmp);
    field("p", self.p);
    field("q", self.q);
    field("comment", self.comment);
    field("constraints", self.constraints);
  }
};

struct AgentDsaIdentity {
  static constexpr std::string_view name = "ssh-dss identity";
  static constexpr std::string_view section = "draft-miller-ssh-agent section 4.2.1";

  Mpint p = {};
  Mpint q = {};
  Mpint g = {};
  Mpint y = {};
  HiddenMpint x = {};
  std::string_view comment = {};
  RestOf<AgentConstraint> constraints = {};

  static void fields(auto& self, auto& field) {
    field("p", self.p);
    field("q", self.q);
    field("g", self.g);
    field("y", self.y);
    field("x", self.x);
    field("comment", self.comment);
    field("constraints", self.constraints);
  }
};

struct AgentEd25519CertificateIdentity {
  static constexpr std::string_view name = "ssh-ed25519-cert identity";
  static constexpr std::string_view section = "draft-miller-ssh-agent section 4.2.3";

  Bytes certificate = {};
  Bytes ENC_A = {};
  Hidden k_ENC_A = {};
  std::string_view comment = {};
  RestOf<AgentConstraint> constraints = {};

  static void fields(auto& self, auto& field) {
    field("certificate", self.certificate);
    field("ENC_A", self.ENC_A);
    field("k_ENC_A", self.k_ENC_A);
    field("comment", self.comment);
    field("constraints", self.constraints);
  }
};

struct AgentEcdsaCertificateIdentity {
  static constexpr std::string_view name = "ecdsa-sha2-cert identity";
  static constexpr std::string_view section = "draft-miller-ssh-agent section 4.2.2";

  Bytes certificate = {};
  HiddenMpint d = {};
  std::string_view comment = {};
  RestOf<AgentConstraint> constraints = {};

  static void fields(auto& self, auto& field) {
    field("certificate", self.certificate);
    field("d", self.d);
    field("comment", self.comment);
    field("constraints", self.constraints);
  }
};

struct AgentRsaCertificateIdentity {
  static constexpr std::string_view name = "ssh-rsa-cert identity";
  static constexpr std::string_view section = "draft-miller-ssh-agent section 4.2.4";

  Bytes certificate = {};
  HiddenMpint d = {};
  HiddenMpint iqmp = {};
  HiddenMpint p = {};
  HiddenMpint q = {};
  std::string_view comment = {};
  RestOf<AgentConstraint> constraints = {};

  static void fields(auto& self, auto& field) {
    field("certificate", self.certificate);
    field("d", self.d);
    field("iqmp", self.iqmp);
    field("p", self.p);
    field("q", self.q);
    field("comment", self.comment);
    field("constraints", self.constraints);
  }
};

// ----------------------------------------------------------------------------------------------------------------
// tokens

struct AgentAddSmartcardKey {
  static constexpr std::uint8_t number = agent_number::add_smartcard_key;
  static constexpr std::string_view name = "SSH_AGENTC_ADD_SMARTCARD_KEY";
  static constexpr std::string_view section = "draft-miller-ssh-agent section 4.2.5";

  std::string_view id = {};
  Hidden pin = {};

  static void fields(auto& self, auto& field) {
    field("id", self.id);
    field("pin", self.pin);
  }
};

struct AgentAddSmartcardKeyConstrained {
  static constexpr std::uint8_t number = agent_number::add_smartcard_key_constrained;
  static constexpr std::string_view name = "SSH_AGENTC_ADD_SMARTCARD_KEY_CONSTRAINED";
  static constexpr std::string_view section = "draft-miller-ssh-agent section 4.2.5";

  std::string_view id = {};
  Hidden pin = {};
  RestOf<AgentConstraint> constraints = {};

  static void fields(auto& self, auto& field) {
    field("id", self.id);
    field("pin", self.pin);
    field("constraints", self.constraints);
  }
};

struct AgentRemoveSmartcardKey {
  static constexpr std::uint8_t number = agent_number::remove_smartcard_key;
  static constexpr std::string_view name = "SSH_AGENTC_REMOVE_SMARTCARD_KEY";
  static constexpr std::string_view section = "draft-miller-ssh-agent section 4.3";

  std::string_view reader_id = {};
  Hidden pin = {};

  static void fields(auto& self, auto& field) {
    field("reader_id", self.reader_id);
    field("pin", self.pin);
  }
};

// ----------------------------------------------------------------------------------------------------------------
// restrict-destination-v00@openssh.com and associated-certs-v00@openssh.com
//
// OpenSSH PROTOCOL.agent section 2 lists a constraint's fields without saying that each constraint, and each of its two
// hops, is wrapped in a string of its own. They are.

struct AgentKeySpec {
  Bytes keyblob = {};
  bool is_ca = false;

  static void fields(auto& self, auto& field) {
    field("keyblob", self.keyblob);
    field("is_ca", self.is_ca);
  }
};

struct AgentHop {
  static constexpr std::string_view name = "hop of a destination constraint";
  static constexpr std::string_view section = "OpenSSH PROTOCOL.agent section 2";

  std::string_view username = {};
  std::string_view hostname = {};
  Bytes reserved = {};
  RestOf<AgentKeySpec> hostkeys = {};

  static void fields(auto& self, auto& field) {
    field("username", self.username);
    field("hostname", self.hostname);
    field("reserved", self.reserved);
    field("hostkeys", self.hostkeys);
  }
};

struct AgentDestination {
  static constexpr std::string_view name = "destination constraint";
  static constexpr std::string_view section = "OpenSSH PROTOCOL.agent section 2";

  Bytes from = {};  // AgentHop
  Bytes to = {};    // AgentHop
  Bytes reserved = {};

  static void fields(auto& self, auto& field) {
    field("from", self.from);
    field("to", self.to);
    field("reserved", self.reserved);
  }
};

struct AgentWrappedDestination {
  Bytes constraint = {};  // AgentDestination

  static void fields(auto& self, auto& field) { field("constraint", self.constraint); }
};

struct AgentDestinations {
  static constexpr std::string_view name = "restrict-destination-v00@openssh.com";
  static constexpr std::string_view section = "OpenSSH PROTOCOL.agent section 2";

  RestOf<AgentWrappedDestination> constraints = {};

  static void fields(auto& self, auto& field) { field("constraints", self.constraints); }
};

struct AgentCertificate {
  Bytes certificate = {};

  static void fields(auto& self, auto& field) { field("certificate", self.certificate); }
};

struct AgentCertificates {
  static constexpr std::string_view name = "associated-certs-v00@openssh.com";
  static constexpr std::string_view section = "OpenSSH PROTOCOL.agent section 3";

  RestOf<AgentCertificate> certificates = {};

  static void fields(auto& self, auto& field) { field("certificates", self.certificates); }
};

}  // namespace glassh::msg
