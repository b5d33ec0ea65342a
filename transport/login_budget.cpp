#include "transport/login_budget.h"

#include <fmt/format.h>

#include "proto/error.h"
#include "proto/numbers.h"

namespace glassh {

void LoginBudget::count(Bytes payload) {
  bytes_ += payload.size();
  ++packets_;
  if (payload[0] == message_number::kexinit) ++key_exchanges_;
  if (bytes_ > most_bytes) {
    throw ProtocolError(fmt::format("more than {} bytes before the login", most_bytes));
  }
  if (packets_ > most_packets) {
    throw ProtocolError(fmt::format("more than {} packets before the login", most_packets));
  }
  if (key_exchanges_ > most_key_exchanges) {
    throw ProtocolError(fmt::format("more than {} key exchanges before the login", most_key_exchanges));
  }
}

}  // namespace glassh
