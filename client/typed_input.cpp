#include "client/typed_input.h"

#include <utility>

namespace glassh {

TypedInput::TypedInput(Descriptor input, std::optional<char> character, Act act)
    : input_(std::move(input)),
      filter_(character ? std::optional(static_cast<std::uint8_t>(*character)) : std::nullopt),
      act_(std::move(act)) {}

IoResult TypedInput::read(MutableBytes place) {
  if (ended_) return end_of_file(place);
  while (!escape_) {
    if (typed_.empty()) {
      const IoResult got = input_.read(buffer_);
      if (got.size == 0) return got;
      typed_ = Bytes(buffer_).first(got.size);
    }
    MutableBytes free = place;
    escape_ = filter_.next(typed_, free);
    if (const std::size_t size = place.size() - free.size(); size > 0) return {size, 0};
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
  if (typed_.empty() && !ended_) co_await input_.readable();
}

IoResult TypedInput::end_of_file(MutableBytes place) {
  if (std::exchange(end_told_, true)) return {};
  constexpr std::uint8_t control_d = 4;
  place[0] = control_d;
  return {1, 0};
}

}  // namespace glassh
