// Match of ssh_config(5): criteria about the destination, the users at both ends, and the result of a command.
//
// All criteria of a line must be met. `all` stands alone, or behind `final` or `canonical`. A ! in front of a criterion
// negates it. `final` and `canonical` are met when the files are read for the second time; a line with `final` makes
// that happen. This code looks up no name: the subject has the values of the lines above, and runs the command of
// `exec`. The command is run only if all criteria in front of it are met.
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
  std::string host;           // the value of HostName so far; in the second pass the host to connect to
  std::string original_host;  // as typed
  std::string user;           // the user to log in as
  std::string local_user;
  std::string tag;
  bool final_pass = false;
  std::function<bool(const std::string& command)> run = {};  // whether it exited with 0; if empty, no command does
};

// Throws ConfigError without a place.
ClientMatch parse_client_match(const std::vector<std::string>& words);
// Throws what `run` throws.
bool meets(const ClientMatchSubject& subject, const ClientMatch& match);
bool asks_for_final_pass(const ClientMatch& match);

}  // namespace glassh
