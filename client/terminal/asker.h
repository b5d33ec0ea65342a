// Asker asks the person who started the program: on the terminal, through SSH_ASKPASS's window or, if OpenSSH's tool
// does so, on standard input. It chooses between them as ssh(1) and ssh-keygen(1) do.
//
// Lives as long as its program or connection. Job: choose the way, ask, and return the answer. The terminal gets back
// its old modes when the answer is there, when the coroutine is destroyed, and while a signal stops or ends the
// program. An Asker does not know the meaning of a question; the caller filters texts that come from a server.
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
    terminal_or_input,  // or askpass, or standard input if there is no terminal: ssh-keygen
    window,             // only askpass: an agent, which has no terminal of its own
  };
  std::string text;  // shown as it is: no newline is added
  Echo echo = Echo::off;
  AskpassKind kind = AskpassKind::secret;
  Where where = Where::terminal;
};

class Asker {
 public:
  using Complain = std::function<void(const std::string&)>;

  // `complain` is called with a line of text if askpass cannot be run.
  Asker(AskpassRules askpass, Complain complain, std::string terminal = "/dev/tty");
  // Reads the rules for askpass from this process's environment.
  static Asker of_this_process(Complain complain);
  static Asker of_this_process();  // complains on standard error

  // Returns the typed line, without its end; nullopt if there is no way to ask a person, or if the person gave no
  // answer (end of file, or the window was closed). For programs that run on Asio and handle SIGINT, SIGTERM and SIGHUP
  // themselves.
  boost::asio::awaitable<std::optional<SecretBytes>> ask(boost::asio::any_io_executor executor,
                                                         Question question) const;
  // Asks for yes or no, with echo. Returns true for "yes" (in any case) and for an empty answer.
  boost::asio::awaitable<bool> permits(boost::asio::any_io_executor executor, std::string question,
                                       Question::Where where) const;

  // An answer that is no secret: it shows while it is typed.
  boost::asio::awaitable<std::optional<std::string>> ask_openly(boost::asio::any_io_executor executor,
                                                                std::string question) const;

  // The same for programs that have nothing else to do. A signal that ends the program ends it in here.
  std::optional<SecretBytes> ask_and_wait(const Question& question) const;

  // Whether there is a way to ask: askpass may be used, or the terminal can be opened.
  bool can_ask() const;

 private:
  boost::asio::awaitable<std::optional<SecretBytes>> ask(boost::asio::any_io_executor executor, Question question,
                                                         std::vector<int> signals) const;

  AskpassRules askpass_;
  Complain complain_;
  std::string terminal_;
};

// Writes the question to standard output and reads a line from standard input, as ssh-keygen does for file names and
// for yes or no. Returns nullopt at end of file.
std::optional<std::string> ask_on_standard_input(const std::string& question);

}  // namespace glassh
