#include "client/terminal/escape_command.h"

#include <optional>
#include <utility>

#include "client/config/forward_spec.h"

namespace glassh {
namespace {

using Action = EscapeCommand::Action;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n\v\f";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::optional<Forward::Kind> kind_of(char letter) {
  switch (letter) {
    case 'L':
      return Forward::Kind::local;
    case 'R':
      return Forward::Kind::remote;
    case 'D':
      return Forward::Kind::dynamic;
    default:
      return std::nullopt;
  }
}

EscapeCommand refuse(std::string text) { return {Action::refuse, std::move(text), {}}; }

EscapeCommand parse_cancel(Forward::Kind kind, std::string_view where) {
  const auto listen = parse_listen_endpoint(where);
  if (!listen) return refuse("Bad forwarding close specification.");
  return {Action::cancel, {}, Forward{kind, *listen, std::nullopt}};
}

EscapeCommand parse_add(Forward::Kind kind, std::string_view what) {
  const auto forward = parse_forward(kind, what);
  if (forward) return {Action::add, {}, *forward};
  return refuse(kind == Forward::Kind::remote ? "Bad remote forwarding specification."
                                              : "Bad local forwarding specification.");
}

}  // namespace

EscapeCommand parse_escape_command(std::string_view line, bool may_run) {
  line = trimmed(line);
  if (line.starts_with('-')) line.remove_prefix(1);
  if (line.empty()) return {};
  if (line[0] == 'h' || line[0] == 'H' || line[0] == '?') return {Action::help, {}, {}};
  if (line[0] == '!' && may_run) return {Action::run, std::string(line.substr(1)), {}};

  const bool cancels = line[0] == 'K';
  if (cancels) line.remove_prefix(1);
  const auto kind = line.empty() ? std::nullopt : kind_of(line[0]);
  if (!kind) return refuse("Invalid command.");
  line = trimmed(line.substr(1));
  return cancels ? parse_cancel(*kind, line) : parse_add(*kind, line);
}

std::string escape_command_help(bool may_run) {
  std::string text =
      "Commands:\n"
      "  -L[bind_address:]port:host:hostport    forward a port of this side\n"
      "  -R[bind_address:]port:host:hostport    forward a port of the server\n"
      "  -D[bind_address:]port                  be a SOCKS proxy, through the server\n"
      "  -KL[bind_address:]port                 end what -L began\n"
      "  -KR[bind_address:]port                 end what -R began\n"
      "  -KD[bind_address:]port                 end what -D began\n"
      "  (a path can stand for a port, and a socket's path for host and port)";
  if (may_run) text += "\n  !command                               run a command here";
  return text;
}

}  // namespace glassh
