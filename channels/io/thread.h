// Keeps signals away: for a moment, or from a thread for its whole life.
//
//   std::thread thread = start_thread("slow calls", [this] { work(); });
#pragma once

#include <csignal>
#include <functional>
#include <string>
#include <thread>

namespace glassh {

// As long as it lives, no signal is delivered to this thread.
class BlockedSignals {
 public:
  BlockedSignals();
  ~BlockedSignals();
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t before_{};
};

// A process has one thread that minds its signals, and this one is none. `name` has at most 15 characters. `work` must
// not throw. Throws std::system_error if there is no room for a thread; its text says so.
std::thread start_thread(std::string name, std::function<void()> work);

}  // namespace glassh
