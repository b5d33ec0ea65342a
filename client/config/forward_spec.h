// Parses forwardings as people write them, and prints them: "8080:localhost:80", "[::1]:8080:/run/web.sock",
// "/tmp/s:host:80", "1080".
//
// These are the arguments of ssh(1)'s -L, -R, -D and -W, and the two words of ssh_config(5)'s LocalForward and its
// like. Colons separate the fields. An address with colons stands in brackets, and a backslash escapes any character. A
// field with a slash is the path of a socket. Tokens in paths are not expanded. Names of services ("http") are looked
// up, names of hosts are not.
//
//   const auto forward = parse_forward(Forward::Kind::local, "8080:localhost:80");  if (!forward) …
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/config/forward.h"

namespace glassh {

// Returns nullopt if `text` is malformed, like the next two.
std::optional<Forward> parse_forward(Forward::Kind kind, std::string_view text);
// Parses only the listening end: the argument of -KL, -KR and -KD on the escape command line.
std::optional<ForwardEndpoint> parse_listen_endpoint(std::string_view text);
// Parses the argument of -W: "host:port", or the path of a socket.
std::optional<ForwardEndpoint> parse_stdio_forward(std::string_view text);
// Parses the one or two words of "LocalForward 8080 localhost:80". Throws ConfigError without a place, whose text says
// what was expected.
Forward parse_forward_words(Forward::Kind kind, const std::vector<std::string>& words);

// PermitRemoteOpen: "host:port", where each may be "*". parse_permitted_target() returns nullopt if it is malformed.
struct PermittedTarget {
  std::string host;
  std::uint16_t port = 0;  // 0: any port
};
std::optional<PermittedTarget> parse_permitted_target(std::string_view text);
// Whether these words of PermitRemoteOpen allow a SOCKS client at the server to connect to `host` and `port`. An empty
// list allows every destination.
bool remote_open_permitted(const std::vector<std::string>& words, std::string_view host, std::uint16_t port);

std::string listen_text(const Forward& forward);   // "8080", "[::1]:8080", "/tmp/s"
std::string connect_text(const Forward& forward);  // "[localhost]:80"; "[socks]:0" if SOCKS names the destination
// Returns the line that ssh -G prints: "localforward 8080 [localhost]:80".
std::string config_line_of(const Forward& forward);

}  // namespace glassh
