#include "transport/kex_messages.h"

namespace glassh {

KexStep kex_step(KexFamily family, std::uint8_t number) {
  using namespace message_number;
  switch (family) {
    case KexFamily::dh:
      if (number == kexdh_init) return KexStep::init;
      return number == kexdh_reply ? KexStep::reply : KexStep::none;
    case KexFamily::ecdh:
      if (number == kex_ecdh_init) return KexStep::init;
      return number == kex_ecdh_reply ? KexStep::reply : KexStep::none;
    case KexFamily::group_exchange:
      switch (number) {
        case kex_dh_gex_request_old:
          return KexStep::group_request_old;
        case kex_dh_gex_group:
          return KexStep::group;
        case kex_dh_gex_init:
          return KexStep::init;
        case kex_dh_gex_reply:
          return KexStep::reply;
        case kex_dh_gex_request:
          return KexStep::group_request;
      }
      return KexStep::none;
    case KexFamily::unknown:
      break;
  }
  return KexStep::none;
}

std::string_view step_name(KexFamily family, KexStep step) {
  switch (step) {
    case KexStep::group_request_old:
      return msg::KexDhGexRequestOld::name;
    case KexStep::group_request:
      return msg::KexDhGexRequest::name;
    case KexStep::group:
      return msg::KexDhGexGroup::name;
    case KexStep::init:
      if (family == KexFamily::group_exchange) return msg::KexDhGexInit::name;
      return family == KexFamily::dh ? msg::KexDhInit::name : msg::KexEcdhInit::name;
    case KexStep::reply:
      if (family == KexFamily::group_exchange) return msg::KexDhGexReply::name;
      return family == KexFamily::dh ? msg::KexDhReply::name : msg::KexEcdhReply::name;
    case KexStep::none:
      break;
  }
  return "a message of no method";
}

Bytes decode_init(KexFamily family, Bytes payload) {
  if (family == KexFamily::group_exchange) return decode<msg::KexDhGexInit>(payload).e.magnitude;
  if (family == KexFamily::dh) return decode<msg::KexDhInit>(payload).e.magnitude;
  return decode<msg::KexEcdhInit>(payload).Q_C;
}

KexReply decode_reply(KexFamily family, Bytes payload) {
  if (family == KexFamily::group_exchange) {
    const auto reply = decode<msg::KexDhGexReply>(payload);
    return {reply.K_S, reply.f.magnitude, reply.signature};
  }
  if (family == KexFamily::dh) {
    const auto reply = decode<msg::KexDhReply>(payload);
    return {reply.K_S, reply.f.magnitude, reply.signature};
  }
  const auto reply = decode<msg::KexEcdhReply>(payload);
  return {reply.K_S, reply.Q_S, reply.signature};
}

void send_init(PacketWriter& writer, KexFamily family, Bytes share) {
  if (family == KexFamily::group_exchange) {
    writer.send(msg::KexDhGexInit{Mpint{share}});
  } else if (family == KexFamily::dh) {
    writer.send(msg::KexDhInit{Mpint{share}});
  } else {
    writer.send(msg::KexEcdhInit{share});
  }
}

void send_reply(PacketWriter& writer, KexFamily family, const KexReply& reply) {
  if (family == KexFamily::group_exchange) {
    writer.send(msg::KexDhGexReply{reply.K_S, Mpint{reply.share}, reply.signature});
  } else if (family == KexFamily::dh) {
    writer.send(msg::KexDhReply{reply.K_S, Mpint{reply.share}, reply.signature});
  } else {
    writer.send(msg::KexEcdhReply{reply.K_S, reply.share, reply.signature});
  }
}

}  // namespace glassh
