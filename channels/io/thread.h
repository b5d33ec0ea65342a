// Starts threads that no signal interrupts.
//
//   std::thread thread = start_thread("slow calls", [this] { work(); });
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace glassh {

// A process has one thread that minds its signals, and this one is none. `name` has at most 15 characters. `work` must
// not throw. Throws std::system_error if there is no room for a thread; its text says so.
std::thread start_thread(std::string name, std::function<void()> work);

}  // namespace glassh
