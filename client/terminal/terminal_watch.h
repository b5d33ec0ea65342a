// TerminalWatch watches the local terminal while a session uses it: the window changes its size, and job control stops
// and continues us.
//
// Lives as long as the session. Job: report a new size, give back the terminal's old modes while we are stopped, and
// make it raw again afterwards. It does not send the new size to the server: the caller does.
//
//   TerminalWatch watch(executor, terminal, [this] { send_window_change(); });
#pragma once

#include <functional>
#include <memory>

#include <boost/asio/any_io_executor.hpp>

#include "client/terminal/local_terminal.h"

namespace glassh {

class TerminalWatch {
 public:
  // Calls `resized` when the size may have changed. `terminal` must outlive this object.
  TerminalWatch(const boost::asio::any_io_executor& executor, LocalTerminal& terminal, std::function<void()> resized);
  ~TerminalWatch();
  TerminalWatch(const TerminalWatch&) = delete;
  TerminalWatch& operator=(const TerminalWatch&) = delete;

 private:
  struct Signals;
  static void wait(const std::shared_ptr<Signals>& signals);

  std::shared_ptr<Signals> signals_;
};

}  // namespace glassh
