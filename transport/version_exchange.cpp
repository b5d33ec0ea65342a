#include "transport/version_exchange.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "proto/error.h"

namespace glassh {

namespace {

// RFC 4253 section 4.2 [4253-4.2-18]: printable US-ASCII, no white space, no minus sign.
bool may_stand_in_version(char c) { return c > 0x20 && c < 0x7f && c != '-'; }

bool is_printable(char c) { return c >= 0x20 && c < 0x7f; }

}  // namespace

std::string identification(std::string_view software_version, std::string_view comment) {
  if (software_version.empty() ||
      !std::all_of(software_version.begin(), software_version.end(), may_stand_in_version)) {
    throw std::invalid_argument(fmt::format("\"{}\" cannot be a software version", software_version));
  }
  // RFC 4253 section 4.2 [4253-4.2-5]: comments are set off by a blank.
  std::string line = fmt::format("SSH-2.0-{}{}{}", software_version, comment.empty() ? "" : " ", comment);
  if (!std::all_of(comment.begin(), comment.end(), is_printable) || line.size() + 2 > longest_identification) {
    throw std::invalid_argument(fmt::format("\"{}\" cannot be the comment of an identification", comment));
  }
  return line;
}

bool is_identification(std::string_view line) { return line.substr(0, 4) == "SSH-"; }

std::string_view check_identification(std::string_view line) {
  // RFC 4253 section 4.2 [4253-4.2-9]: 255 octets with CR LF; the LF is gone already.
  if (line.size() + 1 > longest_identification) {
    throw ProtocolError(fmt::format("identification: {} bytes, more than {}", line.size() + 1, longest_identification));
  }
  // [4253-4.2-6] [4253-4.2-7]: the line ends in CR LF, but a lone LF is let pass.
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (!is_identification(line)) throw ProtocolError("identification: the line does not begin with \"SSH-\"");
  // RFC 4253 section 4.2 [4253-4.2-8]: no NUL, and nothing else that is not printable, for it is shown and logged.
  // Comments may be UTF-8 elsewhere, but no peer sends such.
  const auto bad = std::find_if_not(line.begin(), line.end(), is_printable);
  if (bad != line.end()) {
    throw ProtocolError(
        fmt::format("identification: byte {:#04x} at offset {}", static_cast<unsigned char>(*bad), bad - line.begin()));
  }
  // RFC 4253 sections 4.2 and 5.1 [4253-4.2-3] [4253-5.1-3]: 1.99 means 2.0 as well.
  const std::string_view rest = line.substr(4);
  const std::string_view version = rest.substr(0, rest.find('-'));
  if (version.size() == rest.size() || (version != "2.0" && version != "1.99")) {
    throw ProtocolError(DisconnectReason::protocol_version_not_supported,
                        fmt::format("identification: \"{}\" is not of protocol version 2.0", line));
  }
  return line;
}

}  // namespace glassh
