#include "client/terminal/typed_input.h"

#include <algorithm>
#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>

namespace glassh {

namespace {
constexpr std::size_t most_kept = 64 * 1024;
}  // namespace

TypedInput::TypedInput(Descriptor input, std::optional<char> character, Act act, std::shared_ptr<InputHold> hold)
    : input_(std::move(input)),
      filter_(character ? std::optional(static_cast<std::uint8_t>(*character)) : std::nullopt),
      act_(std::move(act)),
      hold_(std::move(hold)) {}

void TypedInput::close() {
  input_.close();
  if (hold_ != nullptr) hold_->release();
}

IoResult TypedInput::read(MutableBytes place) {
  if (!kept_.empty()) return hand_over(place);
  if (ended_) return end_of_file(place);
  while (!escape_) {
    if (typed_.empty()) {
      if (held()) return {0, EAGAIN};
      const IoResult got = input_.read(buffer_);
      if (got.size == 0) return got;
      typed_ = Bytes(buffer_).first(got.size);
      emptied_ = got.emptied;
    }
    MutableBytes free = place;
    escape_ = filter_.next(typed_, free);
    const bool nothing_left = emptied_ && typed_.empty() && !escape_;
    if (const std::size_t size = place.size() - free.size(); size > 0) return {size, 0, nothing_left};
  }
  return {0, EAGAIN};
}

asio::awaitable<void> TypedInput::readable() {
  if (escape_) {
    const Then then = co_await act_(*escape_);
    escape_.reset();
    ended_ = then == Then::end;
    co_return;
  }
  if (!typed_.empty() || ended_) co_return;
  co_await input_.readable();
  while (held()) co_await hold_->released();
}

// An act is not interrupted by room: it may be asking something.
asio::awaitable<void> TypedInput::await_room(Signal& room) {
  using namespace asio::experimental::awaitable_operators;
  while (escape_ || (!ended_ && kept_.size() < most_kept)) {
    if (escape_) {
      co_await readable();
      continue;
    }
    if (typed_.empty()) {
      const auto outcome = co_await (room.wait() || input_.readable());
      if (outcome.index() == 0) co_return;
      if (held()) break;
      const IoResult got = input_.read(buffer_);
      if (got.size == 0 && !got.would_block()) break;  // read() will find the same
      typed_ = Bytes(buffer_).first(got.size);
      emptied_ = got.emptied;
    }
    keep();
  }
  co_await room.wait();
}

void TypedInput::keep() {
  const std::size_t before = kept_.size();
  kept_.resize(before + typed_.size() + 1);  // an escape character that was held back may come out with it
  MutableBytes free = MutableBytes(kept_).subspan(before);
  escape_ = filter_.next(typed_, free);
  kept_.resize(kept_.size() - free.size());
}

IoResult TypedInput::hand_over(MutableBytes place) {
  const std::size_t size = std::min(place.size(), kept_.size());
  const auto end = kept_.begin() + static_cast<std::ptrdiff_t>(size);
  std::copy(kept_.begin(), end, place.begin());
  kept_.erase(kept_.begin(), end);
  return {size, 0};
}

IoResult TypedInput::end_of_file(MutableBytes place) {
  if (std::exchange(end_told_, true)) return {};
  constexpr std::uint8_t control_d = 4;
  place[0] = control_d;
  return {1, 0};
}

}  // namespace glassh
