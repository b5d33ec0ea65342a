#include "client/tools/keyscan_options.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <fmt/format.h>
#include <boost/asio/ip/address.hpp>

#include "auth/key_lines.h"
#include "crypto/keys/key.h"
#include "transport/negotiation.h"

namespace glassh {
namespace {

namespace ip = boost::asio::ip;

constexpr std::string_view letters = "46cDHf:O:p:qT:t:v";
constexpr std::size_t largest_network_bits = 16;

void take_types(const std::string& value, KeyscanOptions& options) {
  options.types.clear();
  for (const std::string_view type : split_names(value)) {
    if (!algorithms_of_scan_type(type)) throw std::invalid_argument(fmt::format("Unknown key type \"{}\"", type));
    if (std::find(options.types.begin(), options.types.end(), type) == options.types.end()) {
      options.types.emplace_back(type);
    }
  }
}

void take_port(const std::string& value, KeyscanOptions& options) {
  const auto port = parse_number(value, 65535);
  if (!port || *port == 0) throw UsageError(fmt::format("Bad port '{}'", value));
  options.port = static_cast<std::uint16_t>(*port);
}

void take_timeout(const std::string& value, KeyscanOptions& options) {
  const auto seconds = parse_time(value);
  if (!seconds || *seconds == 0) throw UsageError(fmt::format("Bad timeout '{}'", value));
  options.timeout = std::chrono::seconds(*seconds);
}

void take_flag(const Flag& flag, KeyscanOptions& options) {
  switch (flag.name.front()) {
    case '4':
      options.family = AddressFamily::inet;
      return;
    case '6':
      options.family = AddressFamily::inet6;
      return;
    case 'f':
      options.files.push_back(flag.value);
      return;
    case 'H':
      options.hash_names = true;
      return;
    case 'p':
      return take_port(flag.value, options);
    case 'q':
      options.quiet = true;
      return;
    case 'T':
      return take_timeout(flag.value, options);
    case 't':
      return take_types(flag.value, options);
    case 'v':
      options.verbose = std::min(options.verbose + 1, 3);
      return;
    case 'c':
      throw UsageError("-c: certificates are not supported yet; without it the plain keys are printed");
    default:
      throw UsageError(fmt::format("-{}: SSHFP records are not printed here; glassh-keygen -r prints those of a key",
                                   flag.name.front()));
  }
}

// Address by address, for either family.
template <class Address>
std::vector<ScanTarget> targets_from(const Address& first, std::size_t prefix_length, std::string_view word) {
  auto bytes = first.to_bytes();
  const std::size_t bits = bytes.size() * 8;
  if (bits - prefix_length > largest_network_bits) {
    throw std::runtime_error(fmt::format("{}: has more than {} addresses", word, 1u << largest_network_bits));
  }
  for (std::size_t bit = prefix_length; bit < bits; ++bit) {
    if ((bytes[bit / 8] & (0x80u >> (bit % 8))) != 0) {
      throw std::runtime_error(fmt::format("{}: the address has bits outside of the prefix", word));
    }
  }
  std::vector<ScanTarget> targets;
  for (std::size_t left = std::size_t{1} << (bits - prefix_length); left > 0; --left) {
    const std::string address = Address(bytes).to_string();
    targets.push_back({{address}, address});
    std::size_t at = bytes.size();  // plus one, from the last byte to the first
    do {
      --at;
      ++bytes[at];
    } while (bytes[at] == 0 && at > 0);
  }
  return targets;
}

std::vector<ScanTarget> targets_of_network(std::string_view word) {
  const std::size_t slash = word.find('/');
  boost::system::error_code error;
  const ip::address first = ip::make_address(std::string(word.substr(0, slash)), error);
  const auto prefix_length = parse_number(word.substr(slash + 1), first.is_v4() ? 32 : 128);
  if (error || !prefix_length) {
    throw std::runtime_error(fmt::format("{}: expected an address and the length of a prefix", word));
  }
  return first.is_v4() ? targets_from(first.to_v4(), *prefix_length, word)
                       : targets_from(first.to_v6(), *prefix_length, word);
}

}  // namespace

KeyscanOptions parse_keyscan_options(std::span<const std::string> arguments) {
  FlagReader reader(arguments, letters, {{"help", false}});
  KeyscanOptions options;
  while (const auto flag = reader.next_flag()) {
    if (flag->name == "help") throw UsageError("");
    take_flag(*flag, options);
  }
  while (const auto word = reader.next_word()) options.words.push_back(*word);
  if (options.words.empty() && options.files.empty()) throw UsageError("");
  return options;
}

std::string_view keyscan_usage() {
  return "usage: glassh-keyscan [-46Hqv] [-f file] [-p port] [-T timeout] [-t type]\n"
         "                      [host | addrlist namelist]\n";
}

std::optional<std::vector<std::string>> algorithms_of_scan_type(std::string_view type) {
  constexpr std::array<std::string_view, 6> known = {"rsa", "ecdsa", "ed25519", "dsa", "ecdsa-sk", "ed25519-sk"};
  if (std::find(known.begin(), known.end(), type) == known.end()) return std::nullopt;
  std::vector<std::string> algorithms;
  for (const std::string_view algorithm : signature_algorithm_names()) {
    const bool fits = (type == "rsa" && algorithm.starts_with("rsa-sha2-")) ||
                      (type == "ecdsa" && algorithm.starts_with("ecdsa-sha2-")) ||
                      (type == "ed25519" && algorithm == "ssh-ed25519");
    if (fits) algorithms.emplace_back(algorithm);
  }
  return algorithms;
}

std::vector<ScanTarget> scan_targets(std::string_view line) {
  line = line.substr(0, line.find('#'));
  const std::string_view addresses = take_word(line);
  const std::string_view names = take_word(line);
  if (addresses.empty()) return {};
  if (addresses.find('/') != addresses.npos) {
    if (!names.empty()) throw std::runtime_error(fmt::format("{} {}: a network has no name", addresses, names));
    return targets_of_network(addresses);
  }
  ScanTarget target;
  for (const std::string_view address : split_names(addresses)) {
    if (!address.empty()) target.addresses.emplace_back(address);
  }
  target.names = names.empty() ? addresses : names;
  if (target.addresses.empty()) throw std::runtime_error(fmt::format("{}: no address", addresses));
  return {target};
}

}  // namespace glassh
