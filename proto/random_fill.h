// Random but valid messages, for tests and fuzzers: a visitor that fills any declared message from a source of numbers.
//
// No RFC. The same numbers give the same message. "Valid" means that the encoder writes and the decoder takes it: name
// lists hold names, mpints no leading zeros; it does not mean that a peer would accept it. random_payload.h goes one
// step further and gives a Rest what belongs there.
//
//   RandomFill fill([&] { return numbers(); });
//   const auto open = fill.make<msg::ChannelOpen>();  // views into memory that `fill` owns, until clear()
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <vector>

#include "proto/numbers.h"
#include "proto/wire.h"

namespace glassh {

class RandomFill {
 public:
  explicit RandomFill(std::function<std::uint32_t()> next) : next_(std::move(next)) {}
  RandomFill(const RandomFill&) = delete;
  RandomFill& operator=(const RandomFill&) = delete;

  template <class M>
  M make() {
    M message;
    M::fields(message, *this);
    return message;
  }

  // Frees what all messages made so far point into.
  void clear() { memory_.clear(); }

  // Less than `limit`.
  std::uint32_t number_below(std::uint32_t limit) { return next_() % limit; }

  // Memory that lives until clear().
  Bytes keep(std::vector<std::uint8_t> bytes) { return memory_.emplace_back(std::move(bytes)); }

  void operator()(std::string_view, bool& value) { value = number_below(2) == 1; }
  void operator()(std::string_view, std::uint8_t& value) {
    // Half of them from the small numbers and 255, which are the ones with a meaning.
    constexpr std::uint8_t meaningful[] = {0, 1, 2, 3, 4, agent_constraint::extension};
    value = number_below(2) == 0 ? meaningful[number_below(std::size(meaningful))]
                                 : static_cast<std::uint8_t>(number_below(256));
  }
  void operator()(std::string_view, std::uint32_t& value) { value = interesting_number(); }
  void operator()(std::string_view, std::uint64_t& value) {
    value = std::uint64_t{interesting_number()} << 32 | interesting_number();
  }
  void operator()(std::string_view, Bytes& value) { value = random_bytes(); }
  void operator()(std::string_view, Hidden& value) { value.bytes = random_bytes(); }
  void operator()(std::string_view, Rest& value) { value.bytes = random_bytes(); }
  void operator()(std::string_view, Mpint& value) { value.magnitude = random_magnitude(); }
  void operator()(std::string_view, HiddenMpint& value) { value.magnitude = random_magnitude(); }
  void operator()(std::string_view, std::string_view& value) {
    value = number_below(2) == 0 ? word() : text_of(random_bytes());
  }
  void operator()(std::string_view, NameList& value) {
    std::vector<std::uint8_t> names;
    for (std::uint32_t count = number_below(6); count > 0; --count) {
      const std::string_view name = number_below(2) == 0 ? word() : random_name();
      names.insert(names.end(), name.begin(), name.end());
      if (count > 1) names.push_back(',');
    }
    value.text = text_of(keep(std::move(names)));
  }
  template <std::size_t N>
  void operator()(std::string_view, std::array<std::uint8_t, N>& value) {
    for (std::uint8_t& byte : value) byte = static_cast<std::uint8_t>(next_());
  }
  template <class Item>
  void operator()(std::string_view, std::vector<Item>& items) {
    for (std::uint32_t count = number_below(4); count > 0; --count) Item::fields(items.emplace_back(), *this);
  }
  template <class Item>
  void operator()(std::string_view name, RestOf<Item>& value) {
    (*this)(name, value.items);
  }

 private:
  // Limits and their neighbours as often as anything else.
  std::uint32_t interesting_number() {
    constexpr std::uint32_t limits[] = {0, 1, 2, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff};
    return number_below(2) == 0 ? limits[number_below(std::size(limits))] : next_();
  }

  Bytes random_bytes() {
    // Mostly short, at times empty, at times long.
    constexpr std::uint32_t limits[] = {1, 8, 40, 40, 40, 300, 3000};
    std::vector<std::uint8_t> bytes(number_below(limits[number_below(std::size(limits))]));
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(next_());
    return keep(std::move(bytes));
  }

  Bytes random_magnitude() {
    Bytes bytes = random_bytes();
    while (!bytes.empty() && bytes[0] == 0) bytes = bytes.subspan(1);
    return bytes;
  }

  // RFC 4251 section 6 [4251-6-3]: 1 to 64 printable characters; [4251-5-13] no comma among them.
  std::string_view random_name() {
    std::vector<std::uint8_t> name(1 + number_below(64));
    for (std::uint8_t& character : name) {
      character = static_cast<std::uint8_t>(0x21 + number_below(0x7f - 0x21));
      if (character == ',') character = '-';
    }
    return text_of(keep(std::move(name)));
  }

  // Names that a peer looks for.
  std::string_view word() {
    constexpr std::string_view words[] = {
        "none",
        "publickey",
        "password",
        "keyboard-interactive",
        "ssh-userauth",
        "ssh-connection",
        "curve25519-sha256",
        "ecdh-sha2-nistp256",
        "ssh-ed25519",
        "rsa-sha2-512",
        "aes128-gcm@openssh.com",
        "chacha20-poly1305@openssh.com",
        "hmac-sha2-256",
        "ext-info-c",
        "kex-strict-c-v00@openssh.com",
        "kex-strict-s-v00@openssh.com",
        "server-sig-algs",
        "publickey-hostbound-v00@openssh.com",
        "session",
        "restrict-destination-v00@openssh.com",
        "associated-certs-v00@openssh.com",
    };
    return words[number_below(std::size(words))];
  }

  std::function<std::uint32_t()> next_;
  std::deque<std::vector<std::uint8_t>> memory_;
};

}  // namespace glassh
