// The keywords of ssh_config(5) that say who the user is and how that is shown: keys, agents, passwords and the order
// of the methods.
#include <algorithm>
#include <array>

#include "client/config/values.h"

namespace glassh {
namespace {

using Call = ClientKeyword::Call;

void handle_identity_file(Call& call) {
  auto& config = call.target.config;
  check_path(call.words[0]);
  config.identity_files_given = true;
  auto& files = config.identity_files_as_written;
  if (std::find(files.begin(), files.end(), call.words[0]) == files.end()) files.push_back(call.words[0]);
}

// "$NAME", not "${NAME}/socket".
bool is_variable(std::string_view text) { return text.starts_with('$') && !text.starts_with("${"); }

void check_agent_socket(const std::string& socket) {
  if (!is_variable(socket)) return check_path(socket);
  const bool valid = socket.size() > 1 && std::all_of(socket.begin() + 1, socket.end(), [](char letter) {
                       return letter == '_' || (letter >= '0' && letter <= '9') || (letter >= 'A' && letter <= 'Z') ||
                              (letter >= 'a' && letter <= 'z');
                     });
  if (!valid) throw ConfigError(fmt::format("bad name of a variable '{}': expected letters, digits or _", socket));
}

void handle_identity_agent(Call& call) {
  check_agent_socket(call.words[0]);
  call.target.identity_agent = call.words[0];
}

// "yes", "no", or the socket of another agent.
void handle_forward_agent(Call& call) {
  const std::string& word = call.words[0];
  const auto is = [&word](std::string_view other) { return equal_ignoring_case(word, other); };
  if (is("yes") || is("true")) {
    call.target.forward_agent = "yes";
  } else if (is("no") || is("false")) {
    call.target.forward_agent = "no";
  } else {
    check_agent_socket(word);
    call.target.forward_agent = word;
  }
}

std::uint32_t lifetime(const std::string& text) {
  const auto seconds = parse_time(text);
  if (!seconds) throw ConfigError(fmt::format("bad value '{}': expected yes, no, ask, confirm or a time", text));
  return *seconds;
}

// "yes", "no", "ask", "confirm", "confirm 1h", "1h".
void handle_add_keys_to_agent(Call& call) {
  using When = AddKeysToAgent::When;
  constexpr std::array<std::pair<std::string_view, When>, 6> values = {{{"yes", When::yes},
                                                                        {"true", When::yes},
                                                                        {"no", When::no},
                                                                        {"false", When::no},
                                                                        {"ask", When::ask},
                                                                        {"confirm", When::confirm}}};
  AddKeysToAgent wish;
  const auto found = std::find_if(values.begin(), values.end(), [&call](const auto& entry) {
    return equal_ignoring_case(entry.first, call.words[0]);
  });
  if (found == values.end()) {
    wish.when = When::yes;
    wish.lifetime_seconds = lifetime(call.words[0]);
  } else {
    wish.when = found->second;
  }
  if (call.words.size() == 2) {
    if (wish.when != When::confirm) {
      throw ConfigError(fmt::format("'{}' is too much: only confirm has a time behind it", call.words[1]));
    }
    wish.lifetime_seconds = lifetime(call.words[1]);
  }
  call.target.config.add_keys_to_agent = wish;
}

void handle_pubkey_authentication(Call& call) {
  constexpr std::array<std::pair<std::string_view, PubkeyAuthentication>, 6> values = {
      {{"yes", PubkeyAuthentication::yes},
       {"true", PubkeyAuthentication::yes},
       {"no", PubkeyAuthentication::no},
       {"false", PubkeyAuthentication::no},
       {"unbound", PubkeyAuthentication::unbound},
       {"host-bound", PubkeyAuthentication::host_bound}}};
  call.target.config.pubkey_authentication = one_of(call, values, "yes, no, unbound or host-bound");
}

// Names that we do not know are not tried, as with OpenSSH; an empty one is a slip.
void handle_preferred_authentications(Call& call) {
  const std::string& list = call.words[0];
  std::vector<std::string> names;
  for (std::size_t start = 0; start <= list.size();) {
    const auto comma = std::min(list.find(',', start), list.size());
    names.push_back(list.substr(start, comma - start));
    if (names.back().empty()) {
      throw ConfigError(fmt::format("bad value '{}': expected names of methods with a comma between them", list));
    }
    start = comma + 1;
  }
  call.target.config.preferred_authentications = std::move(names);
  call.target.config.preferred_authentications_given = true;
}

constexpr std::array table{
    ClientKeyword{"IdentityFile", 1, 1, true, handle_identity_file},
    ClientKeyword{"IdentitiesOnly", 1, 1, false, [](Call& call) { call.target.config.identities_only = yes_no(call); }},
    ClientKeyword{"IdentityAgent", 1, 1, false, handle_identity_agent},
    ClientKeyword{"ForwardAgent", 1, 1, false, handle_forward_agent},
    ClientKeyword{"AddKeysToAgent", 1, 2, false, handle_add_keys_to_agent},
    ClientKeyword{"PubkeyAuthentication", 1, 1, false, handle_pubkey_authentication},
    ClientKeyword{"PasswordAuthentication", 1, 1, false,
                  [](Call& call) { call.target.config.password_authentication = yes_no(call); }},
    ClientKeyword{"KbdInteractiveAuthentication", 1, 1, false,
                  [](Call& call) { call.target.config.kbd_interactive_authentication = yes_no(call); }},
    ClientKeyword{"KbdInteractiveDevices", 1, 1, false,
                  [](Call& call) { call.target.config.kbd_interactive_devices = call.words[0]; }},
    ClientKeyword{"NumberOfPasswordPrompts", 1, 1, false,
                  [](Call& call) { call.target.config.number_of_password_prompts = number(call); }},
    ClientKeyword{"PreferredAuthentications", 1, 1, false, handle_preferred_authentications},
    ClientKeyword{"BatchMode", 1, 1, false, [](Call& call) { call.target.config.batch_mode = yes_no(call); }},
};

}  // namespace

std::span<const ClientKeyword> login_client_keywords() { return table; }

}  // namespace glassh
