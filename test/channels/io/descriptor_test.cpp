// Descriptors of every kind, ours and borrowed: what is there is read and written, nothing blocks, and borrowed ones
// stay as they were for whoever shares them.
#include "channels/io/descriptor.h"

#include <array>
#include <csignal>
#include <filesystem>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "test/support/patience.h"
#include "test/support/temporary_directory.h"

namespace glassh {
namespace {

using Access = Descriptor::Access;

struct DescriptorTest : testing::Test {
  DescriptorTest() { std::signal(SIGPIPE, SIG_IGN); }

  asio::io_context io;

  // True if it returned within the time of a test.
  bool finishes(asio::awaitable<void> work) {
    bool done = false;
    asio::co_spawn(io, std::move(work), [&](const std::exception_ptr& error) { done = error == nullptr; });
    return test::run_until(io, [&] { return done; });
  }
  // True if it is still waiting after everything else has settled.
  bool waits(asio::awaitable<void> work, const std::function<void()>& release) {
    bool done = false;
    asio::co_spawn(io, std::move(work), [&](const std::exception_ptr&) { done = true; });
    io.restart();
    io.run_for(std::chrono::milliseconds(20));
    const bool waited = !done;
    release();
    return test::run_until(io, [&] { return done; }) && waited;
  }
};

std::string read_text(Descriptor& descriptor) {
  std::vector<std::uint8_t> space(1000);
  const IoResult got = descriptor.read(space);
  return std::string(text_of(Bytes(space).first(got.size)));
}

bool is_non_blocking(int fd) { return (::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0; }

struct Pty {
  Fd terminal;  // what a program has
  Fd keyboard;  // what an emulator has
};
Pty make_pty() {
  int master = -1, slave = -1;
  termios raw{};
  ::cfmakeraw(&raw);
  raw.c_cc[VMIN] = 1;
  if (::openpty(&master, &slave, nullptr, &raw, nullptr) != 0) throw std::runtime_error("openpty");
  return {Fd(slave), Fd(master)};
}

// Two ends of each kind that can be waited for: bytes go from `from` to `to`.
struct Kind {
  std::string name;
  Fd from, to;
};
std::vector<Kind> pollable_kinds() {
  std::vector<Kind> kinds;
  Pipe pipe = make_pipe();
  kinds.push_back({"pipe", std::move(pipe.write_end), std::move(pipe.read_end)});
  // One that only root may open again, as after sudo.
  Pipe foreign = make_pipe();
  ::fchmod(foreign.read_end.get(), 0);
  kinds.push_back({"pipe of another user", std::move(foreign.write_end), std::move(foreign.read_end)});
  SocketPair sockets = make_socket_pair();
  kinds.push_back({"socket", std::move(sockets.first), std::move(sockets.second)});
  Pty in = make_pty();
  kinds.push_back({"terminal, read", std::move(in.keyboard), std::move(in.terminal)});
  Pty out = make_pty();
  kinds.push_back({"terminal, written", std::move(out.terminal), std::move(out.keyboard)});
  return kinds;
}

TEST_F(DescriptorTest, OwnedOnesWaitUntilThereIsSomething) {
  for (Kind& kind : pollable_kinds()) {
    auto to = Descriptor::own(io.get_executor(), std::move(kind.to));
    std::uint8_t byte = 0;
    EXPECT_TRUE(to.read({&byte, 1}).would_block()) << kind.name;
    EXPECT_TRUE(waits(to.readable(), [&] { EXPECT_EQ(::write(kind.from.get(), "abc", 3), 3); })) << kind.name;
    EXPECT_EQ(read_text(to), "abc") << kind.name;
    EXPECT_TRUE(to.read({&byte, 1}).would_block()) << kind.name;
  }
}

TEST_F(DescriptorTest, BorrowedOnesWaitAndKeepTheirFlags) {
  for (Kind& kind : pollable_kinds()) {
    auto to = Descriptor::borrow(io.get_executor(), kind.to.get(), Access::read);
    auto from = Descriptor::borrow(io.get_executor(), kind.from.get(), Access::write);
    std::uint8_t byte = 0;
    EXPECT_TRUE(to.read({&byte, 1}).would_block()) << kind.name;
    EXPECT_TRUE(finishes(from.writable())) << kind.name;
    EXPECT_TRUE(waits(to.readable(), [&] { EXPECT_EQ(from.write(bytes_of("abc")).size, 3u); })) << kind.name;
    EXPECT_EQ(read_text(to), "abc") << kind.name;
    EXPECT_FALSE(is_non_blocking(kind.to.get())) << kind.name;
    EXPECT_FALSE(is_non_blocking(kind.from.get())) << kind.name;
    to.close();
    from.close();
    EXPECT_EQ(::write(kind.from.get(), "d", 1), 1) << kind.name << ": the original is still open";
  }
}

TEST_F(DescriptorTest, WritersNeverBlockWhenNobodyReads) {
  for (Kind& kind : pollable_kinds()) {
    if (kind.name == "terminal, read") continue;  // a terminal that cannot be opened again; see descriptor.h
    auto from = Descriptor::borrow(io.get_executor(), kind.from.get(), Access::write);
    const std::vector<std::uint8_t> much(300'000, 'x');
    std::size_t written = 0;
    IoResult put;
    while (written < 10'000'000 && !(put = from.write(much)).would_block()) {
      ASSERT_FALSE(put.failed()) << kind.name;
      written += put.size;
    }
    EXPECT_TRUE(put.would_block()) << kind.name;
    EXPECT_FALSE(is_non_blocking(kind.from.get())) << kind.name;
    std::vector<std::uint8_t> space(1'000'000);
    const auto drain = [&] {
      ::fcntl(kind.to.get(), F_SETFL, O_NONBLOCK);
      while (::read(kind.to.get(), space.data(), space.size()) > 0) {
      }
    };
    if (kind.name.starts_with("terminal")) {  // the kernel makes a little room by itself, a little later
      drain();
      EXPECT_TRUE(finishes(from.writable())) << kind.name;
    } else {
      EXPECT_TRUE(waits(from.writable(), drain)) << kind.name;
    }
    EXPECT_GT(from.write(much).size, 0u) << kind.name;
  }
}

TEST_F(DescriptorTest, SmallReadSaysThatNothingIsLeft) {
  Pipe pipe = make_pipe();
  Descriptor reader = Descriptor::own(io.get_executor(), std::move(pipe.read_end));
  std::array<std::uint8_t, 4096> space;
  ASSERT_EQ(::write(pipe.write_end.get(), "ten bytes.", 10), 10);
  EXPECT_FALSE(reader.read(MutableBytes(space).first(4)).nothing_left()) << "there was no space for more";
  const IoResult rest = reader.read(space);
  EXPECT_EQ(rest.size, 6u);
  EXPECT_TRUE(rest.nothing_left());
  EXPECT_TRUE(reader.read(space).nothing_left());
  ASSERT_EQ(::write(pipe.write_end.get(), space.data(), 2000), 2000);
  EXPECT_FALSE(reader.read(space).nothing_left()) << "where that much came, more may be on its way";
  pipe.write_end.close();
  EXPECT_FALSE(reader.read(space).nothing_left()) << "the end is not a reason to wait";
  // The end of a file comes at once, too.
  Descriptor file = Descriptor::own(io.get_executor(), Fd(::open("/etc/passwd", O_RDONLY | O_CLOEXEC)));
  while (const std::size_t size = file.read(MutableBytes(space).first(100)).size) EXPECT_LE(size, 100u);
  EXPECT_FALSE(file.read(space).nothing_left());
}

TEST_F(DescriptorTest, EndOfFileIsNothingWithoutAnError) {
  for (const bool borrowed : {false, true}) {
    for (Kind& kind : pollable_kinds()) {
      if (kind.name.starts_with("terminal")) continue;  // has no end of file, but an error
      Descriptor to = borrowed ? Descriptor::borrow(io.get_executor(), kind.to.get(), Access::read)
                               : Descriptor::own(io.get_executor(), std::move(kind.to));
      kind.from.close();
      EXPECT_TRUE(finishes(to.readable()));
      std::uint8_t byte = 0;
      const IoResult got = to.read({&byte, 1});
      EXPECT_EQ(got.size, 0u) << kind.name;
      EXPECT_EQ(got.error, 0) << kind.name;
    }
  }
}

TEST_F(DescriptorTest, ReaderThatLeftIsAnError) {
  for (const bool borrowed : {false, true}) {
    for (Kind& kind : pollable_kinds()) {
      if (kind.name.starts_with("terminal")) continue;
      Descriptor from = borrowed ? Descriptor::borrow(io.get_executor(), kind.from.get(), Access::write)
                                 : Descriptor::own(io.get_executor(), std::move(kind.from));
      kind.to.close();
      EXPECT_TRUE(finishes(from.writable())) << kind.name;
      const IoResult put = from.write(bytes_of("x"));
      EXPECT_TRUE(put.failed()) << kind.name;
      EXPECT_EQ(put.error, EPIPE) << kind.name;
    }
  }
}

TEST_F(DescriptorTest, FilesAndTheNullDeviceAreAlwaysReady) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/file";
  Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  auto written = Descriptor::borrow(io.get_executor(), file.get(), Access::write);
  EXPECT_TRUE(finishes(written.writable()));
  EXPECT_EQ(written.write(bytes_of("hello")).size, 5u);
  EXPECT_EQ(::lseek(file.get(), 0, SEEK_SET), 0);
  auto read = Descriptor::own(io.get_executor(), std::move(file));
  EXPECT_TRUE(finishes(read.readable()));
  EXPECT_EQ(read_text(read), "hello");
  EXPECT_TRUE(finishes(read.readable()));
  EXPECT_EQ(read_text(read), "");

  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  auto nothing = Descriptor::borrow(io.get_executor(), null.get(), Access::read);
  EXPECT_TRUE(finishes(nothing.readable()));
  EXPECT_EQ(read_text(nothing), "");
  auto hole = Descriptor::borrow(io.get_executor(), null.get(), Access::write);
  EXPECT_TRUE(finishes(hole.writable()));
  EXPECT_EQ(hole.write(bytes_of("x")).size, 1u);
  bool called = false;
  hole.when_writable([&] { called = true; });
  EXPECT_FALSE(called) << "never from within";
  io.restart();
  io.poll();
  EXPECT_TRUE(called);
}

TEST_F(DescriptorTest, ClosingEndsAWait) {
  for (const bool borrowed : {false, true}) {
    for (Kind& kind : pollable_kinds()) {
      Descriptor to = borrowed ? Descriptor::borrow(io.get_executor(), kind.to.get(), Access::read)
                               : Descriptor::own(io.get_executor(), std::move(kind.to));
      EXPECT_TRUE(waits(to.readable(), [&] { to.close(); })) << kind.name;
      EXPECT_FALSE(to.is_open());
      std::uint8_t byte = 0;
      EXPECT_TRUE(to.read({&byte, 1}).failed());
    }
  }
}

TEST_F(DescriptorTest, PiecesGoOutInOneCallAndInOrder) {
  Pipe pipe = make_pipe();
  auto out = Descriptor::own(io.get_executor(), std::move(pipe.write_end));
  const std::vector<Bytes> pieces = {bytes_of("one "), bytes_of("two "), bytes_of("three")};
  EXPECT_EQ(out.write(pieces).size, 13u);
  EXPECT_EQ(out.write(std::vector<Bytes>{}).size, 0u);
  auto in = Descriptor::own(io.get_executor(), std::move(pipe.read_end));
  EXPECT_EQ(read_text(in), "one two three");
}

TEST_F(DescriptorTest, MovedOnesTakeEverythingAlong) {
  Pipe first = make_pipe();
  Pipe second = make_pipe();
  const int number = first.read_end.get();
  auto a = Descriptor::own(io.get_executor(), std::move(first.read_end));
  auto b = Descriptor::own(io.get_executor(), std::move(second.read_end));
  a = std::move(b);
  EXPECT_EQ(::fcntl(number, F_GETFD), -1) << "what it had is closed";
  EXPECT_FALSE(b.is_open());
  EXPECT_TRUE(waits(a.readable(), [&] { EXPECT_EQ(::write(second.write_end.get(), "x", 1), 1); }));
  EXPECT_EQ(read_text(a), "x");
}

TEST(Fd, HasOneOwner) {
  Pipe pipe = make_pipe();
  const int number = pipe.read_end.get();
  EXPECT_TRUE(::fcntl(number, F_GETFD) & FD_CLOEXEC);
  Fd other = std::move(pipe.read_end);
  EXPECT_FALSE(pipe.read_end);
  EXPECT_EQ(other.get(), number);
  const Fd copy = Fd::duplicate(number);
  EXPECT_NE(copy.get(), number);
  EXPECT_TRUE(::fcntl(copy.get(), F_GETFD) & FD_CLOEXEC);
  other = Fd();
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
  EXPECT_THROW(Fd::duplicate(number), std::system_error);
}

}  // namespace
}  // namespace glassh
