// Questions to the person who started the program: on its terminal, through SSH_ASKPASS's window or, where OpenSSH's
// tool does so, on standard input. Which of them it is, is decided here as ssh(1) and ssh-keygen(1) decide it.
//
// The terminal is as it was before when an answer is there, when the coroutine is destroyed, and while a signal stops
// or ends the program. It knows nothing of what is asked; texts that come from a server are filtered by the caller.
//
//   const Asker asker = Asker::of_this_process();
//   auto passphrase = asker.ask_and_wait({.text = "Enter passphrase: ", .where = Question::Where::terminal_or_input});
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "client/terminal/askpass.h"
#include "client/terminal/prompt.h"

namespace glassh {

struct Question {
  enum class Where {
    terminal,           // or askpass: ssh, ssh-add
    terminal_or_input,  // or askpass, or standard input where there is no terminal: ssh-keygen
    window,             // askpass alone: an agent, which has no terminal of its own
  };
  std::string text;  // as it is shown: no newline is added
  Echo echo = Echo::off;
  AskpassKind kind = AskpassKind::secret;
  Where where = Where::terminal;
};

class Asker {
 public:
  using Complain = std::function<void(const std::string&)>;

  // `complain` gets a line when askpass cannot be run.
  Asker(AskpassRules askpass, Complain complain, std::string terminal = "/dev/tty");
  // With this process's environment.
  static Asker of_this_process(Complain complain);
  static Asker of_this_process();  // complains on standard error

  // The line typed, without its end. Nothing: nobody can be asked, or the person gave no answer (end of file, the
  // window was closed). For programs that run on Asio; they handle SIGINT, SIGTERM and SIGHUP themselves.
  boost::asio::awaitable<std::optional<SecretBytes>> ask(boost::asio::any_io_executor executor,
                                                         Question question) const;
  // A yes or no, and no secret: "yes" in any case or an empty answer permits.
  boost::asio::awaitable<bool> permits(boost::asio::any_io_executor executor, std::string question,
                                       Question::Where where) const;

  // An answer that is no secret: it shows while it is typed.
  boost::asio::awaitable<std::optional<std::string>> ask_openly(boost::asio::any_io_executor executor,
                                                                std::string question) const;

  // The same for programs that have nothing else to do. A signal that ends the program ends it in here.
  std::optional<SecretBytes> ask_and_wait(const Question& question) const;

  // Whether a question for the terminal has somebody to answer it.
  bool can_ask() const;

 private:
  boost::asio::awaitable<std::optional<SecretBytes>> ask(boost::asio::any_io_executor executor, Question question,
                                                         std::vector<int> signals) const;

  AskpassRules askpass_;
  Complain complain_;
  std::string terminal_;
};

// What ssh-keygen does for file names and yes or no: the question on standard output, a line from standard input.
// Nothing at end of file.
std::optional<std::string> ask_on_standard_input(const std::string& question);

}  // namespace glassh
