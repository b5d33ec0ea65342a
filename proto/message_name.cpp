#include "proto/message_name.h"

#include <fmt/format.h>

#include "proto/any_message.h"

namespace glassh {

KexFamily kex_family(std::string_view kex_algorithm) {
  if (kex_algorithm.starts_with("diffie-hellman-group-exchange-")) return KexFamily::group_exchange;
  if (kex_algorithm.starts_with("diffie-hellman-")) return KexFamily::dh;
  const auto mentions = [&](std::string_view part) { return kex_algorithm.find(part) != std::string_view::npos; };
  if (mentions("25519") || mentions("nistp") || mentions("curve448")) return KexFamily::ecdh;
  return KexFamily::unknown;
}

std::string message_name(std::uint8_t number, KexFamily kex) {
  std::string text = fmt::format("message {}", number);
  const auto name_it = [&text, number](auto type) {
    text = fmt::format("{} ({})", decltype(type)::type::name, number);
  };
  if (with_number(CommonMessages{}, number, name_it)) return text;
  if (kex == KexFamily::dh) with_number(KexDhMessages{}, number, name_it);
  if (kex == KexFamily::ecdh) with_number(KexEcdhMessages{}, number, name_it);
  if (kex == KexFamily::group_exchange) with_number(KexDhGexMessages{}, number, name_it);
  return text;
}

}  // namespace glassh
