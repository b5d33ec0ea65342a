// The bytes of the transport's and the key exchange methods' messages, drawn by hand from RFC 4253 sections 7 to 11,
// RFC 4419, RFC 5656, RFC 8308 and OpenSSH PROTOCOL section 1.8.
#pragma once

#include "proto/messages_kex.h"
#include "proto/messages_transport.h"
#include "test/proto/golden.h"

namespace glassh::test {

inline void transport_goldens(auto&& check) {
  check(msg::Disconnect{.reason_code = 11, .description = "bye", .language_tag = "en"},
        "01"               // byte      SSH_MSG_DISCONNECT
        "0000000b"         // uint32    reason code: BY_APPLICATION
        "00000003 'bye'"   // string    description
        "00000002 'en'");  // string    language tag
  check(msg::Ignore{.data = value("00ff")},
        "02"               // byte      SSH_MSG_IGNORE
        "00000002 00ff");  // string    data
  check(msg::Unimplemented{.packet_sequence_number = 0x01020304},
        "03"          // byte      SSH_MSG_UNIMPLEMENTED
        "01020304");  // uint32    packet sequence number of rejected message
  check(msg::Debug{.always_display = true, .message = "look", .language_tag = ""},
        "04"               // byte      SSH_MSG_DEBUG
        "01"               // boolean   always_display
        "00000004 'look'"  // string    message
        "00000000");       // string    language tag
  check(msg::ServiceRequest{.service_name = "ssh-userauth"},
        "05"                         // byte      SSH_MSG_SERVICE_REQUEST
        "0000000c 'ssh-userauth'");  // string    service name
  check(msg::ServiceAccept{.service_name = "ssh-userauth"},
        "06"                         // byte      SSH_MSG_SERVICE_ACCEPT
        "0000000c 'ssh-userauth'");  // string    service name
  check(msg::ExtInfo{.extensions = {{.extension_name = "server-sig-algs", .extension_value = value("'ssh-ed25519'")},
                                    {.extension_name = "ping@openssh.com", .extension_value = value("'0'")}}},
        "07"                           // byte      SSH_MSG_EXT_INFO
        "00000002"                     // uint32    nr-extensions
        "0000000f 'server-sig-algs'"   // string    extension-name
        "0000000b 'ssh-ed25519'"       // string    extension-value
        "00000010 'ping@openssh.com'"  // string    extension-name
        "00000001 '0'");               // string    extension-value
  check(msg::NewCompress{},
        "08");  // byte      SSH_MSG_NEWCOMPRESS
  check(msg::KexInit{.cookie = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
                     .kex_algorithms = {"a,bc"},
                     .server_host_key_algorithms = {"ssh-ed25519"},
                     .encryption_algorithms_client_to_server = {"c1"},
                     .encryption_algorithms_server_to_client = {"c2"},
                     .mac_algorithms_client_to_server = {"m1"},
                     .mac_algorithms_server_to_client = {"m2"},
                     .compression_algorithms_client_to_server = {"none"},
                     .compression_algorithms_server_to_client = {"zlib"},
                     .languages_client_to_server = {""},
                     .languages_server_to_client = {"i-klingon"},
                     .first_kex_packet_follows = true,
                     .reserved = 0},
        "14"                                // byte      SSH_MSG_KEXINIT
        "000102030405060708090a0b0c0d0e0f"  // byte[16]  cookie
        "00000004 'a,bc'"                   // name-list kex_algorithms
        "0000000b 'ssh-ed25519'"            // name-list server_host_key_algorithms
        "00000002 'c1'"                     // name-list encryption_algorithms_client_to_server
        "00000002 'c2'"                     // name-list encryption_algorithms_server_to_client
        "00000002 'm1'"                     // name-list mac_algorithms_client_to_server
        "00000002 'm2'"                     // name-list mac_algorithms_server_to_client
        "00000004 'none'"                   // name-list compression_algorithms_client_to_server
        "00000004 'zlib'"                   // name-list compression_algorithms_server_to_client
        "00000000"                          // name-list languages_client_to_server
        "00000009 'i-klingon'"              // name-list languages_server_to_client
        "01"                                // boolean   first_kex_packet_follows
        "00000000");                        // uint32    reserved
  check(msg::NewKeys{},
        "15");  // byte      SSH_MSG_NEWKEYS
  check(msg::Ping{.data = value("'pi'")},
        "c0"               // byte      SSH_MSG_PING
        "00000002 'pi'");  // string    data
  check(msg::Pong{.data = value("'pi'")},
        "c1"               // byte      SSH_MSG_PONG
        "00000002 'pi'");  // string    data
}

inline void kex_goldens(auto&& check) {
  check(msg::KexDhInit{.e = {value("80")}},
        "1e"               // byte      SSH_MSG_KEXDH_INIT
        "00000002 0080");  // mpint     e
  check(msg::KexDhReply{.K_S = value("'ks'"), .f = {value("7f01")}, .signature = value("'sig'")},
        "1f"                // byte      SSH_MSG_KEXDH_REPLY
        "00000002 'ks'"     // string    server public host key and certificates (K_S)
        "00000002 7f01"     // mpint     f
        "00000003 'sig'");  // string    signature of H
  check(msg::KexEcdhInit{.Q_C = value("04aabb")},
        "1e"                 // byte      SSH_MSG_KEX_ECDH_INIT
        "00000003 04aabb");  // string    Q_C
  check(msg::KexEcdhReply{.K_S = value("'ks'"), .Q_S = value("04ccdd"), .signature = value("'sig'")},
        "1f"                // byte      SSH_MSG_KEX_ECDH_REPLY
        "00000002 'ks'"     // string    K_S
        "00000003 04ccdd"   // string    Q_S
        "00000003 'sig'");  // string    the signature on the exchange hash
  check(msg::KexDhGexRequestOld{.n = 2048},
        "1e"          // byte      SSH_MSG_KEX_DH_GEX_REQUEST_OLD
        "00000800");  // uint32    n
  check(msg::KexDhGexRequest{.min = 2048, .n = 3072, .max = 8192},
        "22"          // byte      SSH_MSG_KEX_DH_GEX_REQUEST
        "00000800"    // uint32    min
        "00000c00"    // uint32    n
        "00002000");  // uint32    max
  check(msg::KexDhGexGroup{.p = {value("ff17")}, .g = {value("02")}},
        "1f"               // byte      SSH_MSG_KEX_DH_GEX_GROUP
        "00000003 00ff17"  // mpint     p
        "00000001 02");    // mpint     g
  check(msg::KexDhGexInit{.e = {value("1234")}},
        "20"               // byte      SSH_MSG_KEX_DH_GEX_INIT
        "00000002 1234");  // mpint     e
  check(msg::KexDhGexReply{.K_S = value("'ks'"), .f = {value("")}, .signature = value("'sig'")},
        "21"                // byte      SSH_MSG_KEX_DH_GEX_REPLY
        "00000002 'ks'"     // string    K_S
        "00000000"          // mpint     f, here 0
        "00000003 'sig'");  // string    signature of H
}

}  // namespace glassh::test
