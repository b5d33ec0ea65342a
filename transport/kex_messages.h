// The messages 30 to 34 by what they are for. RFC 4253 section 8, RFC 5656 section 4 and RFC 4419 section 3 each have a
// client's share and a server's reply, with other numbers, names and types of field; group exchange has two more
// messages in front. Here the key exchange finds out which one arrived, and reads and writes a share without knowing
// whether it is a string or an mpint.
//
//   switch (kex_step(family, payload[0])) { case KexStep::init: … decode_init(family, payload) … }
#pragma once

#include "proto/message_name.h"
#include "proto/messages_kex.h"
#include "transport/packet_writer.h"

namespace glassh {

enum class KexStep { none, group_request_old, group_request, group, init, reply };
KexStep kex_step(KexFamily family, std::uint8_t number);
// "SSH_MSG_KEX_ECDH_INIT".
std::string_view step_name(KexFamily family, KexStep step);

struct KexReply {
  Bytes K_S;
  Bytes share;  // Q_S, or f's magnitude
  Bytes signature;
};
// Views into the payload.
Bytes decode_init(KexFamily family, Bytes payload);  // Q_C, or e's magnitude
KexReply decode_reply(KexFamily family, Bytes payload);
void send_init(PacketWriter& writer, KexFamily family, Bytes share);
void send_reply(PacketWriter& writer, KexFamily family, const KexReply& reply);

}  // namespace glassh
