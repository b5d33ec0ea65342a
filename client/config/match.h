// Match of ssh_config(5): criteria about the host that is meant, the users at both ends, and what a command says.
//
// A line has criteria that must all be met, or All alone or behind final or canonical; a ! in front turns one around.
// `final` and `canonical` are met when the files are read for the second time, which a line with `final` asks for.
// Nothing is looked up here: the subject has what the lines above have said so far, and runs the command of `exec`,
// which is only asked when everything in front of it was met.
//
//   const ClientMatch match = parse_client_match(line.words);  section.active = meets(subject, match);
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace glassh {

struct ClientCriterion {
  enum class Kind { all, canonical, final_pass, host, original_host, user, local_user, tagged, exec };
  Kind kind = Kind::all;
  bool negated = false;
  std::string argument = {};  // a pattern list, or exec's command, whose tokens are expanded later
};
using ClientMatch = std::vector<ClientCriterion>;

struct ClientMatchSubject {
  std::string host;           // as HostName says so far; in the second pass the one to connect to
  std::string original_host;  // as typed
  std::string user;           // as whom to log in
  std::string local_user;
  std::string tag;
  bool final_pass = false;
  std::function<bool(const std::string& command)> run = {};  // did it exit with 0? Without it no command does.
};

// Throws ConfigError without a place.
ClientMatch parse_client_match(const std::vector<std::string>& words);
// Throws what `run` throws.
bool meets(const ClientMatchSubject& subject, const ClientMatch& match);
bool asks_for_final_pass(const ClientMatch& match);

}  // namespace glassh
