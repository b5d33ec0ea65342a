// The assigned numbers of SSH: message numbers, reason codes, extended data types; and of the agent protocol.
//
// RFC 4250 sections 4.1.2, 4.3 and 4.4; RFC 4256 section 5; RFC 4419 section 5; RFC 5656 section 7.1; RFC 8308 section
// 2.3; OpenSSH PROTOCOL section 1.8; draft-miller-ssh-agent section 5. Disconnect reasons are in error.h, the messages
// themselves in messages_*.h. Numbers only: which message may arrive when is the transport's to decide.
//
//   if (payload[0] == message_number::channel_data) …
#pragma once

#include <cstdint>

namespace glassh {

// RFC 4251 section 7 [4251-7-1]: 1..49 transport, 50..79 authentication, 80..127 connection, 192..255 private use.
namespace message_number {
inline constexpr std::uint8_t disconnect = 1;
inline constexpr std::uint8_t ignore = 2;
inline constexpr std::uint8_t unimplemented = 3;
inline constexpr std::uint8_t debug = 4;
inline constexpr std::uint8_t service_request = 5;
inline constexpr std::uint8_t service_accept = 6;
inline constexpr std::uint8_t ext_info = 7;
inline constexpr std::uint8_t newcompress = 8;
inline constexpr std::uint8_t kexinit = 20;
inline constexpr std::uint8_t newkeys = 21;

// 30..49 belong to the key exchange method that was negotiated; the methods share them.
inline constexpr std::uint8_t kexdh_init = 30;
inline constexpr std::uint8_t kexdh_reply = 31;
inline constexpr std::uint8_t kex_ecdh_init = 30;
inline constexpr std::uint8_t kex_ecdh_reply = 31;
inline constexpr std::uint8_t kex_dh_gex_request_old = 30;
inline constexpr std::uint8_t kex_dh_gex_group = 31;
inline constexpr std::uint8_t kex_dh_gex_init = 32;
inline constexpr std::uint8_t kex_dh_gex_reply = 33;
inline constexpr std::uint8_t kex_dh_gex_request = 34;

inline constexpr std::uint8_t userauth_request = 50;
inline constexpr std::uint8_t userauth_failure = 51;
inline constexpr std::uint8_t userauth_success = 52;
inline constexpr std::uint8_t userauth_banner = 53;

// 60..79 belong to the authentication method of the last request; the methods share them.
inline constexpr std::uint8_t userauth_pk_ok = 60;
inline constexpr std::uint8_t userauth_passwd_changereq = 60;
inline constexpr std::uint8_t userauth_info_request = 60;
inline constexpr std::uint8_t userauth_info_response = 61;

inline constexpr std::uint8_t global_request = 80;
inline constexpr std::uint8_t request_success = 81;
inline constexpr std::uint8_t request_failure = 82;
inline constexpr std::uint8_t channel_open = 90;
inline constexpr std::uint8_t channel_open_confirmation = 91;
inline constexpr std::uint8_t channel_open_failure = 92;
inline constexpr std::uint8_t channel_window_adjust = 93;
inline constexpr std::uint8_t channel_data = 94;
inline constexpr std::uint8_t channel_extended_data = 95;
inline constexpr std::uint8_t channel_eof = 96;
inline constexpr std::uint8_t channel_close = 97;
inline constexpr std::uint8_t channel_request = 98;
inline constexpr std::uint8_t channel_success = 99;
inline constexpr std::uint8_t channel_failure = 100;

inline constexpr std::uint8_t ping = 192;
inline constexpr std::uint8_t pong = 193;
}  // namespace message_number

// RFC 4250 section 4.3.2. [4250-4.3.1-1]: a reason is never 0.
namespace open_failure_reason {
inline constexpr std::uint32_t administratively_prohibited = 1;
inline constexpr std::uint32_t connect_failed = 2;
inline constexpr std::uint32_t unknown_channel_type = 3;
inline constexpr std::uint32_t resource_shortage = 4;
}  // namespace open_failure_reason

// RFC 4250 section 4.4.2. [4250-4.4.1-1]: a type is never 0.
namespace extended_data_type {
inline constexpr std::uint32_t standard_error = 1;
}  // namespace extended_data_type

namespace agent_number {
inline constexpr std::uint8_t failure = 5;
inline constexpr std::uint8_t success = 6;
inline constexpr std::uint8_t request_identities = 11;
inline constexpr std::uint8_t identities_answer = 12;
inline constexpr std::uint8_t sign_request = 13;
inline constexpr std::uint8_t sign_response = 14;
inline constexpr std::uint8_t add_identity = 17;
inline constexpr std::uint8_t remove_identity = 18;
inline constexpr std::uint8_t remove_all_identities = 19;
inline constexpr std::uint8_t add_smartcard_key = 20;
inline constexpr std::uint8_t remove_smartcard_key = 21;
inline constexpr std::uint8_t lock = 22;
inline constexpr std::uint8_t unlock = 23;
inline constexpr std::uint8_t add_id_constrained = 25;
inline constexpr std::uint8_t add_smartcard_key_constrained = 26;
inline constexpr std::uint8_t extension = 27;
inline constexpr std::uint8_t extension_failure = 28;
inline constexpr std::uint8_t extension_response = 29;  // RFC 9987, not yet in the draft
}  // namespace agent_number

namespace agent_constraint {
inline constexpr std::uint8_t lifetime = 1;
inline constexpr std::uint8_t confirm = 2;
// Deviation: the draft of 2016 says 3; OpenSSH PROTOCOL.agent section 2, and every agent in use, say 255.
inline constexpr std::uint8_t extension = 255;
}  // namespace agent_constraint

// Bits of AgentSignRequest::flags.
namespace agent_sign_flag {
inline constexpr std::uint32_t rsa_sha2_256 = 2;
inline constexpr std::uint32_t rsa_sha2_512 = 4;
}  // namespace agent_sign_flag

}  // namespace glassh
