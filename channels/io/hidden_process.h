// Hides the memory of a process, where keys and passwords are: it leaves no core file, and no debugger of its user can
// attach to it, nor read its files in /proc. To debug such a program, start it under the debugger.
//
// setrlimit(2) with RLIMIT_CORE, prctl(2) with PR_SET_DUMPABLE. Both belong to the process, and the second ends with
// execve(2). A program that we start gets the first one back from give_back_core_limit().
//
//   hide_process();  …  give_back_core_limit(child);
#pragma once

#include <sys/types.h>

namespace glassh {

// Called once, before there is a second thread or a secret. Throws std::system_error.
void hide_process();

// A program that we started, or with 0 this process, which is about to become one, may leave as large a core file as
// our caller's programs. Does nothing if hide_process() was not called. Safe between fork(2) and execve(2).
void give_back_core_limit(pid_t pid);

}  // namespace glassh
