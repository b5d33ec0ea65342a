#include "channels/x11_setup.h"
#include "crypto/constant_time.h"

#include <algorithm>
#include <cassert>
#include <cstdint>

namespace glassh {

namespace {

// Byte order, a byte of nothing, two version numbers, two lengths, two bytes of nothing.
constexpr std::size_t header_size = 12;
constexpr std::size_t protocol_length_at = 6;
constexpr std::size_t cookie_length_at = 8;

// What any X server would take; MIT-MAGIC-COOKIE-1 has 18 and 16.
constexpr std::size_t longest_protocol = 128;
constexpr std::size_t longest_cookie = 256;

// Protocol and cookie end at multiples of four.
std::size_t padded(std::size_t size) { return (size + 3) / 4 * 4; }

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

// The X11 client chose the byte order.
std::size_t get_u16(Bytes header, std::size_t at) {
  const std::size_t first = header[at];
  const std::size_t second = header[at + 1];
  return header[0] == 'B' ? first << 8 | second : second << 8 | first;
}

}  // namespace

// RFC 4254 section 6.3.1 [4254-6.3.1-4]: the cookie is hexadecimal.
std::optional<X11Cookie> parse_x11_cookie(std::string_view protocol, std::string_view hexadecimal) {
  if (protocol.empty() || protocol.size() > longest_protocol || protocol.front() == '-') return std::nullopt;
  if (!std::all_of(protocol.begin(), protocol.end(), is_plain)) return std::nullopt;
  if (hexadecimal.empty() || hexadecimal.size() % 2 != 0 || hexadecimal.size() / 2 > longest_cookie) {
    return std::nullopt;
  }
  X11Cookie cookie{std::string(protocol), SecretBytes(hexadecimal.size() / 2)};
  for (std::size_t i = 0; i < cookie.data.size(); ++i) {
    const auto high = hex_digit(hexadecimal[2 * i]);
    const auto low = hex_digit(hexadecimal[2 * i + 1]);
    if (!high || !low) return std::nullopt;
    cookie.data.reveal()[i] = static_cast<std::uint8_t>(*high << 4 | *low);
  }
  return cookie;
}

X11Cookie fake_x11_cookie(const X11Cookie& real, Rng& rng) {
  X11Cookie fake{real.protocol, SecretBytes(real.data.size())};
  rng.fill(fake.data.reveal());
  return fake;
}

X11Setup::X11Setup(const X11Cookie& fake, const X11Cookie& real)
    : protocol_(fake.protocol),
      fake_(fake.data.clone()),
      real_(real.data.clone()),
      setup_(header_size + padded(protocol_.size()) + padded(fake_.size())) {
  assert(fake.protocol == real.protocol && fake.data.size() == real.data.size());
}

std::size_t X11Setup::cookie_offset() const { return header_size + padded(protocol_.size()); }

std::size_t X11Setup::take(Bytes bytes) {
  std::size_t taken = 0;
  // The header first: the lengths in it say whether the rest has the size that there is room for.
  for (const std::size_t until : {header_size, setup_.size()}) {
    if (verdict_ != Verdict::incomplete || filled_ >= until) continue;
    const std::size_t size = std::min(until - filled_, bytes.size() - taken);
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(taken), size,
                setup_.reveal().begin() + static_cast<std::ptrdiff_t>(filled_));
    taken += size;
    filled_ += size;
    if (filled_ == until) judge();
  }
  return taken;
}

void X11Setup::judge() {
  const Bytes setup = setup_.reveal();
  if (setup[0] != 'B' && setup[0] != 'l') return refuse("it does not begin with a byte order");
  if (get_u16(setup, protocol_length_at) != protocol_.size()) return refuse("another authentication protocol");
  if (get_u16(setup, cookie_length_at) != fake_.size()) return refuse("a cookie of another length");
  if (filled_ < setup_.size()) return;
  if (text_of(setup.subspan(header_size, protocol_.size())) != protocol_) {
    return refuse("another authentication protocol");
  }
  if (!equal_in_constant_time(setup.subspan(cookie_offset(), fake_.size()), fake_.reveal())) {
    return refuse("a wrong cookie");
  }
  const Bytes real = real_.reveal();
  std::copy(real.begin(), real.end(), setup_.reveal().begin() + static_cast<std::ptrdiff_t>(cookie_offset()));
  real_ = SecretBytes();
  verdict_ = Verdict::accepted;
}

void X11Setup::refuse(std::string_view why) {
  verdict_ = Verdict::refused;
  why_ = why;
  real_ = SecretBytes();
}

}  // namespace glassh
