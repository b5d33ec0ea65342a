// The bytes of the authentication messages and their tails, drawn by hand from RFC 4252, RFC 4256 and OpenSSH PROTOCOL
// section 3.1.
#pragma once

#include "proto/messages_auth.h"
#include "test/proto/golden.h"

namespace glassh::test {

inline void auth_goldens(auto&& check) {
  check(msg::UserauthRequest{.user_name = "ann",
                             .service_name = "ssh-connection",
                             .method_name = "none",
                             .method_fields = {value("0102")}},
        "32"                         // byte      SSH_MSG_USERAUTH_REQUEST
        "00000003 'ann'"             // string    user name
        "0000000e 'ssh-connection'"  // string    service name
        "00000004 'none'"            // string    method name
        "0102");                     // ....      method specific fields
  check(msg::UserauthFailure{.authentications_that_can_continue = {"publickey,password"}, .partial_success = true},
        "33"                             // byte      SSH_MSG_USERAUTH_FAILURE
        "00000012 'publickey,password'"  // name-list authentications that can continue
        "01");                           // boolean   partial success
  check(msg::UserauthSuccess{},
        "34");  // byte      SSH_MSG_USERAUTH_SUCCESS
  check(msg::UserauthBanner{.message = "hi\r\n", .language_tag = ""},
        "35"                  // byte      SSH_MSG_USERAUTH_BANNER
        "00000004 'hi' 0d0a"  // string    message
        "00000000");          // string    language tag
  check(msg::NoneRequest{}, "");
  check(msg::PublicKeyRequest{.has_signature = false, .algorithm = "ssh-ed25519", .public_key = value("'key'")},
        "00"                      // boolean   FALSE
        "0000000b 'ssh-ed25519'"  // string    public key algorithm name
        "00000003 'key'");        // string    public key blob
  check(msg::PublicKeyRequest{.has_signature = true,
                              .algorithm = "ssh-ed25519",
                              .public_key = value("'key'"),
                              .signature = value("'sig!'")},
        "01"                      // boolean   TRUE
        "0000000b 'ssh-ed25519'"  // string    public key algorithm name
        "00000003 'key'"          // string    public key to be used for authentication
        "00000004 'sig!'");       // string    signature
  check(msg::PublicKeyHostboundRequest{.has_signature = false,
                                       .algorithm = "ssh-ed25519",
                                       .public_key = value("'key'"),
                                       .server_host_key = value("'host'")},
        "00"                      // bool      has_signature
        "0000000b 'ssh-ed25519'"  // string    pkalg
        "00000003 'key'"          // string    public key
        "00000004 'host'");       // string    server host key
  check(msg::PublicKeyHostboundRequest{.has_signature = true,
                                       .algorithm = "ssh-ed25519",
                                       .public_key = value("'key'"),
                                       .server_host_key = value("'host'"),
                                       .signature = value("'sig!'")},
        "01"                      // bool      has_signature
        "0000000b 'ssh-ed25519'"  // string    pkalg
        "00000003 'key'"          // string    public key
        "00000004 'host'"         // string    server host key
        "00000004 'sig!'");       // string    signature
  check(msg::UserauthPkOk{.algorithm = "ssh-ed25519", .public_key = value("'key'")},
        "3c"                      // byte      SSH_MSG_USERAUTH_PK_OK
        "0000000b 'ssh-ed25519'"  // string    public key algorithm name from the request
        "00000003 'key'");        // string    public key blob from the request
  check(msg::PasswordRequest{.change = false, .password = {value("'secret'")}},
        "00"                   // boolean   FALSE
        "00000006 'secret'");  // string    plaintext password
  check(msg::PasswordRequest{.change = true, .password = {value("'old'")}, .new_password = {value("'newer'")}},
        "01"                  // boolean   TRUE
        "00000003 'old'"      // string    plaintext old password
        "00000005 'newer'");  // string    plaintext new password
  check(msg::UserauthPasswdChangereq{.prompt = "New password:", .language_tag = "en"},
        "3c"                        // byte      SSH_MSG_USERAUTH_PASSWD_CHANGEREQ
        "0000000d 'New password:'"  // string    prompt
        "00000002 'en'");           // string    language tag
  check(msg::KeyboardInteractiveRequest{.language_tag = "", .submethods = "pam,otp"},
        "00000000"              // string    language tag
        "00000007 'pam,otp'");  // string    submethods
  check(msg::HostbasedRequest{.algorithm = "ssh-ed25519",
                              .host_key = value("'hk'"),
                              .client_host_name = "c.example.",
                              .client_user_name = "bob",
                              .signature = value("'sig'")},
        "0000000b 'ssh-ed25519'"  // string    public key algorithm for host key
        "00000002 'hk'"           // string    public host key and certificates for client host
        "0000000a 'c.example.'"   // string    client host name expressed as the FQDN
        "00000003 'bob'"          // string    user name on the client host
        "00000003 'sig'");        // string    signature
}

// RFC 4256 section 3.5 draws its first example; the values are the RFC's.
inline void keyboard_interactive_goldens(auto&& check) {
  check(
      msg::UserauthInfoRequest{.request_name = "CRYPTOCard Authentication",
                               .instruction = "The challenge is \"14315716\"",
                               .language_tag = "en-US",
                               .prompts = {{.prompt = "Response: ", .echo = true}, {.prompt = "PIN:", .echo = false}}},
      "3c"                                        // byte      SSH_MSG_USERAUTH_INFO_REQUEST
      "00000019 'CRYPTOCard Authentication'"      // string    name
      "0000001b 'The challenge is \"14315716\"'"  // string    instruction
      "00000005 'en-US'"                          // string    language tag
      "00000002"                                  // int       num-prompts
      "0000000a 'Response: '"                     // string    prompt[1]
      "01"                                        // boolean   echo[1]
      "00000004 'PIN:'"                           // string    prompt[2]
      "00");                                      // boolean   echo[2]
  check(msg::UserauthInfoResponse{.responses = {{.response = {value("'6d757575'")}}, {.response = {value("")}}}},
        "3d"                   // byte      SSH_MSG_USERAUTH_INFO_RESPONSE
        "00000002"             // int       num-responses
        "00000008 '6d757575'"  // string    response[1]
        "00000000");           // string    response[2]
}

// [4252-7-13] and [4252-9-3] keeps: the order of what a signature covers.
inline void signed_data_goldens(auto&& check) {
  check(msg::PublicKeySignedData{.session_identifier = value("5e55"),
                                 .user_name = "ann",
                                 .service_name = "ssh-connection",
                                 .algorithm = "ssh-ed25519",
                                 .public_key = value("'key'")},
        "00000002 5e55"              // string    session identifier
        "32"                         // byte      SSH_MSG_USERAUTH_REQUEST
        "00000003 'ann'"             // string    user name
        "0000000e 'ssh-connection'"  // string    service name
        "00000009 'publickey'"       // string    "publickey"
        "01"                         // boolean   TRUE
        "0000000b 'ssh-ed25519'"     // string    public key algorithm name
        "00000003 'key'");           // string    public key to be used for authentication
  check(msg::PublicKeySignedData{.session_identifier = value("5e55"),
                                 .user_name = "ann",
                                 .service_name = "ssh-connection",
                                 .method_name = "publickey-hostbound-v00@openssh.com",
                                 .algorithm = "ssh-ed25519",
                                 .public_key = value("'key'"),
                                 .server_host_key = value("'host'")},
        "00000002 5e55"                                   // string    session identifier
        "32"                                              // byte      SSH_MSG_USERAUTH_REQUEST
        "00000003 'ann'"                                  // string    user name
        "0000000e 'ssh-connection'"                       // string    service name
        "00000023 'publickey-hostbound-v00@openssh.com'"  // string    method
        "01"                                              // boolean   TRUE
        "0000000b 'ssh-ed25519'"                          // string    pkalg
        "00000003 'key'"                                  // string    public key
        "00000004 'host'");                               // string    server host key
  check(msg::HostbasedSignedData{.session_identifier = value("5e55"),
                                 .user_name = "ann",
                                 .service_name = "ssh-connection",
                                 .algorithm = "ssh-ed25519",
                                 .host_key = value("'hk'"),
                                 .client_host_name = "c.example.",
                                 .client_user_name = "bob"},
        "00000002 5e55"              // string    session identifier
        "32"                         // byte      SSH_MSG_USERAUTH_REQUEST
        "00000003 'ann'"             // string    user name
        "0000000e 'ssh-connection'"  // string    service name
        "00000009 'hostbased'"       // string    "hostbased"
        "0000000b 'ssh-ed25519'"     // string    public key algorithm for host key
        "00000002 'hk'"              // string    public host key and certificates for client host
        "0000000a 'c.example.'"      // string    client host name expressed as the FQDN
        "00000003 'bob'");           // string    user name on the client host
}

}  // namespace glassh::test
