#include "client/terminal/terminal_watch.h"

#include <csignal>
#include <utility>

#include <boost/asio/signal_set.hpp>

namespace glassh {

struct TerminalWatch::Signals {
  Signals(const boost::asio::any_io_executor& executor, LocalTerminal& its, std::function<void()> called)
      : set(executor, SIGWINCH, SIGCONT), terminal(its), resized(std::move(called)) {}

  boost::asio::signal_set set;
  LocalTerminal& terminal;
  std::function<void()> resized;
};

TerminalWatch::TerminalWatch(const boost::asio::any_io_executor& executor, LocalTerminal& terminal,
                             std::function<void()> resized)
    : signals_(std::make_shared<Signals>(executor, terminal, std::move(resized))) {
  struct sigaction action {};
  ::sigaction(SIGTSTP, nullptr, &action);
  if (action.sa_handler != SIG_IGN) signals_->set.add(SIGTSTP);
  wait(signals_);
}

TerminalWatch::~TerminalWatch() {
  boost::system::error_code ignored;
  signals_->set.clear(ignored);
}

// Without an error the watch is alive: clear() ends every wait that has not been served.
void TerminalWatch::wait(const std::shared_ptr<Signals>& signals) {
  signals->set.async_wait([weak = std::weak_ptr(signals)](boost::system::error_code error, int signal) {
    const auto alive = weak.lock();
    if (error || !alive) return;
    if (signal == SIGTSTP) alive->terminal.suspend();
    if (signal == SIGCONT) alive->terminal.resume();
    alive->resized();
    wait(alive);
  });
}

}  // namespace glassh
