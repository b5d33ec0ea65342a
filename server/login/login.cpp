#include "server/login/login.h"

#include <boost/asio/this_coro.hpp>

#include <vector>

#include "auth/authorized_keys.h"
#include "auth/rsa_size.h"
#include "server/login/password_store.h"
#include "server/login/run_as.h"

namespace glassh {

boost::asio::awaitable<LoginVerdict> Login::judge(std::string user, const Credential& key, LoginOrigin origin,
                                                  TraceSink* trace) const {
  LoginVerdict verdict;
  // RFC 4251 section 4.5 [4251-4.5-3]: names are compared byte for byte. Section 9.4.3 [4251-9.4.3-1]: the key counts
  // only for the user whose files list it.
  verdict.user_is_known = user == account_.name;
  if (!verdict.user_is_known) {
    say(LogLevel::debug1, trace,
        fmt::format("user {} cannot log in here: this server lets in {} only", escaped(user), account_.name));
  }
  if (!is_long_enough(key.key(), config_.required_rsa_size)) {
    say(LogLevel::info, trace, "refusing RSA key: Invalid key length");
    co_return verdict;
  }
  // The files are read for anybody, so that the time an answer takes does not tell which user exists.
  auto found = co_await find(key, origin, verdict.user_is_known ? trace : nullptr);
  verdict.key_is_listed = found.has_value();
  if (found) {
    verdict.found_at = std::move(found->place);
    verdict.options = std::move(found->options);
  }
  co_return verdict;
}

// RFC 4252 section 8 [4252-8-11]: an expired password lets no user in. A fault of the password store refuses every
// password.
boost::asio::awaitable<LoginVerdict> Login::judge_password(std::string user, SecretBytes password,
                                                           TraceSink* trace) const {
  LoginVerdict verdict;
  verdict.user_is_known = user == account_.name;
  const auto look = [file = config_.password_file, name = account_.name, owner = account_.uid] {
    return file.empty() ? find_in_shadow(name) : find_in_password_file(file, name, owner);
  };
  const StoredPassword stored = co_await call_slowly(slow_, SlowKind::accounts, look);
  for (const std::string& remark : stored.remarks) say(LogLevel::info, trace, remark);
  if (!stored.problem.empty()) {
    say(LogLevel::info, trace, fmt::format("Authentication refused: no password is used: {}", stored.problem));
  } else if (!stored.found) {
    say(LogLevel::debug1, trace, fmt::format("{}: no password of {}", stored.place, account_.name));
  }
  // The same hash is computed for a user who does not exist, and where the answer can only be no.
  const auto empty = config_.permit_empty_passwords ? EmptyPassword::permit : EmptyPassword::refuse;
  const bool right = co_await passwords_.check(stored.hash.clone(), std::move(password), empty);
  verdict.password_is_right = stored.found && stored.problem.empty() && right;
  if (stored.found && verdict.user_is_known) {
    say(LogLevel::debug1, trace,
        fmt::format("{}: the password is {}", stored.place, verdict.password_is_right ? "right" : "not that"));
  }
  co_return verdict;
}

boost::asio::awaitable<std::optional<Login::Found>> Login::find(const Credential& key, const LoginOrigin& origin,
                                                                TraceSink* trace) const {
  auto found = co_await ask_command(key, origin, trace);
  if (found) co_return found;
  for (const std::string& path : authorized_keys_paths(config_, account_.name, account_.home, account_.uid)) {
    found = co_await find_in(path, key, origin, trace);
    if (found) co_return found;
  }
  co_return std::nullopt;
}

namespace {

// Tokens are replaced in each word by itself, so that none can become two; without arguments the user is one.
std::vector<std::string> words_of_command(const std::string& command, const Account& account, const Credential& key) {
  const std::string line = key.line();
  const ConfigTokens tokens = {{'f', key.fingerprint()},
                               {'h', account.home},
                               {'k', line.substr(line.find(' ') + 1)},
                               {'t', std::string(key.type())},
                               {'U', std::to_string(account.uid)},
                               {'u', account.name}};
  std::vector<std::string> words = split_command_words(command);
  for (std::size_t i = 1; i < words.size(); ++i) words[i] = expand_tokens(words[i], tokens);
  if (words.size() == 1) words.push_back(account.name);
  return words;
}

}  // namespace

boost::asio::awaitable<std::optional<Login::Found>> Login::ask_command(const Credential& key, const LoginOrigin& origin,
                                                                       TraceSink* trace) const {
  if (config_.authorized_keys_command.empty()) co_return std::nullopt;
  const auto words = words_of_command(config_.authorized_keys_command, account_, key);
  const std::string name = fmt::format("AuthorizedKeysCommand {}", words[0]);
  const auto look = [name = config_.authorized_keys_command_user] { return find_account(name); };
  const auto runner = co_await call_slowly(slow_, SlowKind::accounts, look);
  if (!runner) {
    say(LogLevel::error, trace,
        fmt::format("{} is not run: there is no user '{}' (AuthorizedKeysCommandUser)", name,
                    config_.authorized_keys_command_user));
    co_return std::nullopt;
  }
  const auto executor = co_await boost::asio::this_coro::executor;
  RunRequest request;
  request.arguments = words;
  request.user = *runner;
  const RunResult run = co_await run_as(executor, slow_, std::move(request));
  if (!run.problem.empty()) {
    say(LogLevel::error, trace, fmt::format("{} is not used: {}", name, run.problem));
    co_return std::nullopt;
  }
  co_return find_in_text(run.output, name, key, origin, trace);
}

boost::asio::awaitable<std::optional<Login::Found>> Login::find_in(std::string path, const Credential& key,
                                                                   const LoginOrigin& origin, TraceSink* trace) const {
  const auto read = [path, home = account_.home, user_id = account_.uid, strict = config_.strict_modes] {
    return read_authorized_keys(path, home, user_id, strict);
  };
  const AuthorizedKeysFile file = co_await call_slowly(slow_, SlowKind::files, read);
  if (file.missing) {
    say(LogLevel::debug1, trace, fmt::format("{}: there is no such file", path));
    co_return std::nullopt;
  }
  if (!file.refusal.empty()) {
    say(LogLevel::info, trace, fmt::format("Authentication refused: {} is not used: {}", path, file.refusal));
    co_return std::nullopt;
  }
  co_return find_in_text(file.text, path, key, origin, trace);
}

std::optional<Login::Found> Login::find_in_text(const std::string& text, const std::string& path, const Credential& key,
                                                const LoginOrigin& origin, TraceSink* trace) const {
  AuthorizedKeySearch search = find_authorized_key(text, key, origin);
  for (const RefusedLine& line : search.refused) {
    say(line.has_the_key ? LogLevel::info : LogLevel::debug1, trace,
        fmt::format("{}:{}: not used: {}", path, line.line, line.reason));
  }
  const std::string shown = fmt::format("{} {}", key.short_type(), key.fingerprint());
  if (!search.match) {
    say(LogLevel::debug1, trace, fmt::format("{}: key {} is not in it", path, shown));
    return std::nullopt;
  }
  std::string place = fmt::format("{}:{}", path, search.match->line);
  say(LogLevel::debug1, trace, fmt::format("{}: matching key found: {}", place, shown));
  return Found{std::move(place), std::move(search.match->options)};
}

void Login::say(LogLevel level, TraceSink* trace, std::string_view text) const {
  log_.write(level, text);
  if (trace != nullptr) trace->note("login", text);
}

}  // namespace glassh
