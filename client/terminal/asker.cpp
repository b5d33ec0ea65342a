#include "client/terminal/asker.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include "channels/io/fd.h"
#include "config/say.h"
#include "config/syntax.h"

namespace glassh {

namespace asio = boost::asio;

namespace {

// Signals of the terminal that would leave it silent. SIGTTIN and SIGTTOU are not among them: they stop us before
// anything was changed.
constexpr std::array stopping_signals{SIGTSTP, SIGQUIT};
constexpr std::array ending_signals{SIGINT, SIGTERM, SIGHUP};

// Catches signals, and restores their former actions at the end. A signal that is ignored stays ignored.
class CaughtSignals {
 public:
  CaughtSignals(const asio::any_io_executor& executor, const std::vector<int>& wanted) : signals_(executor) {
    for (const int signal : wanted) {
      struct sigaction action {};
      ::sigaction(signal, nullptr, &action);
      if (action.sa_handler == SIG_IGN) continue;
      before_.emplace_back(signal, action);
      signals_.add(signal);
    }
  }
  CaughtSignals(const CaughtSignals&) = delete;
  CaughtSignals& operator=(const CaughtSignals&) = delete;
  ~CaughtSignals() { restore(); }

  asio::awaitable<int> next() { co_return co_await signals_.async_wait(asio::use_awaitable); }
  void restore() {
    boost::system::error_code ignored;
    signals_.clear(ignored);
    for (const auto& [signal, action] : before_) ::sigaction(signal, &action, nullptr);
    before_.clear();
  }

 private:
  asio::signal_set signals_;
  std::vector<std::pair<int, struct sigaction>> before_;
};

// The question begins at the line's beginning, whatever stands there.
asio::awaitable<std::optional<SecretBytes>> ask_at(Prompt& prompt, const Question& question) {
  co_return co_await prompt.ask("\r" + question.text, question.echo);
}

// Asks until there is an answer. When a signal takes effect, the terminal has its old modes. After a stop it asks
// again.
asio::awaitable<std::optional<SecretBytes>> ask_on_terminal(Prompt prompt, Question question, std::vector<int> caught) {
  using namespace asio::experimental::awaitable_operators;
  const auto executor = co_await asio::this_coro::executor;
  while (true) {
    CaughtSignals signals(executor, caught);
    auto outcome = co_await (ask_at(prompt, question) || signals.next());
    if (auto* answer = std::get_if<0>(&outcome)) co_return std::move(*answer);
    signals.restore();
    ::raise(std::get<1>(outcome));
    if (std::get<1>(outcome) != SIGTSTP) co_return std::nullopt;
  }
}

// Without a terminal: from standard input, with the question on standard error.
std::optional<SecretBytes> ask_on_input(const Question& question) {
  say(stderr, "{}", question.text);
  SecretBytes line(1024);
  std::size_t size = 0;
  while (true) {
    std::uint8_t byte = 0;
    const ssize_t got = ::read(STDIN_FILENO, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 && size == 0) return std::nullopt;
    if (got <= 0 || byte == '\n') break;
    if (byte == '\r') continue;
    if (size < line.size()) line.reveal()[size++] = byte;
  }
  line.truncate(size);
  return line;
}

std::optional<std::string> of_environment(std::string_view variable) {
  const char* const value = std::getenv(std::string(variable).c_str());
  return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
}

}  // namespace

Asker::Asker(AskpassRules askpass, Complain complain, std::string terminal)
    : askpass_(std::move(askpass)), complain_(std::move(complain)), terminal_(std::move(terminal)) {}

Asker Asker::of_this_process(Complain complain) { return Asker(askpass_rules(of_environment), std::move(complain)); }

Asker Asker::of_this_process() {
  return of_this_process([](const std::string& text) { say(stderr, "{}\n", text); });
}

bool Asker::can_ask() const {
  if (askpass_.allowed) return true;
  const Fd terminal(::open(terminal_.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  return static_cast<bool>(terminal);
}

asio::awaitable<std::optional<SecretBytes>> Asker::ask(asio::any_io_executor executor, Question question) const {
  co_return co_await ask(std::move(executor), std::move(question),
                         std::vector<int>(stopping_signals.begin(), stopping_signals.end()));
}

asio::awaitable<std::optional<SecretBytes>> Asker::ask(asio::any_io_executor executor, Question question,
                                                       std::vector<int> signals) const {
  question.text = made_safe(question.text, TextFor::terminal_lines);
  std::optional<Prompt> prompt;
  if (question.where != Question::Where::window) prompt = Prompt::open(executor, terminal_);
  // If standard input is not a terminal, ssh-keygen assumes that no person is there.
  const bool attended = question.where != Question::Where::terminal_or_input || ::isatty(STDIN_FILENO) == 1;
  if (askpass_.allowed && (askpass_.preferred || !prompt || !attended)) {
    AskpassAnswer answer = co_await run_askpass(executor, askpass_.program, std::move(question.text), question.kind);
    if (!answer.problem.empty()) complain_(answer.problem);
    co_return std::move(answer.text);
  }
  if (prompt) co_return co_await ask_on_terminal(std::move(*prompt), std::move(question), std::move(signals));
  if (question.where == Question::Where::terminal_or_input) co_return ask_on_input(question);
  co_return std::nullopt;
}

asio::awaitable<std::optional<std::string>> Asker::ask_openly(asio::any_io_executor executor,
                                                              std::string question) const {
  Question wanted{std::move(question), Echo::on};
  const std::optional<SecretBytes> answer = co_await ask(std::move(executor), std::move(wanted));
  if (!answer) co_return std::nullopt;
  co_return std::string(text_of(answer->reveal()));
}

asio::awaitable<bool> Asker::permits(asio::any_io_executor executor, std::string question,
                                     Question::Where where) const {
  Question wanted{std::move(question), Echo::on, AskpassKind::confirm, where};
  const std::optional<SecretBytes> answer = co_await ask(std::move(executor), std::move(wanted));
  if (!answer) co_return false;
  co_return answer->empty() || equal_ignoring_case(text_of(answer->reveal()), "yes");
}

std::optional<SecretBytes> Asker::ask_and_wait(const Question& question) const {
  asio::io_context io(1);
  std::vector<int> signals(stopping_signals.begin(), stopping_signals.end());
  signals.insert(signals.end(), ending_signals.begin(), ending_signals.end());
  std::optional<SecretBytes> answer;
  std::exception_ptr failure;
  asio::co_spawn(io, ask(io.get_executor(), question, std::move(signals)),
                 [&](std::exception_ptr error, std::optional<SecretBytes> its) {
                   failure = error;
                   answer = std::move(its);
                 });
  io.run();
  if (failure) std::rethrow_exception(failure);
  return answer;
}

std::optional<std::string> ask_on_standard_input(const std::string& question) {
  say(stdout, "{}", question);
  std::fflush(stdout);
  std::string line;
  int byte = 0;
  while ((byte = std::getchar()) != EOF && byte != '\n') line += static_cast<char>(byte);
  if (byte == EOF && line.empty()) return std::nullopt;
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

}  // namespace glassh
