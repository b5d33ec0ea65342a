#include "client/forwarding/x11_display.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include <fmt/format.h>

#include "channels/io/private_socket.h"

namespace glassh {

namespace {

constexpr std::uint32_t first_port = 6000;
constexpr std::uint32_t most_displays = 65536 - first_port;

bool may_stand_in_a_display(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view(":/.-_[]").find(c) != std::string_view::npos;
}

// The number that `text` begins with, which is cut off.
std::optional<std::uint32_t> take_number(std::string_view& text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

}  // namespace

std::optional<X11Display> X11Display::parse(std::string_view text) {
  if (!std::all_of(text.begin(), text.end(), may_stand_in_a_display) || text.starts_with('-')) return std::nullopt;
  const std::size_t colon = text.rfind(':');  // an IPv6 address has more of them
  if (colon == text.npos) return std::nullopt;
  X11Display display{.text = std::string(text), .host = std::string(text.substr(0, colon))};
  if (display.host == "unix") display.host.clear();
  if (display.host.starts_with('[') && display.host.ends_with(']')) {
    display.host = display.host.substr(1, display.host.size() - 2);
  }
  std::string_view rest = text.substr(colon + 1);
  const auto number = take_number(rest);
  if (!number || *number >= most_displays) return std::nullopt;
  display.number = *number;
  if (rest.empty()) return display;
  if (!rest.starts_with('.')) return std::nullopt;
  rest.remove_prefix(1);
  const auto screen = take_number(rest);
  if (!screen || !rest.empty()) return std::nullopt;
  display.screen = *screen;
  return display;
}

std::string X11Display::authority_name() const {
  return host == "localhost" ? fmt::format("unix:{}.{}", number, screen) : text;
}

asio::awaitable<X11Connection> connect_to_display(asio::any_io_executor executor, X11Display display) {
  X11Connection result;
  if (!display.host.empty()) {
    const auto connector = std::make_shared<TcpConnector>(executor);
    result.socket = co_await connector->connect(display.host, static_cast<std::uint16_t>(first_port + display.number));
    if (!result.socket) result.problem = connector->problem();
    co_return result;
  }
  try {
    result.socket = connect_to_socket(fmt::format("/tmp/.X11-unix/X{}", display.number));
  } catch (const std::system_error& error) {
    result.problem = error.what();
  }
  co_return result;
}

}  // namespace glassh
