// Sessions recorded against the real OpenSSH, once more: the same bytes from the peer and the same seed must give the
// same events and, byte for byte, the same bytes from us. README.md says how they are recorded.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "test/support/recorded_session.h"
#include "test/support/source_directory.h"

namespace glassh {
namespace {

using test::parse_recording;
using test::RecordedLine;
using test::Recording;
using test::replay;
using test::write_recording;

struct Transcript {
  std::string name;
  std::string text;
};

std::vector<Transcript> all_transcripts() {
  std::vector<Transcript> transcripts;
  const std::filesystem::path folder = std::filesystem::path(source_directory()) / "test/transcripts";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".transcript") continue;
    std::ifstream in(entry.path());
    transcripts.push_back({entry.path().stem(), {std::istreambuf_iterator<char>(in), {}}});
  }
  return transcripts;
}

// The first line that differs says more than two long texts.
void expect_same(const Recording& recorded, const Recording& now) {
  for (std::size_t i = 0; i < std::max(recorded.lines.size(), now.lines.size()); ++i) {
    const RecordedLine nothing{'-', "nothing"};
    const RecordedLine& was = i < recorded.lines.size() ? recorded.lines[i] : nothing;
    const RecordedLine& is = i < now.lines.size() ? now.lines[i] : nothing;
    ASSERT_EQ(fmt::format("{} {}", was.kind, was.text), fmt::format("{} {}", is.kind, is.text)) << "step " << i;
  }
}

// A line that says "data" comes from the peer through decryption, so the text is worth a look of its own.
std::string received(const Recording& recording) {
  std::string text;
  for (const auto& [kind, line] : recording.lines) {
    if (kind == '=' && line.starts_with("data on channel 0: ")) text += line.substr(line.find('"'));
  }
  return text;
}

bool has_event(const Recording& recording, std::string_view words) {
  return std::any_of(recording.lines.begin(), recording.lines.end(),
                     [&](const RecordedLine& line) { return line.kind == '=' && line.text.starts_with(words); });
}

TEST(Transcripts, AreThereForBothRolesEachCipherRekeysAndTheHybrids) {
  std::set<std::string> kinds;
  for (const Transcript& transcript : all_transcripts()) {
    const Recording recording = parse_recording(transcript.text);
    kinds.insert(recording.at("role") + " " + recording.at("cipher"));
    kinds.insert(recording.at("role") + " " + recording.at("kex"));
    if (has_event(recording, "new keys")) kinds.insert(recording.at("role") + " rekey");
  }
  for (const std::string role : {"client", "server"}) {
    for (const char* kind : {"chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "rekey",
                             "sntrup761x25519-sha512@openssh.com", "mlkem768x25519-sha256"}) {
      EXPECT_TRUE(kinds.contains(role + " " + kind)) << role << " " << kind;
    }
  }
}

// What OpenSSH signed or verified is the exchange hash as it computes it: [4253-4.2-10] keeps.
TEST(Transcripts, ReplayToTheLastByte) {
  for (const Transcript& transcript : all_transcripts()) {
    SCOPED_TRACE(transcript.name);
    const Recording recorded = parse_recording(transcript.text);
    EXPECT_EQ(write_recording(recorded), transcript.text);
    expect_same(recorded, replay(recorded));
    EXPECT_TRUE(has_event(recorded, "first keys"));
    EXPECT_TRUE(has_event(recorded, "logged in by publickey"));
    EXPECT_TRUE(has_event(recorded, "channel 0 eof"));
    EXPECT_FALSE(has_event(recorded, "something"));
    EXPECT_FALSE(received(recorded).empty());
    if (recorded.at("role") == "client") {
      EXPECT_TRUE(has_event(recorded, "channel 0 exit-status: 00000007"));
      EXPECT_TRUE(has_event(recorded, "channel 0 closed"));
      EXPECT_TRUE(has_event(recorded, "data on channel 0 (stderr): \"done"));
    }
  }
}

// With one bit of the peer's bytes changed the session does not go as recorded: the replay does look at them.
TEST(Transcripts, AChangedBitIsNoticed) {
  for (const Transcript& transcript : all_transcripts()) {
    SCOPED_TRACE(transcript.name);
    const Recording recorded = parse_recording(transcript.text);
    Recording changed = recorded;
    std::size_t changes = 0;
    for (RecordedLine& line : changed.lines) {
      // The one behind the first keys: under the cipher.
      if (line.kind == '=' && line.text == "first keys") changes = 1;
      if (changes != 1 || line.kind != '<' || line.text.empty()) continue;
      line.text.back() = line.text.back() == '0' ? '1' : '0';
      changes = 2;
    }
    ASSERT_EQ(changes, 2U);
    const Recording now = replay(changed);
    EXPECT_TRUE(has_event(now, "disconnected: "));
    EXPECT_FALSE(has_event(now, "channel 0 eof"));
  }
}

}  // namespace
}  // namespace glassh
