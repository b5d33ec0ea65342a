// One method of RFC 4252 as a client runs it; the order of the methods is ClientAuth's.
//
// begin() makes one attempt: it sends a request or asks the application, or the method is exhausted for this
// connection. What the application answers comes in through the method's own functions, which say in the same way how
// it goes on. Nothing is sent while a request is unanswered.
//
//   const MethodStep step = method.begin();  if (step.kind == MethodStep::Kind::asks) return step.event;
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "auth/client_auth_events.h"
#include "proto/trace_sink.h"
#include "transport/packet_writer.h"

namespace glassh {

struct MethodStep {
  enum class Kind { sent, asks, exhausted };
  Kind kind = Kind::sent;
  std::optional<ClientAuthEvent> event = std::nullopt;  // asks

  static MethodStep asks(ClientAuthEvent event) { return {Kind::asks, std::move(event)}; }
  static MethodStep exhausted() { return {Kind::exhausted, std::nullopt}; }
};

class ClientAuthMethod {
 public:
  // All must outlive it; `trace` may be null.
  ClientAuthMethod(const ClientAuthSettings& settings, const ClientAuthServer& server, PacketWriter& writer,
                   TraceSink* trace)
      : settings_(settings), server_(server), writer_(writer), trace_(trace) {}
  virtual ~ClientAuthMethod() = default;

  virtual std::string_view name() const = 0;
  virtual MethodStep begin() = 0;
  // Messages 60 to 79 belong to the method of the last request. Throws ProtocolError.
  virtual MethodStep on_message(Bytes payload) = 0;
  // The application has no answer to the last question.
  virtual MethodStep decline() = 0;
  // FAILURE to the last request. `partial_success`: it was right, and is not enough.
  virtual void on_failure(bool partial_success) = 0;

  // The answer that the server owes us. A query (RFC 4252 section 7) cannot succeed.
  enum class Owed { nothing, answer_to_query, answer_to_request };
  Owed owed() const { return owed_; }
  // A signature, a password or an answer has left.
  bool proved_something() const { return proved_something_; }

 protected:
  // RFC 4252 section 5 [4252-5-1]: user, service, method, and what the method adds. Tail is a struct of
  // messages_auth.h. What is in it goes straight into the packet, where it is sealed: no copy of a password stays.
  template <class Tail>
  void send_request(const Tail& tail, PacketWriter::Length length = PacketWriter::Length::shows) {
    const msg::UserauthRequest head{settings_.user, "ssh-connection", Tail::name, {}};
    const std::size_t head_size = measure(head);
    const std::size_t size = head_size + measure(tail);
    const MutableBytes place = writer_.begin(size);
    encode_into(head, place);
    encode_into(tail, place.subspan(head_size));
    writer_.finish(size, length);
  }

  const ClientAuthSettings& settings_;
  const ClientAuthServer& server_;
  PacketWriter& writer_;
  TraceSink* const trace_;
  Owed owed_ = Owed::nothing;
  bool proved_something_ = false;
};

}  // namespace glassh
