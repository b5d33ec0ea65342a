#include "channels/request_limits.h"

#include <linux/limits.h>

namespace glassh {
namespace {

// RFC 4251 section 6 [4251-6-6] [4251-6-11]: a name has at most 64 characters. Language tags are shorter.
constexpr std::size_t longest_name = 64;
// A name of the DNS has 255 characters at most, and an address with its zone fewer.
constexpr std::size_t longest_host = 1024;
constexpr std::size_t longest_path = PATH_MAX - 1;  // without the NUL
// execve(2): one argument, or one variable with its name, and its NUL fit in 32 pages of the smallest size.
constexpr std::size_t longest_argument = std::size_t{128} * 1024 - 1;

struct Row {
  std::string_view field;
  std::size_t most;
};

constexpr Row rows[] = {
    {"host_to_connect", longest_host},
    {"address_to_bind", longest_host},
    {"address_that_was_connected", longest_host},
    {"originator_IP_address", longest_host},
    {"originator_address", longest_host},
    {"socket_path", longest_path},
    {"command", longest_argument},
    {"variable_name", longest_argument},
    {"variable_value", longest_argument},
    {"term", 256},
    {"encoded_terminal_modes", std::size_t{16} * 1024},  // all 160 that have an argument are 800 bytes
    {"x11_authentication_protocol", 128},
    {"x11_authentication_cookie", 512},
    {"error_message", 4096},
};

}  // namespace

std::size_t longest_string(std::string_view field) {
  for (const Row& row : rows) {
    if (row.field == field) return row.most;
  }
  return longest_name;
}

void limits_detail::LimitCheck::check(std::string_view field, std::size_t size) {
  const std::size_t most = longest_string(field);
  if (size <= most || !why.empty()) return;
  why = fmt::format("{}: {} has {} bytes; at most {} are taken", message, field, size, most);
}

}  // namespace glassh
