// Standard input of a session with a terminal: what is typed, with the escapes taken out and acted upon in their place.
//
// What was typed before an escape is sent before it acts; what was typed after it waits until it has acted. While
// nothing can be sent (a window that is used up, a key exchange that the server does not answer) escapes act all the
// same, and what is typed besides waits here, up to a limit.
//
//   Source::start(channel, std::make_unique<TypedInput>(std::move(input), '~', act));
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "channels/io/signal.h"
#include "channels/io/source.h"
#include "client/terminal/escapes.h"

namespace glassh {

// While it is held nothing is read of what is typed: it answers a question that somebody else asks at the terminal.
class InputHold {
 public:
  explicit InputHold(const asio::any_io_executor& executor) : released_(executor) {}

  void hold() { held_ = true; }
  void release() {
    held_ = false;
    released_.raise();
  }
  bool held() const { return held_; }
  asio::awaitable<void> released() { return released_.wait(); }  // it may be held again

 private:
  Signal released_;
  bool held_ = false;
};

class TypedInput final : public SourceInput {
 public:
  enum class Then { go_on, end };  // end: the input ends here, with the terminal's end of file (^D) for the program
  using Act = std::function<asio::awaitable<Then>(Escape)>;

  // `character` nothing: no escapes. `hold` may be null.
  TypedInput(Descriptor input, std::optional<char> character, Act act, std::shared_ptr<InputHold> hold = nullptr);

  IoResult read(MutableBytes place) override;
  asio::awaitable<void> readable() override;
  asio::awaitable<void> await_room(Signal& room) override;
  void close() override;

 private:
  bool held() const { return hold_ != nullptr && hold_->held(); }
  IoResult hand_over(MutableBytes place);
  void keep();
  IoResult end_of_file(MutableBytes place);

  Descriptor input_;
  EscapeFilter filter_;
  Act act_;
  std::shared_ptr<InputHold> hold_;
  std::array<std::uint8_t, 16 * 1024> buffer_;
  Bytes typed_;                     // what is left of the last read
  std::optional<Escape> escape_;    // to be acted upon
  std::vector<std::uint8_t> kept_;  // typed while nothing could be sent, without the escapes
  bool ended_ = false;
  bool end_told_ = false;
};

}  // namespace glassh
