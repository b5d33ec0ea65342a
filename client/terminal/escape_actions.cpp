#include "client/terminal/escape_actions.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "client/local_command.h"
#include "client/terminal/background.h"
#include "client/terminal/escape_command.h"
#include "client/terminal/prompt.h"
#include "config/say.h"
#include "proto/messages_session.h"

namespace glassh {

namespace {
constexpr std::uint32_t break_milliseconds = 1000;
}  // namespace

EscapeActions::EscapeActions(ClientConnection& connection, RemoteSession& session, ClientForwarding& forwarding,
                             const ClientConfig& config, ClientLog& log, std::function<void()> quit)
    : connection_(connection),
      session_(session),
      forwarding_(forwarding),
      config_(config),
      log_(log),
      quit_(std::move(quit)),
      interrupted_(session.executor()) {}

asio::awaitable<TypedInput::Then> EscapeActions::act(Escape escape) {
  switch (escape) {
    case Escape::terminate:
      answer(".");
      quit_();
      break;
    case Escape::suspend:
      answer("^Z [suspend glassh]");
      session_.terminal().suspend();
      break;
    case Escape::list:
      answer("#\r\n" + open_channels());
      break;
    case Escape::background:
      answer("& [backgrounded]");
      go_to_background();
      co_return TypedInput::Then::end;
    case Escape::help:
      say_raw(stderr, escape_help(static_cast<std::uint8_t>(*config_.escape_char)));
      break;
    case Escape::send_break:
      answer("B");
      send_break();
      break;
    case Escape::command_line:
      co_await command_line();
      break;
    case Escape::rekey:
      log_.debug1("changing the keys, as the user asks");
      connection_.start_key_exchange();
      session_.hub()->wake();
      break;
    case Escape::more_verbose:
    case Escape::less_verbose:
      change_log_level(escape == Escape::more_verbose);
      break;
  }
  co_return TypedInput::Then::go_on;
}

// `text` is what was typed, and what there is to say about it.
void EscapeActions::answer(std::string_view text) const {
  const std::string line = escape_character_text(static_cast<std::uint8_t>(*config_.escape_char));
  say_raw(stderr, line + std::string(text) + "\n");
}

// RFC 4335 section 3: a length that every system is fine with.
void EscapeActions::send_break() {
  Channel* const channel = session_.channel().get();
  if (channel == nullptr || !channel->open() || channel->close_sent()) return;
  channel->request(msg::Break{break_milliseconds}, false);
  session_.hub()->wake();
}

void EscapeActions::change_log_level(bool more) {
  const char typed = more ? 'v' : 'V';
  if (!log_.on_standard_error()) return answer(fmt::format("{} [Logging to a file]", typed));
  const int level = static_cast<int>(log_.level()) + (more ? 1 : -1);
  const int last = static_cast<int>(LogLevel::debug3);
  log_.set_level(static_cast<LogLevel>(std::clamp(level, static_cast<int>(LogLevel::quiet), last)));
  answer(fmt::format("{} [LogLevel {}]", typed, openssh_level_name(log_.level())));
}

std::string EscapeActions::open_channels() {
  std::string text = "The following connections are open:";
  std::size_t left = connection_.channels().count();
  for (std::uint32_t id = 0; left > 0; ++id) {
    const Channel* const channel = connection_.channels().find(id);
    if (channel == nullptr) continue;
    --left;
    const std::string_view stage = !channel->open() ? "opening" : channel->close_sent() ? "closing" : "open";
    text += fmt::format("\r\n  #{} {} ({}, they may send {} bytes, we {}{}{})", id, printable(channel->type()), stage,
                        channel->window_from_peer().available(), channel->window_to_peer(),
                        channel->eof_received() ? ", no more comes" : "", channel->eof_sent() ? ", no more goes" : "");
  }
  for (const std::string& line : forwarding_.list()) text += "\r\n  " + printable(line);
  return text;
}

// The child does not start a session of its own (setsid(2)), so its messages still appear on this terminal. Open
// streams go on; no port is listened on any more.
void EscapeActions::go_to_background() {
  session_.terminal().leave_raw();
  forwarding_.end();
  continue_in_background(session_.executor());
}

// ----------------------------------------------------------------------------------------------------------------
// ~C

asio::awaitable<void> EscapeActions::command_line() {
  if (!config_.enable_escape_commandline) {
    say_raw(stderr, "commandline disabled\n");
    co_return;
  }
  LocalTerminal& terminal = session_.terminal();
  const bool was_raw = terminal.raw();
  terminal.leave_raw();
  const std::optional<std::string> line = co_await ask();
  if (line) execute(*line);
  if (was_raw && !session_.ended()) terminal.enter_raw();
}

// Nothing: no answer, or an interrupted one.
asio::awaitable<std::optional<std::string>> EscapeActions::ask() {
  using namespace asio::experimental::awaitable_operators;
  std::optional<Prompt> prompt = Prompt::open(session_.executor());
  if (!prompt) co_return std::nullopt;
  const std::string question = "\r\nssh> ";
  interrupted_.lower();
  asking_ = true;
  auto outcome = co_await (prompt->ask(question, Echo::on) || interrupted_.wait());
  // The interrupt key and then a line, in one go: the line may be here before the signal's handler has run.
  for (int turn = 0; turn < 3; ++turn) co_await asio::post(session_.executor(), asio::use_awaitable);
  asking_ = false;
  if (outcome.index() != 0 || interrupted_.raised()) co_return std::nullopt;
  const std::optional<SecretBytes>& answer = std::get<0>(outcome);
  if (!answer) co_return std::nullopt;
  co_return std::string(text_of(answer->reveal()));
}

bool EscapeActions::interrupt() {
  if (!asking_) return false;
  interrupted_.raise();
  return true;
}

void EscapeActions::execute(std::string_view line) {
  const EscapeCommand command = parse_escape_command(line, config_.permit_local_command);
  switch (command.action) {
    case EscapeCommand::Action::nothing:
      break;
    case EscapeCommand::Action::help:
      log_.line(LogLevel::info, escape_command_help(config_.permit_local_command));
      break;
    case EscapeCommand::Action::run:
      run_local_command(command.text, log_);
      break;
    case EscapeCommand::Action::add:
      log_.info("{}", forwarding_.add(command.forward) ? "Forwarding port." : "Port forwarding failed.");
      break;
    case EscapeCommand::Action::cancel: {
      const bool known = forwarding_.cancel(command.forward.kind, command.forward.listen);
      log_.info("{}", known ? "Canceled forwarding." : "Unknown port forwarding.");
      break;
    }
    case EscapeCommand::Action::refuse:
      log_.info("{}", command.text);
      break;
  }
  session_.hub()->wake();
}

}  // namespace glassh
