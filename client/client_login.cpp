#include "client/client_login.h"

#include <utility>

#include <unistd.h>

#include "client/terminal/utf8.h"
#include "crypto/constant_time.h"

namespace glassh {

namespace asio = boost::asio;

ClientLogin::ClientLogin(asio::any_io_executor executor, const ClientConfig& config, ClientConnection& connection,
                         ClientLog& log, const Asker& asker)
    : executor_(std::move(executor)),
      config_(config),
      connection_(connection),
      log_(log),
      asker_(asker),
      identities_(config, log, asker) {}

// RFC 4252 section 8 [4252-8-3], RFC 4256 section 3.4 [4256-3.4-2]: what is typed in another encoding leaves as UTF-8.
asio::awaitable<std::optional<SecretBytes>> ClientLogin::ask(std::string text, Echo echo) {
  Question question{std::move(text), echo};
  std::optional<SecretBytes> answer = co_await asker_.ask(executor_, std::move(question));
  if (!answer) co_return std::nullopt;
  co_return to_utf8(std::move(*answer), terminal_encoding());
}

// "ada@example.com", as the prompts have it: whose password is asked for, and where it goes.
std::string ClientLogin::whose() const {
  const std::string& host = config_.host_key_alias ? *config_.host_key_alias : config_.host_name;
  return fmt::format("{:.30}@{:.128}", config_.user, host);
}

// ----------------------------------------------------------------------------------------------------------------
// publickey

asio::awaitable<void> ClientLogin::on(const IdentitiesWanted&) {
  co_await identities_.gather(executor_, connection_.transport().key_exchange().session_proof());
  connection_.provide_identities(identities_.credentials());
}

asio::awaitable<void> ClientLogin::on(const PublicHalfWanted& event) {
  std::optional<PublicKey> key = co_await identities_.open(executor_, event.identity);
  if (key) {
    connection_.provide_public_half(std::move(*key));
  } else {
    connection_.decline();
  }
}

asio::awaitable<void> ClientLogin::on(const UserSignatureWanted& event) {
  log_.debug1("Server accepts key: {}", identities_.list()[event.identity].text());
  const auto signature =
      co_await identities_.sign(executor_, event.identity, std::string(event.algorithm), copy_of(event.data));
  if (signature) {
    connection_.provide_user_signature(*signature);
  } else {
    connection_.decline();
  }
}

// ----------------------------------------------------------------------------------------------------------------
// password

asio::awaitable<void> ClientLogin::on(const PasswordWanted& event) {
  if (event.attempt > 1) log_.error("Permission denied, please try again.");
  const std::optional<SecretBytes> password = co_await ask(fmt::format("{}'s password: ", whose()));
  if (password) {
    connection_.provide_password(password->reveal());
  } else {
    connection_.decline();
  }
}

// The new one twice, until both are the same or the user has enough.
asio::awaitable<void> ClientLogin::on(const PasswordChangeWanted& event) {
  if (!event.prompt.empty()) log_.info("{}", printable(event.prompt, true));
  const std::optional<SecretBytes> old_password = co_await ask(fmt::format("Enter {}'s old password: ", whose()));
  while (old_password) {
    const std::optional<SecretBytes> password = co_await ask(fmt::format("Enter {}'s new password: ", whose()));
    if (!password) break;
    const std::optional<SecretBytes> again = co_await ask(fmt::format("Retype {}'s new password: ", whose()));
    if (again && equal_in_constant_time(password->reveal(), again->reveal())) {
      connection_.provide_new_password(old_password->reveal(), password->reveal());
      co_return;
    }
    log_.info("Mismatch; try again, EOF to quit.");
  }
  connection_.decline();
}

// ----------------------------------------------------------------------------------------------------------------
// keyboard-interactive

// RFC 4256 section 3.2 [4256-3.2-11]: name and instruction are shown without any prompt, too. Section 3.3 [4256-3.3-2]
// [4256-3.3-11] [4256-3.3-12]: the user sees all of both, nothing is cut off.
asio::awaitable<void> ClientLogin::on(const AnswersWanted& event) {
  if (!event.name.empty()) log_.info("{}", printable(event.name, true));
  // RFC 4256 section 3.3 [4256-3.3-8] [4256-3.3-13]: its lines stay lines, but other control characters are not shown.
  if (!event.instruction.empty()) log_.info("{}", printable(event.instruction, true));
  std::vector<SecretBytes> answers;
  // RFC 4256 section 3.3 [4256-3.3-1] [4256-3.3-3]: the user is asked each prompt in turn.
  for (const msg::Prompt& prompt : event.prompts) {
    // [4256-3.3-16]: nothing is added behind a prompt.
    std::string text = fmt::format("({}) {}", whose(), printable(prompt.prompt, true));
    // RFC 4256 section 3.3 [4256-3.3-14]: the answer is echoed as the server wants. [4256-3.3-15]: without a terminal
    // it is always masked.
    std::optional<SecretBytes> answer = co_await ask(std::move(text), prompt.echo ? Echo::on : Echo::off);
    if (!answer) {
      connection_.decline();
      co_return;
    }
    answers.push_back(std::move(*answer));
  }
  connection_.provide_answers(answers);
}

// ----------------------------------------------------------------------------------------------------------------
// what the user is told

// RFC 4252 section 5.4 [4252-5.4-2] [4252-5.4-4]: shown by default, as it is meant, but not as commands to a terminal.
// [4252-5.4-3]: -q keeps it away.
void ClientLogin::on(const BannerArrived& event) {
  std::string text = printable(event.message, true);
  if (!text.empty() && text.back() != '\n') text += '\n';
  log_.raw(LogLevel::info, text);
}

// Past vulnerability 24: a server that asks for nothing may still write "Enter passphrase for key …" once the session
// runs. Whoever sits at a terminal is told that logging in is over.
void ClientLogin::on(const AuthenticationSucceeded& event) {
  log_.verbose("Authenticated to {} using \"{}\".", config_.host_name, event.method);
  if (event.identity) log_.debug1("the key was {}", identities_.list()[*event.identity].text());
  if (!event.trivial) return;
  const bool at_terminal = ::isatty(STDIN_FILENO) == 1 && config_.session_type != SessionType::none;
  log_.line(at_terminal ? LogLevel::info : LogLevel::verbose,
            fmt::format("{} let you in without a key or a password. Whatever asks for one from here on is not glassh.",
                        config_.host_name));
}

void ClientLogin::on(const AuthenticationFailed& event) {
  log_.fatal("{}@{}: Permission denied ({}).", config_.user, config_.host_name,
             printable(event.methods_that_can_continue));
}

}  // namespace glassh
