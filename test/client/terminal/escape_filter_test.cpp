#include "client/terminal/escape_filter.h"

#include <vector>

#include <gtest/gtest.h>

#include "proto/bytes.h"

namespace glassh {
namespace {

struct Filtered {
  std::string sent;
  std::string escapes;  // the characters typed after ~
  bool operator==(const Filtered&) const = default;
};

// Types the texts one after another; `room` bytes at a time may be sent.
Filtered filtered(const std::vector<std::string>& typed, std::optional<std::uint8_t> character = '~',
                  std::size_t room = 100) {
  EscapeFilter filter(character);
  Filtered result;
  for (const std::string& text : typed) {
    Bytes left = bytes_of(text);
    while (!left.empty()) {
      std::vector<std::uint8_t> memory(room);
      MutableBytes place = memory;
      const auto escape = filter.next(left, place);
      result.sent += text_of(Bytes(memory).first(room - place.size()));
      if (escape) result.escapes += static_cast<char>(*escape);
    }
  }
  return result;
}

TEST(Escapes, CountOnlyAtTheBeginningOfALine) {
  struct Case {
    std::string typed;
    Filtered result;
  };
  const Case cases[] = {
      {"~.", {"", "."}},             // at the very beginning
      {"ls\r~.", {"ls\r", "."}},     // after the return key
      {"ls\n~.", {"ls\n", "."}},     // and after a line feed
      {"ls ~.", {"ls ~.", ""}},      // but not in a line
      {"ls\r ~.", {"ls\r ~.", ""}},  // whatever stands before it
      {"~~.", {"~.", ""}},           // ~~ is one ~
      {"~~\r~~\r~~~.", {"~\r~\r~~.", ""}},
      {"~x", {"~x", ""}},  // no escape: both are sent
      {"~x~.", {"~x~.", ""}},
      {"~\r~.", {"~\r", "."}},                           // and the return key begins a line
      {"~?~#~B~C~R~v~V~&", {"", "?#BCRvV&"}},            // after an escape the line still begins
      {"~\x1a", {"", "\x1a"}},                           // control-Z
      {"~?ls\r~.more", {"ls\rmore", "?."}},              // what follows is left for whoever goes on
      {"a~b\r~/bin/true\r", {"a~b\r~/bin/true\r", ""}},  // a path at home
  };
  for (const Case& c : cases) {
    EXPECT_EQ(filtered({c.typed}), c.result) << c.typed;
    EXPECT_EQ(filtered({c.typed}, '~', 1), c.result) << c.typed;
    std::vector<std::string> keys;
    for (const char key : c.typed) keys.emplace_back(1, key);
    EXPECT_EQ(filtered(keys), c.result) << c.typed;
  }
}

TEST(Escapes, BeginWithTheCharacterThatIsSet) {
  EXPECT_EQ(filtered({"~.\r%.\r%%"}, '%'), (Filtered{"~.\r\r%", "."}));
  EXPECT_EQ(filtered({"\x1d.\r~."}, 0x1d), (Filtered{"\r~.", "."}));
  EXPECT_EQ(filtered({"\xff.\r~."}, 0xff), (Filtered{"\r~.", "."}));
}

TEST(Escapes, AreOffWithoutACharacter) { EXPECT_EQ(filtered({"~.\r~?"}, std::nullopt), (Filtered{"~.\r~?", ""})); }

TEST(Escapes, AreAllListedWithTheCharacterThatIsSet) {
  for (const auto& [character, name] : {std::pair{std::uint8_t{'~'}, "~"}, std::pair{std::uint8_t{0x1d}, "^]"}}) {
    EXPECT_EQ(escape_character_text(character), name);
    const std::string help = escape_help(character);
    for (const std::string typed : {".", "^Z", "#", "&", "?", "B", "C", "R", "v", "V"}) {
      EXPECT_NE(help.find("\n " + std::string(name) + typed + " "), help.npos) << typed << help;
    }
    for (std::size_t at = help.find('\n'); at != help.npos; at = help.find('\n', at + 1)) EXPECT_EQ(help[at - 1], '\r');
  }
  EXPECT_EQ(escape_character_text(0x7f), "^?");
}

}  // namespace
}  // namespace glassh
