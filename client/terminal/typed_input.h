// TypedInput is the standard input of a session with a terminal. It takes the escapes out and carries each one out at
// its place in the stream.
//
// Lives as long as the Source that reads from it. Job: hand typed bytes to the Source and call `act` for each escape.
// The bytes typed before an escape are sent before it acts; the bytes after it wait until it has acted. While nothing
// can be sent (the window is used up, or the server does not finish a key exchange) escapes still act, and the other
// bytes wait here, up to a limit.
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
#include "client/terminal/escape_filter.h"

namespace glassh {

// While this is held, TypedInput does not read: the typed bytes answer a question that another part of the program asks
// at the terminal. Lives as long as the session; shared with the code that asks.
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
  enum class Then { go_on, end };  // end: the input ends here; the program gets the terminal's end of file (^D)
  using Act = std::function<asio::awaitable<Then>(Escape)>;

  // There are no escapes if `character` is nullopt. `hold` may be null.
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
  Bytes typed_;                     // the rest of the last read
  bool emptied_ = false;            // by that read
  std::optional<Escape> escape_;    // the escape that acts next
  std::vector<std::uint8_t> kept_;  // bytes typed while nothing could be sent, without the escapes
  bool ended_ = false;
  bool end_told_ = false;
};

}  // namespace glassh
