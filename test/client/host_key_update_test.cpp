// UpdateHostKeys against servers that mean ill: whatever they announce or fail to prove, the user's files stay as they
// are, and the session goes on. What honest servers bring about is compared with OpenSSH's ssh in
// conformance/keys/update_host_keys_test.py.
#include "client/host_key_update.h"

#include <gmock/gmock.h>

#include "proto/messages_forward.h"
#include "test/client/ssh_client_fixture.h"
#include "test/support/test_keys.h"

namespace glassh {
namespace {

using testing::HasSubstr;
using testing::Not;

using Blobs = std::vector<std::vector<std::uint8_t>>;

struct HostKeyUpdateTest : SshClientTest {
  HostKeyUpdateTest() {
    SeededRng same_seed{3};  // as ScriptedServer makes its host key
    login = PrivateKey::generate("ssh-ed25519", same_seed).public_key();
    config_.user_known_hosts_files = {home_.path("known_hosts")};
    log_level_ = LogLevel::debug1;
    before = "example.com " + login->line() + "\nexample.com " + old.line() + "\n";
  }

  static std::vector<std::uint8_t> blob(const PublicKey& key) { return copy_of(key.blob()); }

  // The file after a session with a server that announces these and then answers the request for proofs so.
  std::string after(const Blobs& announced, std::function<void(PacketWriter&, Bytes)> answer = {}) {
    home_.write("known_hosts", before);
    requests = 0;
    const auto start = after_start([](PacketWriter& writer) {
      writer.send(msg::ChannelClose{0});
      return true;
    });
    log = run({.script = [&, start](PacketWriter& writer, Bytes payload) {
            msg::HostKeys keys;
            for (const auto& each : announced) keys.host_keys.items.push_back({each});
            const auto details = encode(keys);
            if (payload.empty()) writer.send(msg::GlobalRequest{msg::HostKeys::name, false, {details}});
            if (payload.empty() || payload[0] != message_number::global_request) return start(writer, payload);
            const auto request = decode<msg::GlobalRequest>(payload);
            if (request.request_name != msg::HostKeysProve::name) return true;
            ++requests;
            if (answer) answer(writer, request.request_specific_data.bytes);
            return true;
          }}).log;
    return home_.read("known_hosts");
  }

  static void reply(PacketWriter& writer, const Blobs& signatures) {
    msg::HostKeysProveReply proofs;
    for (const auto& each : signatures) proofs.signatures.items.push_back({each});
    const auto details = encode(proofs);
    writer.send(msg::RequestSuccess{{details}});
  }

  // A signature as it should be, but for the session identifier.
  static std::vector<std::uint8_t> signed_for_another_session(const PrivateKey& by, const PublicKey& about) {
    const std::vector<std::uint8_t> session(32, 1);
    const auto data = encode(msg::HostKeyProofSignedData{.session_identifier = session, .host_key = about.blob()});
    return by.sign(by.public_key().type() == "ssh-rsa" ? "rsa-sha2-512" : by.public_key().type(), data);
  }

