// The keywords that say who the user is and how that is shown: keys, agents, passwords and the order of the methods.
#include "client/config/keywords.h"

namespace glassh {
namespace {

void read_user(ClientCall& call) { call.config.user = call.words[0]; }

PrintedValues print_user(const ClientConfig& config) { return {config.user}; }

void read_identity_file(ClientCall& call) {
  auto& config = call.config;
  check_path(call.words[0]);
  config.identity_files_given = true;
  auto& files = config.identity_files_as_written;
  if (std::find(files.begin(), files.end(), call.words[0]) == files.end()) files.push_back(call.words[0]);
}

PrintedValues print_identity_files(const ClientConfig& config) { return config.identity_files_as_written; }

void use_default_identity_files(ClientConfig& config, const AlgorithmNames&) {
  if (config.identity_files_given) return;
  config.identity_files_as_written = {"~/.ssh/id_rsa", "~/.ssh/id_ecdsa", "~/.ssh/id_ed25519"};
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

void read_identity_agent(ClientCall& call) {
  check_agent_socket(call.words[0]);
  call.draft.identity_agent = call.words[0];
}

PrintedValues print_identity_agent(const ClientConfig& config) { return print_given(config.identity_agent_as_written); }

// "yes", "no", or the socket of another agent.
void read_forward_agent(ClientCall& call) {
  const std::string& word = call.words[0];
  const auto is = [&word](std::string_view other) { return equal_ignoring_case(word, other); };
  if (is("yes") || is("true")) {
    call.draft.forward_agent = "yes";
  } else if (is("no") || is("false")) {
    call.draft.forward_agent = "no";
  } else {
    check_agent_socket(word);
    call.draft.forward_agent = word;
  }
}

PrintedValues print_forward_agent(const ClientConfig& config) { return {config.forward_agent_as_written}; }

using When = AddKeysToAgent::When;
constexpr Choices<When, 6> add_keys_words{{{{"true", When::yes},
                                            {"yes", When::yes},
                                            {"false", When::no},
                                            {"no", When::no},
                                            {"ask", When::ask},
                                            {"confirm", When::confirm}}},
                                          "yes, no, ask, confirm or a time"};

std::uint32_t lifetime(const std::string& text) {
  const auto seconds = parse_time(text);
  if (!seconds) throw ConfigError(fmt::format("bad value '{}': expected {}", text, add_keys_words.expected));
  return *seconds;
}

// "yes", "no", "ask", "confirm", "confirm 1h", "1h".
void read_add_keys_to_agent(ClientCall& call) {
  AddKeysToAgent wish;
  const std::string& first = call.words[0];
  const auto found = add_keys_words.find(first);
  wish.when = found.value_or(When::yes);
  if (!found) wish.lifetime_seconds = lifetime(first);
  if (call.words.size() == 2) {
    if (wish.when != When::confirm) {
      throw ConfigError(fmt::format("'{}' is too much: only confirm has a time behind it", call.words[1]));
    }
    wish.lifetime_seconds = lifetime(call.words[1]);
  }
  call.config.add_keys_to_agent = wish;
}

PrintedValues print_add_keys_to_agent(const ClientConfig& config) {
  const AddKeysToAgent& wish = config.add_keys_to_agent;
  if (wish.lifetime_seconds > 0) {
    return {fmt::format("{}{}", wish.when == When::confirm ? "confirm " : "", wish.lifetime_seconds)};
  }
  return {add_keys_words.print(wish.when)};
}

constexpr Choices<PubkeyAuthentication, 6> pubkey_words{{{{"true", PubkeyAuthentication::yes},
                                                          {"yes", PubkeyAuthentication::yes},
                                                          {"false", PubkeyAuthentication::no},
                                                          {"no", PubkeyAuthentication::no},
                                                          {"unbound", PubkeyAuthentication::unbound},
                                                          {"host-bound", PubkeyAuthentication::host_bound}}},
                                                        "yes, no, unbound or host-bound"};

// Names that we do not know are not tried, as with OpenSSH; an empty one is a slip.
void read_preferred_authentications(ClientCall& call) {
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
  call.config.preferred_authentications = std::move(names);
  call.config.preferred_authentications_given = true;
}

PrintedValues print_preferred_authentications(const ClientConfig& config) {
  if (!config.preferred_authentications_given) return {};
  return {join_names(config.preferred_authentications)};
}

void use_default_authentications(ClientConfig& config, const AlgorithmNames&) {
  config.preferred_authentications = {"gssapi-with-mic", "hostbased", "publickey", "keyboard-interactive", "password"};
}

using Config = ClientConfig;

constexpr ClientKeyword table[] = {
    {.name = "User", .value = {read_user, print_user}, .order = 10},
    {.name = "BatchMode", .value = flag<&Config::batch_mode>, .order = 50},
    {.name = "IdentityFile",
     .old_names = "IdentityFile2",
     .accumulates = true,
     .value = {read_identity_file, print_identity_files, use_default_identity_files},
     .order = 600},
    {.name = "IdentitiesOnly", .value = flag<&Config::identities_only>, .order = 170},
    {.name = "IdentityAgent", .value = {read_identity_agent, print_identity_agent}, .order = 450},
    {.name = "ForwardAgent", .value = {read_forward_agent, print_forward_agent}, .order = 680},
    {.name = "AddKeysToAgent",
     .words = {1, 2},
     .value = {read_add_keys_to_agent, print_add_keys_to_agent},
     .order = 670},
    {.name = "PubkeyAuthentication",
     .old_names = "DSAAuthentication",
     .value = choice<&Config::pubkey_authentication, pubkey_words>,
     .order = 220},
    {.name = "PasswordAuthentication", .value = flag<&Config::password_authentication>, .order = 200},
    {.name = "KbdInteractiveAuthentication",
     .old_names = "ChallengeResponseAuthentication,SkeyAuthentication,TISAuthentication",
     .value = flag<&Config::kbd_interactive_authentication>,
     .order = 180},
    {.name = "KbdInteractiveDevices", .value = text<&Config::kbd_interactive_devices>, .order = 470},
    {.name = "NumberOfPasswordPrompts", .value = count<&Config::number_of_password_prompts>, .order = 360},
    {.name = "PreferredAuthentications",
     .value = {read_preferred_authentications, print_preferred_authentications, use_default_authentications},
     .order = 530},
};

}  // namespace

std::span<const ClientKeyword> login_client_keywords() { return table; }

}  // namespace glassh
