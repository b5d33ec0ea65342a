// ProtocolError is thrown by the core when the peer broke the protocol, and for no other reason.
//
// The reason goes into SSH_MSG_DISCONNECT (RFC 4253 section 11.1); the text names message, field and value and is both
// sent to the peer and logged. It is caught in one place, `*_connection::next_event()`. Expected outcomes (a wrong
// password, a refused channel) are values, never this.
//
//   throw ProtocolError(DisconnectReason::protocol_error, "SSH_MSG_NEWKEYS: not expected before SSH_MSG_KEXINIT");
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace glassh {

// RFC 4250 section 4.2.2. [4250-4.2.1-1]: a reason is never 0.
enum class DisconnectReason : std::uint32_t {
  host_not_allowed_to_connect = 1,
  protocol_error = 2,
  key_exchange_failed = 3,
  reserved = 4,
  mac_error = 5,
  compression_error = 6,
  service_not_available = 7,
  protocol_version_not_supported = 8,
  host_key_not_verifiable = 9,
  connection_lost = 10,
  by_application = 11,
  too_many_connections = 12,
  auth_cancelled_by_user = 13,
  no_more_auth_methods_available = 14,
  illegal_user_name = 15,
};

class ProtocolError : public std::runtime_error {
 public:
  ProtocolError(DisconnectReason reason, const std::string& text) : std::runtime_error(text), reason_(reason) {}
  explicit ProtocolError(const std::string& text) : ProtocolError(DisconnectReason::protocol_error, text) {}
  DisconnectReason reason() const { return reason_; }

 private:
  DisconnectReason reason_;
};

}  // namespace glassh
