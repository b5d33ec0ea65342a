// The bytes of the agent protocol, drawn by hand from draft-miller-ssh-agent and OpenSSH PROTOCOL.agent.
#pragma once

#include "proto/messages_agent.h"
#include "proto/messages_agent_keys.h"
#include "test/proto/golden.h"

namespace glassh::test {

inline void agent_goldens(auto&& check) {
  check(msg::AgentFailure{}, "05");            // byte      SSH_AGENT_FAILURE
  check(msg::AgentSuccess{}, "06");            // byte      SSH_AGENT_SUCCESS
  check(msg::AgentRequestIdentities{}, "0b");  // byte      SSH_AGENTC_REQUEST_IDENTITIES
  check(msg::AgentIdentitiesAnswer{.keys = {{.key_blob = value("'key1'"), .comment = "ann@home"},
                                            {.key_blob = value("'k2'"), .comment = ""}}},
        "0c"                   // byte      SSH_AGENT_IDENTITIES_ANSWER
        "00000002"             // uint32    nkeys
        "00000004 'key1'"      // string    key blob
        "00000008 'ann@home'"  // string    comment
        "00000002 'k2'"        // string    key blob
        "00000000");           // string    comment
  check(msg::AgentSignRequest{.key_blob = value("'k'"), .data = value("'data'"), .flags = 4},
        "0d"               // byte      SSH_AGENTC_SIGN_REQUEST
        "00000001 'k'"     // string    key blob
        "00000004 'data'"  // string    data
        "00000004");       // uint32    flags: SSH_AGENT_RSA_SHA2_512
  check(msg::AgentSignResponse{.signature = value("'sig'")},
        "0e"                // byte      SSH_AGENT_SIGN_RESPONSE
        "00000003 'sig'");  // string    signature
  check(msg::AgentRemoveIdentity{.key_blob = value("'k'")},
        "12"                                     // byte      SSH_AGENTC_REMOVE_IDENTITY
        "00000001 'k'");                         // string    key blob
  check(msg::AgentRemoveAllIdentities{}, "13");  // byte      SSH_AGENTC_REMOVE_ALL_IDENTITIES
  check(msg::AgentLock{.passphrase = {value("'pw'")}},
        "16"               // byte      SSH_AGENTC_LOCK
        "00000002 'pw'");  // string    passphrase
  check(msg::AgentUnlock{.passphrase = {value("'pw'")}},
        "17"               // byte      SSH_AGENTC_UNLOCK
        "00000002 'pw'");  // string    passphrase
  check(msg::AgentExtension{.extension_type = "query", .extension_contents = {value("01")}},
        "1b"                                  // byte      SSH_AGENTC_EXTENSION
        "00000005 'query'"                    // string    extension type
        "01");                                // byte[]    extension contents
  check(msg::AgentExtensionFailure{}, "1c");  // byte      SSH_AGENT_EXTENSION_FAILURE
  check(msg::AgentExtensionResponse{.extension_type = "query", .extension_contents = {value("02")}},
        "1d"                // byte      SSH_AGENT_EXTENSION_RESPONSE
        "00000005 'query'"  // string    extension type
        "02");              // byte[]    extension contents
  check(msg::AgentQuery{}, "");
  check(msg::AgentQueryReply{.extension_types = {{{.extension_type = "query"}, {.extension_type = "a@b"}}}},
        "00000005 'query'"  // string[]  extension type
        "00000003 'a@b'");
  check(msg::AgentSessionBind{.hostkey = value("'hk'"),
                              .session_identifier = value("5e55"),
                              .signature = value("'sig'"),
                              .is_forwarding = true},
        "00000002 'hk'"   // string    hostkey
        "00000002 5e55"   // string    session identifier
        "00000003 'sig'"  // string    signature
        "01");            // bool      is_forwarding
}

inline void agent_key_goldens(auto&& check) {
  check(msg::AgentAddIdentity{.key_type = "ssh-ed25519", .key_contents = {value("aabb")}},
        "11"                      // byte      SSH_AGENTC_ADD_IDENTITY
        "0000000b 'ssh-ed25519'"  // string    key type
        "aabb");                  // byte[]    key contents, string key comment
  check(msg::AgentAddIdConstrained{.key_type = "ssh-ed25519", .key_contents = {value("aabb")}},
        "19"                      // byte      SSH_AGENTC_ADD_ID_CONSTRAINED
        "0000000b 'ssh-ed25519'"  // string    type
        "aabb");                  // byte[]    contents, string comment, constraint[] constraints
  check(msg::AgentEd25519Identity{.ENC_A = value("'pub'"), .k_ENC_A = {value("'privpub'")}, .comment = "me"},
        "00000003 'pub'"      // string    ENC(A)
        "00000007 'privpub'"  // string    k || ENC(A)
        "00000002 'me'");     // string    comment
  check(
      msg::AgentEd25519Identity{
          .ENC_A = value("'pub'"),
          .k_ENC_A = {value("'privpub'")},
          .comment = "me",
          .constraints =
              {{{.type = 1, .seconds = 60},
                {.type = 2},
                {.type = 255, .extension_name = "restrict-destination-v00@openssh.com", .destinations = value("'d'")},
                {.type = 255,
                 .extension_name = "associated-certs-v00@openssh.com",
                 .certs_only = true,
                 .certsblob = value("'cb'")},
                {.type = 255, .extension_name = "foo@example.com", .details = {value("0102")}}}}},
      "00000003 'pub'"                                   // string    ENC(A)
      "00000007 'privpub'"                               // string    k || ENC(A)
      "00000002 'me'"                                    // string    comment
      "01"                                               // byte      SSH_AGENT_CONSTRAIN_LIFETIME
      "0000003c"                                         // uint32    seconds
      "02"                                               // byte      SSH_AGENT_CONSTRAIN_CONFIRM
      "ff"                                               // byte      SSH_AGENT_CONSTRAIN_EXTENSION
      "00000024 'restrict-destination-v00@openssh.com'"  // string    extension name
      "00000001 'd'"                                     // string    constraints
      "ff"                                               // byte      SSH_AGENT_CONSTRAIN_EXTENSION
      "00000020 'associated-certs-v00@openssh.com'"      // string    extension name
      "01"                                               // bool      certs_only
      "00000002 'cb'"                                    // string    certsblob
      "ff"                                               // byte      SSH_AGENT_CONSTRAIN_EXTENSION
      "0000000f 'foo@example.com'"                       // string    extension name
      "0102");                                           // byte[]    extension-specific details
  check(
      msg::AgentEcdsaIdentity{.ecdsa_curve_name = "nistp256", .Q = value("0401"), .d = {value("d9")}, .comment = "ee"},
      "00000008 'nistp256'"  // string    ecdsa_curve_name
      "00000002 0401"        // string    Q
      "00000002 00d9"        // mpint     d
      "00000002 'ee'");      // string    comment
  check(msg::AgentRsaIdentity{.n = {value("c1")},
                              .e = {value("010001")},
                              .d = {value("11")},
                              .iqmp = {value("22")},
                              .p = {value("33")},
                              .q = {value("44")},
                              .comment = "r"},
        "00000002 00c1"    // mpint     n
        "00000003 010001"  // mpint     e
        "00000001 11"      // mpint     d
        "00000001 22"      // mpint     iqmp
        "00000001 33"      // mpint     p
        "00000001 44"      // mpint     q
        "00000001 'r'");   // string    comment
  check(msg::AgentDsaIdentity{.p = {value("01")},
                              .q = {value("02")},
                              .g = {value("03")},
                              .y = {value("04")},
                              .x = {value("05")},
                              .comment = ""},
        "00000001 01"  // mpint     p
        "00000001 02"  // mpint     q
        "00000001 03"  // mpint     g
        "00000001 04"  // mpint     y
        "00000001 05"  // mpint     x
        "00000000");   // string    comment
  check(
      msg::AgentEd25519CertificateIdentity{
          .certificate = value("'cert'"), .ENC_A = value("'pub'"), .k_ENC_A = {value("'privpub'")}, .comment = "c"},
      "00000004 'cert'"     // string    certificate
      "00000003 'pub'"      // string    ENC(A)
      "00000007 'privpub'"  // string    k || ENC(A)
      "00000001 'c'");      // string    comment
  check(
      msg::AgentEcdsaCertificateIdentity{
          .certificate = value("'cert'"), .d = {value("09")}, .comment = "c", .constraints = {{{.type = 2}}}},
      "00000004 'cert'"  // string    certificate
      "00000001 09"      // mpint     d
      "00000001 'c'"     // string    comment
      "02");             // byte      SSH_AGENT_CONSTRAIN_CONFIRM
  check(msg::AgentRsaCertificateIdentity{.certificate = value("'cert'"),
                                         .d = {value("11")},
                                         .iqmp = {value("22")},
                                         .p = {value("33")},
                                         .q = {value("44")},
                                         .comment = "c"},
        "00000004 'cert'"  // string    certificate
        "00000001 11"      // mpint     d
        "00000001 22"      // mpint     iqmp
        "00000001 33"      // mpint     p
        "00000001 44"      // mpint     q
        "00000001 'c'");   // string    comment
  check(msg::AgentAddSmartcardKey{.id = "/lib/p11.so", .pin = {value("'1234'")}},
        "14"                      // byte      SSH_AGENTC_ADD_SMARTCARD_KEY
        "0000000b '/lib/p11.so'"  // string    id
        "00000004 '1234'");       // string    PIN
  check(
      msg::AgentAddSmartcardKeyConstrained{
          .id = "/lib/p11.so", .pin = {value("'1234'")}, .constraints = {{{.type = 1, .seconds = 5}}}},
      "1a"                      // byte      SSH_AGENTC_ADD_SMARTCARD_KEY_CONSTRAINED
      "0000000b '/lib/p11.so'"  // string    id
      "00000004 '1234'"         // string    PIN
      "01 00000005");           // constraint[]: SSH_AGENT_CONSTRAIN_LIFETIME, seconds
  check(msg::AgentRemoveSmartcardKey{.reader_id = "/lib/p11.so", .pin = {value("")}},
        "15"                      // byte      SSH_AGENTC_REMOVE_SMARTCARD_KEY
        "0000000b '/lib/p11.so'"  // string    reader id
        "00000000");              // string    PIN
}

inline void agent_destination_goldens(auto&& check) {
  check(msg::AgentHop{.username = "u", .hostname = "h", .hostkeys = {{{.keyblob = value("'kb'"), .is_ca = true}}}},
        "00000001 'u'"   // string    from_username or to_username
        "00000001 'h'"   // string    from_hostname or to_hostname
        "00000000"       // string    reserved
        "00000002 'kb'"  // keyspec[] string keyblob
        "01");           //           bool is_ca
  check(msg::AgentDestination{.from = value("0102"), .to = value("03"), .reserved = value("")},
        "00000002 0102"  // string    the first hop
        "00000001 03"    // string    the second
        "00000000");     // string    reserved
  check(msg::AgentDestinations{.constraints = {{{.constraint = value("'c1'")}, {.constraint = value("'c22'")}}}},
        "00000002 'c1'"  // constraint[] constraints
        "00000003 'c22'");
  check(msg::AgentCertificates{.certificates = {{{.certificate = value("'c1'")}}}},
        "00000002 'c1'");  // string[]  certificates
}

}  // namespace glassh::test
