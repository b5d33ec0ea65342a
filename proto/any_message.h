// Every message of the project, listed once: for the trace printer, the tests and the fuzzers to go through.
//
// A message is declared in messages_*.h and then named here, in the list that says when its number or name has this
// meaning. Nothing here decides which message may arrive. AllMessages holds each of them exactly once.
//
//   for_each(AllMessages{}, [](auto type) { using M = typename decltype(type)::type; fmt::print("{}\n", M::name); });
#pragma once

#include <type_traits>

#include "proto/messages_agent.h"
#include "proto/messages_agent_keys.h"
#include "proto/messages_auth.h"
#include "proto/messages_connection.h"
#include "proto/messages_forward.h"
#include "proto/messages_kex.h"
#include "proto/messages_session.h"
#include "proto/messages_transport.h"

namespace glassh {

template <class... M>
struct MessageList {
  static constexpr std::size_t size = sizeof...(M);
};

template <class... A, class... B>
MessageList<A..., B...> operator+(MessageList<A...>, MessageList<B...>) {
  return {};
}

// Calls f(std::type_identity<M>{}) for each M.
template <class... M, class F>
void for_each(MessageList<M...>, F&& f) {
  (f(std::type_identity<M>{}), ...);
}

// Calls f(std::type_identity<M>{}) for the M with this number, or with this name. False if there is none.
template <class... M, class F>
bool with_number(MessageList<M...>, std::uint8_t number, F&& f) {
  return ((M::number == number && (f(std::type_identity<M>{}), true)) || ...);
}
template <class... M, class F>
bool with_name(MessageList<M...>, std::string_view name, F&& f) {
  return ((M::name == name && (f(std::type_identity<M>{}), true)) || ...);
}

// Calls f(std::type_identity<M>{}) for the M at this place of the list.
template <class... M, class F>
void with_index(MessageList<M...>, std::size_t index, F&& f) {
  std::size_t at = 0;
  (void)((at++ == index && (f(std::type_identity<M>{}), true)) || ...);
}

// Numbers that always mean the same.
using CommonMessages =
    MessageList<msg::Disconnect, msg::Ignore, msg::Unimplemented, msg::Debug, msg::ServiceRequest, msg::ServiceAccept,
                msg::ExtInfo, msg::NewCompress, msg::KexInit, msg::NewKeys, msg::UserauthRequest, msg::UserauthFailure,
                msg::UserauthSuccess, msg::UserauthBanner, msg::GlobalRequest, msg::RequestSuccess, msg::RequestFailure,
                msg::ChannelOpen, msg::ChannelOpenConfirmation, msg::ChannelOpenFailure, msg::ChannelWindowAdjust,
                msg::ChannelData, msg::ChannelExtendedData, msg::ChannelEof, msg::ChannelClose, msg::ChannelRequest,
                msg::ChannelSuccess, msg::ChannelFailure, msg::Ping, msg::Pong>;

// 30..49, by the key exchange method.
using KexDhMessages = MessageList<msg::KexDhInit, msg::KexDhReply>;
using KexEcdhMessages = MessageList<msg::KexEcdhInit, msg::KexEcdhReply>;
using KexDhGexMessages = MessageList<msg::KexDhGexRequestOld, msg::KexDhGexGroup, msg::KexDhGexInit, msg::KexDhGexReply,
                                     msg::KexDhGexRequest>;

// 60..79, by the authentication method.
using PublicKeyMessages = MessageList<msg::UserauthPkOk>;
using PasswordMessages = MessageList<msg::UserauthPasswdChangereq>;
using KeyboardInteractiveMessages = MessageList<msg::UserauthInfoRequest, msg::UserauthInfoResponse>;

// Tails, by name.
using MethodTails = MessageList<msg::NoneRequest, msg::PublicKeyRequest, msg::PublicKeyHostboundRequest,
                                msg::PasswordRequest, msg::KeyboardInteractiveRequest, msg::HostbasedRequest>;
using GlobalRequestTails =
    MessageList<msg::TcpipForward, msg::CancelTcpipForward, msg::StreamlocalForward, msg::CancelStreamlocalForward,
                msg::NoMoreSessions, msg::HostKeys, msg::HostKeysProve>;
using ChannelOpenTails =
    MessageList<msg::SessionOpen, msg::X11Open, msg::ForwardedTcpip, msg::DirectTcpip, msg::ForwardedStreamlocal,
                msg::DirectStreamlocal, msg::AuthAgentOpen, msg::AgentConnect>;
using ChannelRequestTails = MessageList<msg::PtyReq, msg::X11Req, msg::Env, msg::Shell, msg::Exec, msg::Subsystem,
                                        msg::WindowChange, msg::XonXoff, msg::Signal, msg::ExitStatus, msg::ExitSignal,
                                        msg::Break, msg::Eow, msg::AuthAgentReq, msg::AgentReq>;
using RequestSuccessTails = MessageList<msg::TcpipForwardReply, msg::HostKeysProveReply>;

// The data that signatures cover.
using SignedData = MessageList<msg::PublicKeySignedData, msg::HostbasedSignedData, msg::HostKeyProofSignedData>;

using AgentMessages =
    MessageList<msg::AgentFailure, msg::AgentSuccess, msg::AgentRequestIdentities, msg::AgentIdentitiesAnswer,
                msg::AgentSignRequest, msg::AgentSignResponse, msg::AgentRemoveIdentity, msg::AgentRemoveAllIdentities,
                msg::AgentLock, msg::AgentUnlock, msg::AgentExtension, msg::AgentExtensionFailure,
                msg::AgentExtensionResponse, msg::AgentAddIdentity, msg::AgentAddIdConstrained,
                msg::AgentAddSmartcardKey, msg::AgentAddSmartcardKeyConstrained, msg::AgentRemoveSmartcardKey>;
using AgentTails = MessageList<msg::AgentQuery, msg::AgentQueryReply, msg::AgentSessionBind, msg::AgentEd25519Identity,
                               msg::AgentEcdsaIdentity, msg::AgentRsaIdentity, msg::AgentDsaIdentity,
                               msg::AgentEd25519CertificateIdentity, msg::AgentEcdsaCertificateIdentity,
                               msg::AgentRsaCertificateIdentity, msg::AgentHop, msg::AgentDestination,
                               msg::AgentDestinations, msg::AgentCertificates>;

using AllMessages = decltype(CommonMessages{} + KexDhMessages{} + KexEcdhMessages{} + KexDhGexMessages{} +
                             PublicKeyMessages{} + PasswordMessages{} + KeyboardInteractiveMessages{} + MethodTails{} +
                             GlobalRequestTails{} + ChannelOpenTails{} + ChannelRequestTails{} + RequestSuccessTails{} +
                             SignedData{} + AgentMessages{} + AgentTails{});

}  // namespace glassh
