// Forwardings as people write them: "8080:localhost:80", "[::1]:8080:/run/web.sock", "/tmp/s:host:80", "1080".
//
// ssh(1), -L, -R, -D and -W; ssh_config(5), LocalForward and its like, in two words. Fields are separated by colons; an
// address with colons stands in brackets, and a backslash takes any character as it is. A field with a slash is the
// path of a socket. Tokens in paths are left alone, names are not looked up, but for those of services ("http").
//
//   const auto forward = parse_forward(Forward::Kind::local, "8080:localhost:80");  if (!forward) …
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/config/forward.h"

namespace glassh {

// Nothing if it is malformed.
std::optional<Forward> parse_forward(Forward::Kind kind, std::string_view text);
// Where to listen, alone: what -KL, -KR and -KD of the escape command line take.
std::optional<ForwardEndpoint> parse_listen_endpoint(std::string_view text);
// -W: "host:port", or the path of a socket.
std::optional<ForwardEndpoint> parse_stdio_forward(std::string_view text);
// "LocalForward 8080 localhost:80": one or two words. Throws ConfigError, without place, that says what was expected.
Forward parse_forward_words(Forward::Kind kind, const std::vector<std::string>& words);

// PermitRemoteOpen: "host:port", where each may be "*". Nothing if it is malformed.
struct PermittedTarget {
  std::string host;
  std::uint16_t port = 0;  // 0: any
};
std::optional<PermittedTarget> parse_permitted_target(std::string_view text);
// Whether those words of PermitRemoteOpen let a SOCKS client of the server go there. No words: anywhere.
bool remote_open_permitted(const std::vector<std::string>& words, std::string_view host, std::uint16_t port);

// "8080", "[::1]:8080", "/tmp/s"; and "[localhost]:80", or "[socks]:0" where whoever connects says where to.
std::string listen_text(const Forward& forward);
std::string connect_text(const Forward& forward);
// As ssh -G prints it: "localforward 8080 [localhost]:80".
std::string config_line_of(const Forward& forward);

}  // namespace glassh
