// Hides the memory of a process, where keys and passwords are: it leaves no core file, and no debugger of its user can
// attach to it, nor read its files in /proc. To debug such a program, start it under the debugger.
//
// setrlimit(2) with RLIMIT_CORE, prctl(2) with PR_SET_DUMPABLE. Both belong to the process, and the second ends with
// execve(2). Programs that we start have the caller's limit.
//
//   hide_process();  …  const CallersCoreLimit limit;  launch(program);
#pragma once

namespace glassh {

// Called once, before there is a second thread or a secret. Throws std::system_error.
void hide_process();

// This process, which is about to become a program, may leave as large a core file as our caller's programs. Does
// nothing if hide_process() was not called. Safe between fork(2) and execve(2).
void give_back_core_limit();

// While one lives, the process has its caller's limit, and so has each program that it starts. It leaves no core file
// all the same, because PR_SET_DUMPABLE stays. From any thread, several at a time.
class CallersCoreLimit {
 public:
  CallersCoreLimit();
  ~CallersCoreLimit();
  CallersCoreLimit(const CallersCoreLimit&) = delete;
  CallersCoreLimit& operator=(const CallersCoreLimit&) = delete;
};

}  // namespace glassh
