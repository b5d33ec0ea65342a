// The bytes of the connection protocol's messages and their tails, drawn by hand from RFC 4254, RFC 4335 and OpenSSH
// PROTOCOL section 2.
#pragma once

#include "proto/messages_connection.h"
#include "proto/messages_forward.h"
#include "proto/messages_session.h"
#include "test/proto/golden.h"

namespace glassh::test {

inline void connection_goldens(auto&& check) {
  check(msg::GlobalRequest{.request_name = "x@y", .want_reply = true, .request_specific_data = {value("0102")}},
        "50"              // byte      SSH_MSG_GLOBAL_REQUEST
        "00000003 'x@y'"  // string    request name
        "01"              // boolean   want reply
        "0102");          // ....      request-specific data
  check(msg::RequestSuccess{.response_specific_data = {value("0304")}},
        "51"      // byte      SSH_MSG_REQUEST_SUCCESS
        "0304");  // ....      response specific data
  check(msg::RequestFailure{},
        "52");  // byte      SSH_MSG_REQUEST_FAILURE
  check(msg::ChannelOpen{.channel_type = "session",
                         .sender_channel = 1,
                         .initial_window_size = 0x00200000,
                         .maximum_packet_size = 0x00008000,
                         .channel_type_specific_data = {value("ff")}},
        "5a"                  // byte      SSH_MSG_CHANNEL_OPEN
        "00000007 'session'"  // string    channel type
        "00000001"            // uint32    sender channel
        "00200000"            // uint32    initial window size
        "00008000"            // uint32    maximum packet size
        "ff");                // ....      channel type specific data
  check(msg::ChannelOpenConfirmation{.recipient_channel = 1,
                                     .sender_channel = 2,
                                     .initial_window_size = 3,
                                     .maximum_packet_size = 4,
                                     .channel_type_specific_data = {value("05")}},
        "5b"        // byte      SSH_MSG_CHANNEL_OPEN_CONFIRMATION
        "00000001"  // uint32    recipient channel
        "00000002"  // uint32    sender channel
        "00000003"  // uint32    initial window size
        "00000004"  // uint32    maximum packet size
        "05");      // ....      channel type specific data
  check(msg::ChannelOpenFailure{.recipient_channel = 7, .reason_code = 1, .description = "no", .language_tag = "en"},
        "5c"               // byte      SSH_MSG_CHANNEL_OPEN_FAILURE
        "00000007"         // uint32    recipient channel
        "00000001"         // uint32    reason code: ADMINISTRATIVELY_PROHIBITED
        "00000002 'no'"    // string    description
        "00000002 'en'");  // string    language tag
  check(msg::ChannelWindowAdjust{.recipient_channel = 7, .bytes_to_add = 0xffffffff},
        "5d"          // byte      SSH_MSG_CHANNEL_WINDOW_ADJUST
        "00000007"    // uint32    recipient channel
        "ffffffff");  // uint32    bytes to add
  check(msg::ChannelData{.recipient_channel = 7, .data = value("'hello'")},
        "5e"                  // byte      SSH_MSG_CHANNEL_DATA
        "00000007"            // uint32    recipient channel
        "00000005 'hello'");  // string    data
  check(msg::ChannelExtendedData{.recipient_channel = 7, .data_type_code = 1, .data = value("'oops'")},
        "5f"                 // byte      SSH_MSG_CHANNEL_EXTENDED_DATA
        "00000007"           // uint32    recipient channel
        "00000001"           // uint32    data_type_code: SSH_EXTENDED_DATA_STDERR
        "00000004 'oops'");  // string    data
  check(msg::ChannelEof{.recipient_channel = 7},
        "60"          // byte      SSH_MSG_CHANNEL_EOF
        "00000007");  // uint32    recipient channel
  check(msg::ChannelClose{.recipient_channel = 7},
        "61"          // byte      SSH_MSG_CHANNEL_CLOSE
        "00000007");  // uint32    recipient channel
  check(msg::ChannelRequest{.recipient_channel = 7,
                            .request_type = "exec",
                            .want_reply = true,
                            .type_specific_data = {value("00000002 'ls'")}},
        "62"               // byte      SSH_MSG_CHANNEL_REQUEST
        "00000007"         // uint32    recipient channel
        "00000004 'exec'"  // string    request type
        "01"               // boolean   want reply
        "00000002 'ls'");  // ....      type-specific data
  check(msg::ChannelSuccess{.recipient_channel = 7},
        "63"          // byte      SSH_MSG_CHANNEL_SUCCESS
        "00000007");  // uint32    recipient channel
  check(msg::ChannelFailure{.recipient_channel = 7},
        "64"          // byte      SSH_MSG_CHANNEL_FAILURE
        "00000007");  // uint32    recipient channel
}

inline void session_goldens(auto&& check) {
  check(msg::SessionOpen{}, "");
  check(msg::PtyReq{.term = "vt100",
                    .terminal_width_characters = 80,
                    .terminal_height_rows = 24,
                    .terminal_width_pixels = 640,
                    .terminal_height_pixels = 480,
                    .encoded_terminal_modes = value("35 00000001 00")},
        "00000005 'vt100'"         // string    TERM environment variable value
        "00000050"                 // uint32    terminal width, characters
        "00000018"                 // uint32    terminal height, rows
        "00000280"                 // uint32    terminal width, pixels
        "000001e0"                 // uint32    terminal height, pixels
        "00000006 350000000100");  // string    encoded terminal modes: ECHO 1, TTY_OP_END
  check(msg::X11Req{.single_connection = true,
                    .x11_authentication_protocol = "MIT-MAGIC-COOKIE-1",
                    .x11_authentication_cookie = {value("'c0ffee'")},
                    .x11_screen_number = 2},
        "01"                             // boolean   single connection
        "00000012 'MIT-MAGIC-COOKIE-1'"  // string    x11 authentication protocol
        "00000006 'c0ffee'"              // string    x11 authentication cookie
        "00000002");                     // uint32    x11 screen number
  check(msg::Env{.variable_name = "LANG", .variable_value = "C"},
        "00000004 'LANG'"  // string    variable name
        "00000001 'C'");   // string    variable value
  check(msg::Shell{}, "");
  check(msg::Exec{.command = "ls -l"},
        "00000005 'ls -l'");  // string    command
  check(msg::Subsystem{.subsystem_name = "sftp"},
        "00000004 'sftp'");  // string    subsystem name
  check(msg::WindowChange{.terminal_width_columns = 132,
                          .terminal_height_rows = 50,
                          .terminal_width_pixels = 0,
                          .terminal_height_pixels = 1},
        "00000084"    // uint32    terminal width, columns
        "00000032"    // uint32    terminal height, rows
        "00000000"    // uint32    terminal width, pixels
        "00000001");  // uint32    terminal height, pixels
  check(msg::XonXoff{.client_can_do = true},
        "01");  // boolean   client can do
  check(msg::Signal{.signal_name = "TERM"},
        "00000004 'TERM'");  // string    signal name (without the "SIG" prefix)
  check(msg::ExitStatus{.exit_status = 37},
        "00000025");  // uint32    exit_status
  check(msg::ExitSignal{.signal_name = "SEGV", .core_dumped = true, .error_message = "ouch", .language_tag = "en"},
        "00000004 'SEGV'"  // string    signal name (without the "SIG" prefix)
        "01"               // boolean   core dumped
        "00000004 'ouch'"  // string    error message
        "00000002 'en'");  // string    language tag
  check(msg::Break{.break_length = 500},
        "000001f4");  // uint32    break-length in milliseconds
  check(msg::Eow{}, "");
  check(msg::AuthAgentReq{}, "");
  check(msg::AuthAgentOpen{}, "");
  check(msg::AgentReq{}, "");
  check(msg::AgentConnect{}, "");
}

inline void forward_goldens(auto&& check) {
  check(msg::X11Open{.originator_address = "192.168.7.38", .originator_port = 6010},
        "0000000c '192.168.7.38'"  // string    originator address
        "0000177a");               // uint32    originator port
  check(msg::TcpipForward{.address_to_bind = "0.0.0.0", .port_number_to_bind = 0},
        "00000007 '0.0.0.0'"  // string    address to bind
        "00000000");          // uint32    port number to bind
  check(msg::TcpipForwardReply{.port_that_was_bound = 40000},
        "00009c40");  // uint32    port that was bound on the server
  check(msg::CancelTcpipForward{.address_to_bind = "127.0.0.1", .port_number_to_bind = 8080},
        "00000009 '127.0.0.1'"  // string    address_to_bind
        "00001f90");            // uint32    port number to bind
  check(msg::ForwardedTcpip{.address_that_was_connected = "::1",
                            .port_that_was_connected = 8080,
                            .originator_IP_address = "10.0.0.9",
                            .originator_port = 50000},
        "00000003 '::1'"       // string    address that was connected
        "00001f90"             // uint32    port that was connected
        "00000008 '10.0.0.9'"  // string    originator IP address
        "0000c350");           // uint32    originator port
  check(msg::DirectTcpip{.host_to_connect = "db.example",
                         .port_to_connect = 5432,
                         .originator_IP_address = "127.0.0.1",
                         .originator_port = 1},
        "0000000a 'db.example'"  // string    host to connect
        "00001538"               // uint32    port to connect
        "00000009 '127.0.0.1'"   // string    originator IP address
        "00000001");             // uint32    originator port
  check(msg::StreamlocalForward{.socket_path = "/run/a"},
        "00000006 '/run/a'");  // string    socket path
  check(msg::CancelStreamlocalForward{.socket_path = "/run/a"},
        "00000006 '/run/a'");  // string    socket path
  check(msg::ForwardedStreamlocal{.socket_path = "/run/a", .reserved = value("")},
        "00000006 '/run/a'"  // string    socket path
        "00000000");         // string    reserved for future use
  check(msg::DirectStreamlocal{.socket_path = "/run/a", .reserved = value("'r'"), .reserved_number = 9},
        "00000006 '/run/a'"  // string    socket path
        "00000001 'r'"       // string    reserved
        "00000009");         // uint32    reserved
  check(msg::NoMoreSessions{}, "");
  check(msg::HostKeys{.host_keys = {{{.host_key = value("'key1'")}, {.host_key = value("'k2'")}}}},
        "00000004 'key1'"  // string[]  hostkeys
        "00000002 'k2'");
  check(msg::HostKeysProve{.host_keys = {{{.host_key = value("'k2'")}}}},
        "00000002 'k2'");  // string[]  hostkeys
  check(msg::HostKeysProveReply{.signatures = {{{.signature = value("'s1'")}, {.signature = value("'s22'")}}}},
        "00000002 's1'"  // string[]  signatures
        "00000003 's22'");
  check(msg::HostKeyProofSignedData{.session_identifier = value("5e55"), .host_key = value("'k2'")},
        "0000001d 'hostkeys-prove-00@openssh.com'"  // string    "hostkeys-prove-00@openssh.com"
        "00000002 5e55"                             // string    session identifier
        "00000002 'k2'");                           // string    hostkey
}

}  // namespace glassh::test
