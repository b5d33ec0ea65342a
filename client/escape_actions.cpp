#include "client/escape_actions.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "client/background.h"
#include "proto/messages_session.h"

namespace glassh {

namespace {
constexpr std::uint32_t break_milliseconds = 1000;
}  // namespace

EscapeActions::EscapeActions(ClientConnection& connection, RemoteSession& session, const ClientConfig& config,
                             ClientLog& log, std::function<void()> quit)
    : connection_(connection), session_(session), config_(config), log_(log), quit_(std::move(quit)) {}

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
      std::fputs(escape_help(static_cast<std::uint8_t>(*config_.escape_char)).c_str(), stderr);
      break;
    case Escape::send_break:
      answer("B");
      send_break();
      break;
    case Escape::rekey:
      log_.debug1("changing the keys, as the user asks");
      connection_.start_key_exchange();
      session_.channel().hub()->wake();
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
  std::fputs((line + std::string(text) + "\r\n").c_str(), stderr);
}

// RFC 4335 section 3: a length that every system is fine with.
void EscapeActions::send_break() {
  Channel* const channel = session_.channel().get();
  if (channel == nullptr || !channel->open() || channel->close_sent()) return;
  channel->request(msg::Break{break_milliseconds}, false);
  session_.channel().hub()->wake();
}

void EscapeActions::change_log_level(bool more) {
  const char typed = more ? 'v' : 'V';
  if (!log_.on_standard_error()) return answer(fmt::format("{} [Logging to a file]", typed));
  const int level = static_cast<int>(log_.level()) + (more ? 1 : -1);
  const int last = static_cast<int>(LogLevel::debug3);
  log_.set_level(static_cast<LogLevel>(std::clamp(level, static_cast<int>(LogLevel::quiet), last)));
  answer(fmt::format("{} [LogLevel {}]", typed, shown_name(log_.level())));
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
  return text;
}

// Not in a session of its own: what the program still says appears on this terminal.
void EscapeActions::go_to_background() {
  session_.terminal().leave_raw();
  continue_in_background(session_.channel().hub()->executor());
}

}  // namespace glassh
