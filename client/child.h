// Other programs, run by the command-line tools: found beside this program or in PATH, with files for their streams.
//
// Everything is blocking, and nothing goes through a shell unless the caller names one. A signal that interrupts the
// wait is remembered and the child, which got it from the terminal as well, is waited for.
//
//   const int status = run_child({find_program_beside_us("glassh"), "host", "true"}, {.input = "/dev/null"});
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "channels/io/fd.h"
#include "proto/secret_bytes.h"

namespace glassh {

// The path of a program in this program's own directory, or else in PATH; nothing if it is in neither.
std::optional<std::string> find_program_beside_us(const std::string& name);
std::optional<std::string> find_program_in_path(const std::string& name);

// The user's shell: $SHELL, or /bin/sh.
std::string user_shell();

// Paths; empty: ours. Output and errors may be the same file, which is written anew.
struct ChildStreams {
  std::string input = {};
  std::string output = {};
  std::string errors = {};
};
// The exit status, or 128 and the number of the signal that ended it. Throws std::system_error if it cannot be started.
int run_child(const std::vector<std::string>& arguments, const ChildStreams& streams);

// The child's standard output, which may be a secret, and its exit status. Its input is empty, and its errors are
// dropped. Throws std::system_error if it cannot be started.
struct ChildOutput {
  SecretBytes text;  // the first 4 KiB
  int status = 0;
};
ChildOutput run_child_for_output(const std::vector<std::string>& arguments);

// A program that we talk to through pipes; its errors go to a file. Lives for one conversation; the destructor waits
// for the program. Job: start it, write to it, and wait for what it answers.
class PipedChild {
 public:
  PipedChild(const std::vector<std::string>& arguments, const std::string& errors);
  ~PipedChild();  // closes its input and waits
  PipedChild(const PipedChild&) = delete;
  PipedChild& operator=(const PipedChild&) = delete;

  void write(std::string_view text);  // throws std::system_error
  // Reads its output until `marker` stands at a line's beginning. False if the output ended before.
  bool read_until(std::string_view marker);
  // The exit status, as of run_child().
  int finish();

 private:
  bool read_more();

  pid_t process_ = 0;
  Fd input_;
  Fd output_;
  std::string unread_;
};

}  // namespace glassh
