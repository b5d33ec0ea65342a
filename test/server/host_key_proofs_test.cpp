#include "server/host_key_proofs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "proto/messages_forward.h"
#include "server/host_key_signer.h"
#include "test/server/log_lines.h"
#include "test/server/login/fake_record.h"
#include "test/support/plain_packets.h"
#include "test/support/test_keys.h"

namespace glassh {
namespace {

namespace asio = boost::asio;
using testing::HasSubstr;

// The keeper's record of a connection that has logged in, as HostKeyProofs sees it. It signs whatever it is asked to,
// so that what HostKeyProofs itself refuses is seen; LoginDesk's refusals are in login_desk_test.
struct SigningRecord final : test::FakeRecord {
  asio::awaitable<std::vector<std::uint8_t>> prove_host_key(Bytes host_key) override {
    const std::string type(PublicKey::decode(host_key).type());
    const auto data = encode(msg::HostKeyProofSignedData{.session_identifier = session_id, .host_key = host_key});
    co_return signer.sign(host_key, type == "ssh-rsa" ? "rsa-sha2-512" : type, data);
  }
  HostKeySigner signer;
  std::vector<std::uint8_t> session_id = std::vector<std::uint8_t>(32, 5);
};

// A server with an Ed25519 key, an ECDSA key and two of RSA.
struct HostKeyProofsTest : testing::Test {
  HostKeyProofsTest() {
    for (const char* name : {"ed25519", "ecdsa", "rsa2048", "rsa3072"}) record.signer.add(test_key(name));
    keys = record.signer.public_keys();
  }

  Bytes blob(std::size_t index) const { return keys.all().at(index).blob(); }

  // The reply to a request for these keys, or nothing.
  std::optional<std::vector<std::uint8_t>> prove(const std::vector<Bytes>& blobs) {
    msg::HostKeysProve request;
    for (const Bytes each : blobs) request.host_keys.items.push_back({each});
    const std::vector<std::uint8_t> bytes = encode(request);
    boost::asio::io_context io;
    auto reply = boost::asio::co_spawn(io, proofs.prove(bytes), boost::asio::use_future);
    io.run();
    return reply.get();
  }

  bool right(std::size_t index, std::string_view algorithm, Bytes signature) const {
    const auto data =
        encode(msg::HostKeyProofSignedData{.session_identifier = record.session_id, .host_key = blob(index)});
    return keys.all().at(index).verify(algorithm, data, signature);
  }

  test::LogLines lines;
  SigningRecord record;
  HostKeys keys;
  HostKeyProofs proofs{keys, record, lines.log};
};

// [openssh-hostkeys-2.5-1] keeps
TEST_F(HostKeyProofsTest, EveryKeyIsAnnouncedOnceAndNoAnswerIsWanted) {
  test::PlainWriter out;
  Channels channels(out.writer, {}, 10, nullptr);
  proofs.announce(channels, "SSH-2.0-OpenSSH_9.9");
  const auto request = out.take_only<msg::GlobalRequest>();
  EXPECT_EQ(request.request_name, "hostkeys-00@openssh.com");
  EXPECT_FALSE(request.want_reply);
  const auto announced = decode<msg::HostKeys>(request.request_specific_data.bytes);
  ASSERT_EQ(announced.host_keys.items.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_TRUE(equal(announced.host_keys.items[i].host_key, blob(i))) << i;
}

// [openssh-hostkeys-2.5-2] keeps
TEST_F(HostKeyProofsTest, EachKeyAskedForSignsTheSessionIdentifier) {
  const auto reply = prove({blob(2), blob(1), blob(0)});
  ASSERT_TRUE(reply);
  const auto signatures = decode<msg::HostKeysProveReply>(*reply).signatures.items;
  ASSERT_EQ(signatures.size(), 3u);
  EXPECT_TRUE(right(2, "rsa-sha2-512", signatures[0].signature));
  EXPECT_TRUE(right(1, "ecdsa-sha2-nistp256", signatures[1].signature));
  EXPECT_TRUE(right(0, "ssh-ed25519", signatures[2].signature));
}

// [openssh-hostkeys-2.5-3] keeps
TEST_F(HostKeyProofsTest, AKeySignsOncePerConnection) {
  EXPECT_FALSE(prove({blob(0), blob(0)}));
  EXPECT_TRUE(prove({blob(0)}));
  EXPECT_FALSE(prove({blob(0)}));
  EXPECT_FALSE(prove({blob(1), blob(0)}));
  EXPECT_TRUE(prove({blob(1)}));
  EXPECT_THAT(lines.text(), HasSubstr("asked twice to prove one host key"));
}

TEST_F(HostKeyProofsTest, NothingIsSignedForAKeyThatIsNotOurs) {
  SeededRng rng{9};
  const PrivateKey strange = PrivateKey::generate("ssh-ed25519", rng);
  EXPECT_FALSE(prove({blob(0), strange.public_key().blob()}));
  EXPECT_FALSE(prove({bytes_of("no key at all")}));
  EXPECT_FALSE(prove({}));
  EXPECT_THAT(lines.text(), HasSubstr("a host key that is not ours"));
  EXPECT_TRUE(prove({blob(0)}));  // it has not been used up
}

TEST_F(HostKeyProofsTest, ARequestThatDoesNotDecodeIsTheClientsFault) {
  const std::vector<std::uint8_t> cut = {0, 0, 0, 9, 1};
  boost::asio::io_context io;
  auto reply = boost::asio::co_spawn(io, proofs.prove(cut), boost::asio::use_future);
  io.run();
  EXPECT_THROW(reply.get(), ProtocolError);
}

}  // namespace
}  // namespace glassh
