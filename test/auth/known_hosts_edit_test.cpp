#include "auth/known_hosts_edit.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/small_file.h"
#include "test/support/temporary_directory.h"
#include "test/support/test_keys.h"

namespace glassh {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string key() { return parse_public_key_line(test_key_text("ed25519.pub")).key.line(); }

KnownHostsFile file_of(const std::string& text) { return {"known", text}; }

std::vector<std::size_t> found_lines(const KnownHostsFile& file, const std::string& name) {
  std::vector<std::size_t> lines;
  for (const FoundHostLine& line : find_host_lines(file, name)) lines.push_back(line.line);
  return lines;
}

TEST(KnownHostsEdit, FindsLinesByEachKindOfName) {
  SeededRng rng(1);
  const KnownHostsFile file =
      file_of("# comment example.com\n" + std::string("Example.com,10.0.0.1 ") + key() +
              " two words \n\n[example.org]:2222 " + key() + "\n!not.example.net,*.example.net " + key() +
              "\n@revoked *.bad.com " + key() + "\n" + hashed_host_name("hidden.example.com", rng) + " " + key() +
              "\nexample.com " + key() + "\r\n@cert-authority ca.com " + key());
  EXPECT_THAT(found_lines(file, "example.com"), ElementsAre(2, 8));
  EXPECT_THAT(found_lines(file, "10.0.0.1"), ElementsAre(2));
  EXPECT_THAT(found_lines(file, "[example.org]:2222"), ElementsAre(4));
  EXPECT_THAT(found_lines(file, "example.org"), ElementsAre());
  EXPECT_THAT(found_lines(file, "a.example.net"), ElementsAre(5));
  EXPECT_THAT(found_lines(file, "not.example.net"), ElementsAre());
  EXPECT_THAT(found_lines(file, "hidden.example.com"), ElementsAre(7));
  EXPECT_THAT(found_lines(file, "nowhere"), ElementsAre());
  EXPECT_TRUE(find_host_lines(file, "x.bad.com").at(0).revoked);
  EXPECT_TRUE(find_host_lines(file, "ca.com").at(0).authority);
}

TEST(KnownHostsEdit, AFoundLineIsTakenApart) {
  const FoundHostLine line = find_host_lines(file_of("\ta.b  " + key() + "\t x y \r\n"), "a.b").at(0);
  EXPECT_EQ(line.text, "\ta.b  " + key() + "\t x y ");
  EXPECT_EQ(line.names, "a.b");
  EXPECT_EQ(line.key_text, key() + "\t x y ");
  EXPECT_EQ(line.comment, "x y");
  EXPECT_EQ(line.key.value().line(), key());
  EXPECT_FALSE(find_host_lines(file_of("a.b ssh-rsa AAAA"), "a.b").at(0).key) << "shown, but not decoded";
}

TEST(KnownHostsEdit, RemovesAHostAndNothingElse) {
  const std::string before = "# a\n\n@revoked a.b " + key() + "\nother " + key() + "\r\n  \n";
  const std::string after = "*.b " + key() + " comment\n[a.b]:2222 " + key();
  const KnownHostsEdit edit = without_host(file_of(before + "a.b " + key() + "\nA.B,c " + key() + "\n" + after), "a.b");
  EXPECT_EQ(edit.text, before + after.substr(after.find('\n') + 1) + "\n") << "the wildcard names the host as well";
  EXPECT_THAT(edit.lines, ElementsAre(6, 7, 8));
  EXPECT_TRUE(edit.bad_lines.empty());
  EXPECT_TRUE(without_host(file_of(before), "a.b").lines.empty()) << "a revoked key is not forgotten";
}

TEST(KnownHostsEdit, HashesNamesThatCanBe) {
  SeededRng rng(1);
  const std::string kept = "# a\n*.x,y " + key() + "\n@cert-authority z " + key() + "\n";
  const KnownHostsFile file = file_of(kept + "One.example.com,10.0.0.1 " + key() + " my comment");
  const KnownHostsEdit edit = with_hashed_names(file, rng);
  EXPECT_TRUE(edit.text.starts_with(kept));
  EXPECT_THAT(edit.lines, ElementsAre(4));
  ASSERT_EQ(edit.wildcards.size(), 1u);
  EXPECT_EQ(edit.wildcards[0].line, 2u);
  EXPECT_EQ(edit.wildcards[0].reason, "*.x,y");
  EXPECT_THAT(edit.text, Not(HasSubstr("example.com")));
  EXPECT_THAT(found_lines(file_of(edit.text), "one.example.com"), ElementsAre(4));
  EXPECT_THAT(found_lines(file_of(edit.text), "10.0.0.1"), ElementsAre(5));
  EXPECT_EQ(find_host_lines(file_of(edit.text), "10.0.0.1").at(0).comment, "my comment");
  const KnownHostsEdit again = with_hashed_names(file_of(edit.text), rng);
  EXPECT_EQ(again.text, edit.text);
  EXPECT_TRUE(again.lines.empty());
}

TEST(KnownHostsEdit, ALineThatNamesNobodyStays) {
  SeededRng rng(1);
  const KnownHostsEdit edit = with_hashed_names(file_of(",, " + key() + "\n"), rng);
  EXPECT_EQ(edit.text, ",, " + key() + "\n");
  EXPECT_TRUE(edit.lines.empty());
}

TEST(KnownHostsEdit, NamesEachLineThatCannotBeUnderstood) {
  SeededRng rng(1);
  for (const std::string bad : {"junk", "junk line", "host ssh-rsa", "host ssh-rsa !!!", "host ssh-rsa AAAA",
                                "|1|bad ssh-ed25519 AAAA", "@what host ssh-rsa AAAA"}) {
    SCOPED_TRACE(bad);
    const KnownHostsFile file = file_of("# a\n" + bad + "\na.b " + key() + "\n");
    for (const KnownHostsEdit& edit : {without_host(file, "a.b"), with_hashed_names(file, rng)}) {
      ASSERT_EQ(edit.bad_lines.size(), 1u);
      EXPECT_EQ(edit.bad_lines[0].line, 2u);
      EXPECT_THAT(edit.text, HasSubstr(bad));
    }
  }
  // A type that we do not have is no mistake, if the key says the same.
  const std::string blob = base64_encode(bytes_of(std::string("\0\0\0\7ssh-new", 11)));
  EXPECT_TRUE(without_host(file_of("host ssh-new " + blob + "\n"), "a.b").bad_lines.empty());
}

TEST(KnownHostsEdit, ReplacesTheFileAndKeepsTheOldOne) {
  TemporaryDirectory directory;
  SeededRng rng(1);
  const std::string path = directory.write("known", "old text\n", 0640);
  replace_known_hosts(path, "new text\n", rng);
  EXPECT_EQ(directory.read("known"), "new text\n");
  EXPECT_EQ(directory.read("known.old"), "old text\n");
  EXPECT_EQ(directory.mode("known"), 0640u);
  replace_known_hosts(path, "newer text\n", rng);
  EXPECT_EQ(directory.read("known.old"), "new text\n");
  const auto files = std::filesystem::directory_iterator(directory.path());
  EXPECT_EQ(std::distance(begin(files), end(files)), 2) << "no temporary file is left";
  EXPECT_THROW(replace_known_hosts(directory.path("missing"), "", rng), FileError);
}

// Somebody keeps the file elsewhere and links to it.
TEST(KnownHostsEdit, ALinkStays) {
  TemporaryDirectory directory;
  SeededRng rng(1);
  directory.write("real", "old text\n");
  std::filesystem::create_symlink("real", directory.path("known"));
  replace_known_hosts(directory.path("known"), "new text\n", rng);
  EXPECT_TRUE(std::filesystem::is_symlink(directory.path("known")));
  EXPECT_EQ(directory.read("real"), "new text\n");
  EXPECT_EQ(directory.read("known.old"), "old text\n");
}

// The new text cannot be written: the good file stays.
TEST(KnownHostsEdit, AGoodFileIsNotReplacedByAHalfWrittenOne) {
  TemporaryDirectory directory;
  SeededRng rng(1);
  const std::string path = directory.write("known", "old text\n");
  struct FailingRng final : Rng {
    void fill(MutableBytes) override { throw std::runtime_error("no randomness"); }
  } failing;
  EXPECT_THROW(replace_known_hosts(path, "new text\n", failing), std::runtime_error);
  EXPECT_EQ(directory.read("known"), "old text\n");
  std::filesystem::create_directory(directory.path("known.old"));
  EXPECT_THROW(replace_known_hosts(path, "new text\n", rng), FileError);
  EXPECT_EQ(directory.read("known"), "old text\n");
}

}  // namespace
}  // namespace glassh
