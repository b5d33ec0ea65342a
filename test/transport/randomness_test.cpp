// Past vulnerability 79: a generator that was seeded with too little gave many hosts the same keys. Where randomness
// comes from is checked over the whole source (test/checks/layering.py); here, that connections share none of it.
#include <set>

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include "crypto/kex/kex_method.h"
#include "test/support/plain_packets.h"
#include "test/support/transport_pair.h"

namespace glassh {
namespace {

std::string cookie_of_new_connection(Rng& rng, Role role) {
  TransportSettings settings;
  settings.kex.role = role;
  settings.kex.proposal = default_proposal();
  Transport transport(settings, rng, nullptr);
  const std::vector<std::uint8_t> said = test::take_ready(transport.writer());
  const std::size_t line = text_of(said).find('\n');
  PacketReader reader;
  test::feed(reader, Bytes(said).subspan(line + 1));
  const auto payload = reader.next_payload();
  return payload ? hex(decode<msg::KexInit>(*payload).cookie) : "";
}

TEST(Randomness, NoTwoConnectionsShareACookie) {
  SystemRng rng;
  SystemRng another;
  std::set<std::string> cookies;
  for (int i = 0; i < 100; ++i) {
    for (const Role role : {Role::client, Role::server}) {
      cookies.insert(cookie_of_new_connection(rng, role));
      cookies.insert(cookie_of_new_connection(another, role));
    }
  }
  EXPECT_EQ(cookies.size(), 400u);
  EXPECT_FALSE(cookies.contains(""));
}

TEST(Randomness, NoTwoExchangesShareAKey) {
  SystemRng rng;
  for (const std::string_view name : kex_names()) {
    if (name.find("group-exchange") != name.npos) continue;  // its group comes first; then it is as the other groups
    std::set<std::string> shares;
    for (int i = 0; i < 4; ++i) shares.insert(hex(make_kex_method(name)->start(rng)));
    EXPECT_EQ(shares.size(), 4u) << name;
  }
}

TEST(Randomness, NoTwoKeysAreTheSame) {
  SystemRng rng;
  for (const std::string_view type :
       {"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"}) {
    std::set<std::string> keys;
    for (int i = 0; i < 8; ++i) keys.insert(PrivateKey::generate(type, rng).public_key().fingerprint());
    EXPECT_EQ(keys.size(), 8u) << type;
  }
}

// A process and the one that it forks begin with the same memory, the generator's included.
TEST(Randomness, ForkedProcessesDrawOtherBytes) {
  SystemRng rng;
  std::array<std::uint8_t, 16> warm_up{};
  rng.fill(warm_up);
  std::set<std::string> drawn;
  for (int child = 0; child < 2; ++child) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
      std::array<std::uint8_t, 16> bytes{};
      rng.fill(bytes);
      ::_exit(::write(ends[1], bytes.data(), bytes.size()) == 16 ? 0 : 1);
    }
    std::array<std::uint8_t, 16> bytes{};
    EXPECT_EQ(::read(ends[0], bytes.data(), bytes.size()), 16);
    EXPECT_EQ(::waitpid(pid, nullptr, 0), pid);
    ::close(ends[0]);
    ::close(ends[1]);
    drawn.insert(hex(bytes));
  }
  std::array<std::uint8_t, 16> own{};
  rng.fill(own);
  drawn.insert(hex(own));
  EXPECT_EQ(drawn.size(), 3u);
}

}  // namespace
}  // namespace glassh
