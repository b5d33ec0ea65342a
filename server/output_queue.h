// OutputQueue writes the lines of one output (the log, the trace, the key log) from a thread of its own, so that a
// reader that does not read never stops the threads that serve connections.
//
// Lives as long as the process serves. Job: keep lines in order within a limit, write them, and count those that found
// no room in holdings().dropped_lines. When there is room again it says how many were dropped, at their place. Each
// output has its own queue, so one that is stuck stops no other. Before start() each line is written by its caller: a
// thread does not outlive fork(2), and with -d there is none. The destructor writes what is left; a reader that takes
// no line within a second loses it. A crash loses what is queued.
//
//   OutputQueue queue("log", write, say_dropped);  queue.start();  queue.put(LogLevel::info, "Server listening …");
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "config/syntax.h"

namespace glassh {

class OutputQueue {
 public:
  // Both are called by one thread at a time, may wait, and must not throw. The level is for syslog(3).
  using Write = std::function<void(LogLevel, std::string_view)>;
  using SayDropped = std::function<void(std::uint64_t lines)>;

  static constexpr std::size_t usual_limit = std::size_t{4} << 20;  // bytes, with what a line takes beside its text

  // `name` is the thread's, of at most 15 characters. An empty queue takes a line of any length.
  OutputQueue(std::string name, Write write, SayDropped say_dropped, std::size_t limit = usual_limit);
  OutputQueue(const OutputQueue&) = delete;
  OutputQueue& operator=(const OutputQueue&) = delete;
  ~OutputQueue();

  void start();
  // From any thread; never waits after start().
  void put(LogLevel level, std::string text);

 private:
  struct State;

  const std::shared_ptr<State> state_;  // the thread's as well, which may have to be left behind
  std::thread thread_;
};

}  // namespace glassh
