#include "client/forwarding/socks_request.h"

#include <algorithm>
#include <utility>

#include <arpa/inet.h>

#include <fmt/format.h>

namespace glassh {

namespace {

constexpr std::uint8_t connect_command = 1;
constexpr std::size_t longest_user = 255;  // of SOCKS 4, which sets no limit
constexpr std::size_t longest_name = 255;

// RFC 1928 section 4: address types.
constexpr std::uint8_t ipv4 = 1;
constexpr std::uint8_t domain_name = 3;
constexpr std::uint8_t ipv6 = 4;

// RFC 1928 section 6: these two come from looking at the request alone.
constexpr std::uint8_t command_not_supported = 7;
constexpr std::uint8_t address_type_not_supported = 8;

std::uint8_t byte_at(std::string_view text, std::size_t at) { return static_cast<std::uint8_t>(text[at]); }

std::uint16_t port_at(std::string_view text, std::size_t at) {
  return static_cast<std::uint16_t>(byte_at(text, at) << 8 | byte_at(text, at + 1));
}

std::string digits(int family, std::string_view address) {
  char text[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(family, address.data(), text, sizeof text);
  return text;
}

std::string socks4_answer(bool granted) {
  std::string answer(8, '\0');
  answer[1] = granted ? 0x5a : 0x5b;
  return answer;
}

std::string socks5_answer(std::uint8_t code) {
  std::string answer(10, '\0');
  answer[0] = 5;
  answer[1] = static_cast<char>(code);
  answer[3] = ipv4;  // from where we connect is for the server to know: 0.0.0.0, port 0
  return answer;
}

// Whether the text could be a host's name or address. A NUL would end it early in later code.
bool is_host(std::string_view name) {
  return !name.empty() && std::none_of(name.begin(), name.end(), [](char each) {
    return static_cast<unsigned char>(each) <= ' ' || each == '\x7f';
  });
}

}  // namespace

std::string SocksRequest::take(Bytes bytes) {
  std::string answer;
  for (const std::uint8_t byte : bytes) {
    if (wanted() == 0) break;
    buffer_.push_back(static_cast<char>(byte));
    if (wanted() == 0) answer += step();
  }
  return answer;
}

std::string SocksRequest::step() {
  switch (stage_) {
    case Stage::version:
      version_ = byte_at(buffer_, 0);
      if (version_ == 4) {
        go_to(Stage::socks4_header, 7);
      } else if (version_ == 5) {
        go_to(Stage::methods_count, 1);
      } else {
        return fail(fmt::format("SOCKS version {}: expected 4 or 5", version_));
      }
      return {};
    case Stage::socks4_header:
      on_socks4_header();
      return problem_.empty() ? "" : socks4_answer(false);
    case Stage::socks4_user:
      on_socks4_user();
      return problem_.empty() ? "" : socks4_answer(false);
    case Stage::socks4_host:
      on_socks4_host();
      return problem_.empty() ? "" : socks4_answer(false);
    case Stage::methods_count:
      if (byte_at(buffer_, 0) == 0) return fail("SOCKS 5: no method of authentication is offered", "\x05\xff");
      go_to(Stage::methods, byte_at(buffer_, 0));
      return {};
    case Stage::methods:
      return on_methods();
    case Stage::request:
      return on_request();
    case Stage::name_size:
      if (byte_at(buffer_, 0) == 0) {
        return fail("SOCKS 5: the name of the host is empty", refused(SocksRefusal::general));
      }
      go_to(Stage::address, byte_at(buffer_, 0) + std::size_t{2});
      return {};
    case Stage::address:
      return on_address();
    case Stage::done:
      return {};
  }
  return {};
}

void SocksRequest::go_to(Stage stage, std::size_t wanted) {
  stage_ = stage;
  wanted_ = wanted;
  buffer_.clear();
}

std::string SocksRequest::fail(std::string problem, std::string answer) {
  problem_ = std::move(problem);
  go_to(Stage::done, 0);
  return answer;
}

void SocksRequest::complete(std::string host, std::uint16_t port) {
  if (port == 0) {
    fail(fmt::format("SOCKS {}: port 0", version_));
    return;
  }
  if (!is_host(host)) {
    fail(fmt::format("SOCKS {}: the name of the host has characters that no name has", version_));
    return;
  }
  target_ = ForwardEndpoint{std::move(host), port, {}};
  go_to(Stage::done, 0);
}

// Command, port, address; then the user's name and, for SOCKS 4a, the host's, each ending with a NUL.
void SocksRequest::on_socks4_header() {
  const std::uint8_t command = byte_at(buffer_, 0);
  if (command != connect_command) {
    fail(fmt::format("SOCKS 4: command {}: expected {}, CONNECT", command, connect_command));
    return;
  }
  port_ = port_at(buffer_, 1);
  const std::string address = buffer_.substr(3, 4);
  // 0.0.0.x is no address: in SOCKS 4a it says that a name follows.
  const bool name_follows = address.substr(0, 3) == std::string(3, '\0') && address[3] != '\0';
  address_type_ = name_follows ? domain_name : ipv4;
  host_ = digits(AF_INET, address);
  go_to(Stage::socks4_user, 1);
}

// One byte at a time, because only the NUL tells where it ends.
void SocksRequest::on_socks4_user() {
  if (buffer_.back() != '\0') {
    if (++wanted_ > longest_user + 1) fail("SOCKS 4: the user's name is too long");
  } else if (address_type_ == domain_name) {
    go_to(Stage::socks4_host, 1);
  } else {
    complete(std::move(host_), port_);
  }
}

void SocksRequest::on_socks4_host() {
  if (buffer_.back() != '\0') {
    if (++wanted_ > longest_name + 1) fail("SOCKS 4a: the host's name is too long");
  } else {
    buffer_.pop_back();
    complete(std::string(buffer_), port_);
  }
}

// RFC 1928 section 3.
std::string SocksRequest::on_methods() {
  constexpr char no_authentication = 0;
  if (buffer_.find(no_authentication) == buffer_.npos) {
    return fail("SOCKS 5: the program wants to authenticate, and that is not done", "\x05\xff");
  }
  go_to(Stage::request, 4);
  return std::string("\x05\x00", 2);
}

// RFC 1928 section 4.
std::string SocksRequest::on_request() {
  const std::uint8_t version = byte_at(buffer_, 0);
  const std::uint8_t command = byte_at(buffer_, 1);
  address_type_ = byte_at(buffer_, 3);
  if (version != 5) return fail(fmt::format("SOCKS 5: the request has version {}", version));
  if (command != connect_command) {
    return fail(fmt::format("SOCKS 5: command {}: expected {}, CONNECT", command, connect_command),
                socks5_answer(command_not_supported));
  }
  if (address_type_ == ipv4) {
    go_to(Stage::address, 4 + 2);
  } else if (address_type_ == ipv6) {
    go_to(Stage::address, 16 + 2);
  } else if (address_type_ == domain_name) {
    go_to(Stage::name_size, 1);
  } else {
    return fail(fmt::format("SOCKS 5: address type {}", address_type_), socks5_answer(address_type_not_supported));
  }
  return {};
}

std::string SocksRequest::on_address() {
  const std::string address = buffer_.substr(0, buffer_.size() - 2);
  const std::uint16_t port = port_at(buffer_, buffer_.size() - 2);
  complete(address_type_ == ipv4   ? digits(AF_INET, address)
           : address_type_ == ipv6 ? digits(AF_INET6, address)
                                   : address,
           port);
  return problem_.empty() ? "" : refused(SocksRefusal::general);
}

std::string SocksRequest::granted() const { return version_ == 5 ? socks5_answer(0) : socks4_answer(true); }

std::string SocksRequest::refused(SocksRefusal why) const {
  return version_ == 5 ? socks5_answer(static_cast<std::uint8_t>(why)) : socks4_answer(false);
}

}  // namespace glassh