  std::optional<PublicKey> login;
  PrivateKey ecdsa = test_key("ecdsa");
  PrivateKey rsa = test_key("rsa2048");
  PublicKey old = test_key("ed25519").public_key();
  std::string before, log;
  int requests = 0;
};

// That the fixture would see a change: to forget a key takes no proof.
TEST_F(HostKeyUpdateTest, AKeyThatIsNotAnnouncedIsForgotten) {
  EXPECT_EQ(after({blob(*login)}), "example.com " + login->line() + "\n");
  EXPECT_EQ(home_.read("known_hosts.old"), before);
  EXPECT_EQ(requests, 0);
  EXPECT_THAT(log, HasSubstr("Deprecating obsolete hostkey: ED25519 " + old.fingerprint()));
}

TEST_F(HostKeyUpdateTest, WithoutAProofNothingIsWritten) {
  EXPECT_EQ(after({blob(*login), blob(ecdsa.public_key())}), before);
  EXPECT_EQ(requests, 1);
  const auto refuse = [](PacketWriter& writer, Bytes) { writer.send(msg::RequestFailure{}); };
  EXPECT_EQ(after({blob(*login), blob(ecdsa.public_key())}, refuse), before);
  EXPECT_THAT(log, HasSubstr("Server failed to confirm ownership of private host keys"));
  EXPECT_THAT(log, Not(HasSubstr("Learned new hostkey")));
}

// [openssh-hostkeys-2.5-4] breaks
TEST_F(HostKeyUpdateTest, AWrongProofIsNone) {
  const Blobs both = {blob(*login), blob(ecdsa.public_key()), blob(rsa.public_key())};
  const auto ecdsa_proof = signed_for_another_session(ecdsa, ecdsa.public_key());
  const auto rsa_proof = signed_for_another_session(rsa, rsa.public_key());
  const std::vector<Blobs> wrong = {
      {ecdsa_proof, rsa_proof},        // another session's
      {rsa_proof, ecdsa_proof},        // in the wrong order
      {ecdsa_proof},                   // too few
      {ecdsa_proof, rsa_proof, {}},    // too many
      {{}, {}},                        // empty
      {{}},                            //
      {},                              //
      {{0, 0, 0, 255}, {0xff, 1, 2}},  // no signatures
  };
  for (const Blobs& signatures : wrong) {
    const auto answer = [&signatures](PacketWriter& writer, Bytes) { reply(writer, signatures); };
    EXPECT_EQ(after(both, answer), before) << signatures.size();
    EXPECT_EQ(requests, 1);
    EXPECT_THAT(log, Not(HasSubstr("Learned new hostkey")));
  }
}

TEST_F(HostKeyUpdateTest, AReplyThatDoesNotDecodeEndsTheConnectionAndWritesNothing) {
  const auto answer = [](PacketWriter& writer, Bytes) {
    const std::vector<std::uint8_t> cut = {0, 0, 0, 200, 1};
    writer.send(msg::RequestSuccess{{cut}});
  };
  EXPECT_EQ(after({blob(*login), blob(ecdsa.public_key())}, answer), before);
}

// Past vulnerability 61: an answer to nothing is not stored, nor taken for one that was asked for.
TEST_F(HostKeyUpdateTest, AnAnswerThatNobodyAskedForEndsTheConnection) {
  const auto twice = [](PacketWriter& writer, Bytes) {
    writer.send(msg::RequestFailure{});
    reply(writer, {});
  };
  EXPECT_EQ(after({blob(*login), blob(ecdsa.public_key())}, twice), before);
  EXPECT_THAT(log, HasSubstr("SSH_MSG_REQUEST_SUCCESS"));
}

TEST_F(HostKeyUpdateTest, AKeyThatComesTwiceSpoilsTheList) {
  EXPECT_EQ(after({blob(*login), blob(ecdsa.public_key()), blob(*login)}), before);
  EXPECT_EQ(requests, 0);
  EXPECT_THAT(log, HasSubstr("received duplicated ssh-ed25519 host key"));
}

TEST_F(HostKeyUpdateTest, ThousandsOfKeysAreNoList) {
  Blobs many;
  SeededRng rng{8};
  for (std::uint32_t i = 0; i < 2000; ++i) {
    many.push_back(blob(*login));
    rng.fill(MutableBytes(many.back()).last(32));
  }
  EXPECT_EQ(after(many), before);
  EXPECT_EQ(requests, 0);
  EXPECT_THAT(log, HasSubstr("announces 2000 host keys"));
}

// What is no key, or none that may log in here, is left out; what is left then is no reason to forget a key by.
TEST_F(HostKeyUpdateTest, NothingUsableIsNoList) {
  config_.host_key_algorithms = {"ssh-ed25519", "rsa-sha2-512"};
  config_.required_rsa_size = 4096;
  const Blobs unusable = {{}, {1, 2, 3}, blob(ecdsa.public_key()), blob(rsa.public_key())};
  EXPECT_EQ(after(unusable), before);
  EXPECT_EQ(after({}), before);
  EXPECT_EQ(requests, 0);
}

TEST_F(HostKeyUpdateTest, ShortRsaKeysAndOtherTypesAreNotLearned) {
  config_.host_key_algorithms = {"ssh-ed25519", "rsa-sha2-512"};
  config_.required_rsa_size = 4096;
  before = "example.com " + login->line() + "\n";
  EXPECT_EQ(after({blob(*login), blob(ecdsa.public_key()), blob(rsa.public_key())}), before);
  EXPECT_EQ(requests, 0);
}

// The key of the login was remembered, but nobody has looked at it.
TEST_F(HostKeyUpdateTest, AKeyThatNobodyTrustedVouchesForNone) {
  before = "";
  EXPECT_EQ(after({blob(*login), blob(ecdsa.public_key())}), "example.com " + login->line() + "\n");
  EXPECT_EQ(requests, 0);
  before = "example.com " + old.line() + "\n";  // another one is known, and StrictHostKeyChecking is no
  EXPECT_EQ(after({blob(*login)}), before);
  EXPECT_THAT(log, HasSubstr("UpdateHostkeys is disabled because the host key is not trusted."));
}

TEST_F(HostKeyUpdateTest, WhoDoesNotWantItIsLeftAlone) {
  config_.update_host_keys = UpdateHostKeys::no;
  EXPECT_EQ(after({blob(*login)}), before);
  config_.update_host_keys = UpdateHostKeys::ask;  // and nobody to ask
  EXPECT_EQ(after({blob(*login)}), before);
}

TEST_F(HostKeyUpdateTest, AFileThatCannotBeReadIsNotChanged) {
  config_.user_known_hosts_files.push_back(home_.path("."));
  EXPECT_EQ(after({blob(*login)}), before);
  EXPECT_THAT(log, HasSubstr("UpdateHostKeys: "));
}

}  // namespace
}  // namespace glassh
