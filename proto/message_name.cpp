#include "proto/message_name.h"

#include <fmt/format.h>

#include "proto/any_message.h"

namespace glassh {

std::string message_name(std::uint8_t number) {
  std::string text = fmt::format("message {}", number);
  with_number(CommonMessages{}, number,
              [&text, number](auto type) { text = fmt::format("{} ({})", decltype(type)::type::name, number); });
  return text;
}

}  // namespace glassh
