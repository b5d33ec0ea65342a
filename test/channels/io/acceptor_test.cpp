#include "channels/io/acceptor.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include "channels/io/private_socket.h"
#include "test/support/no_descriptors.h"
#include "test/support/temporary_directory.h"

namespace glassh {
namespace {

class AcceptorTest : public testing::Test {
 protected:
  AcceptorTest() {
    SocketPair sockets = make_socket_pair();
    other_end_ = std::move(sockets.second);
    hub_ = std::make_shared<Hub>(io_.get_executor(), std::move(sockets.first), Fd());
    acceptor_ = Acceptor::start(
        hub_, socket_.release_descriptor(), [this](Fd peer) { taken_.push_back(std::move(peer)); },
        [this](int error) { errors_.push_back(error); });
  }
  ~AcceptorTest() override {
    hub_->finish();
    run();
  }
  void run() {
    io_.restart();
    while (io_.poll() > 0) io_.restart();
  }

  asio::io_context io_{1};
  TemporaryDirectory directory_;
  PrivateSocket socket_ = PrivateSocket::at(directory_.path("socket"));
  Fd other_end_;
  std::shared_ptr<Hub> hub_;
  std::vector<Fd> taken_;
  std::vector<int> errors_;
  std::shared_ptr<Acceptor> acceptor_;
};

TEST_F(AcceptorTest, TakesEveryConnection) {
  std::vector<Fd> peers;
  for (int i = 0; i < 20; ++i) peers.push_back(connect_to_socket(socket_.path()));
  run();
  EXPECT_EQ(taken_.size(), 20u);
}

TEST_F(AcceptorTest, ClosesAtOnceWhatTheConnectionMayNotHave) {
  const Fd peer = connect_to_socket(socket_.path());
  {
    const test::NoDescriptors none;
    run();
  }
  EXPECT_TRUE(taken_.empty());
  char byte = 0;
  EXPECT_EQ(::recv(peer.get(), &byte, 1, MSG_DONTWAIT), 0) << "it was not closed";
  const Fd later = connect_to_socket(socket_.path());
  run();
  EXPECT_EQ(taken_.size(), 1u);
}

TEST_F(AcceptorTest, DoesNotStartWhenTheConnectionMayHaveNoMoreDescriptors) {
  const test::NoDescriptors none;
  PrivateSocket another = PrivateSocket::at(directory_.path("another"));
  EXPECT_THROW(Acceptor::start(hub_, another.release_descriptor(), [](const Fd&) {}), std::system_error);
}

TEST_F(AcceptorTest, TakesNothingAfterItsEnd) {
  const Fd before = connect_to_socket(socket_.path());
  acceptor_->close();
  run();
  EXPECT_TRUE(taken_.empty());
  EXPECT_THROW(connect_to_socket(socket_.path()), std::system_error);
}

TEST_F(AcceptorTest, EndsWithWhoeverHoldsItAndWithTheConnection) {
  const Fd before = connect_to_socket(socket_.path());
  acceptor_.reset();
  run();
  EXPECT_TRUE(taken_.empty());
}

TEST_F(AcceptorTest, WithoutDescriptorsItWaitsInsteadOfSpinning) {
  const Fd peer = connect_to_socket(socket_.path());
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit none{0, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  run();
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(errors_, std::vector{EMFILE}) << "asked once";
  io_.restart();
  while (taken_.empty() && io_.run_one_for(std::chrono::seconds(10)) > 0) io_.restart();
  EXPECT_EQ(taken_.size(), 1u);
}

TEST_F(AcceptorTest, AnExceptionOfItsOwnerEndsTheConnectionAndNotTheLoop) {
  TemporaryDirectory directory;
  PrivateSocket socket = PrivateSocket::at(directory.path("other"));
  const auto acceptor =
      Acceptor::start(hub_, socket.release_descriptor(), [](Fd) { throw std::runtime_error("no room"); });
  const Fd peer = connect_to_socket(socket.path());
  run();
  const std::exception_ptr failure = hub_->take_failure();
  ASSERT_TRUE(failure != nullptr);
  EXPECT_THROW(std::rethrow_exception(failure), std::runtime_error);
}

}  // namespace
}  // namespace glassh
