#include "channels/io/name_lookup.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "channels/io/holdings.h"
#include "test/support/patience.h"

namespace glassh {
namespace {

using Answers = std::shared_ptr<std::vector<LookupResult>>;

asio::awaitable<void> look(std::shared_ptr<NameLookup> lookup, std::string host, Answers answers) {
  answers->push_back(co_await lookup->find(std::move(host), 80));
}

std::vector<std::string> hosts_of(const LookupResult& result) {
  std::vector<std::string> hosts;
  for (const NetworkAddress& address : result.addresses) hosts.push_back(address.host());
  return hosts;
}

LookupResult found_without_a_call(const std::string& host, int family = AF_UNSPEC) {
  const auto at_once = look_up_at_once(host, 80, family);
  EXPECT_TRUE(at_once) << host;
  return at_once.value_or(LookupResult{});
}

TEST(NameLookup, LocalhostIsKnownWithoutANameService) {
  const std::vector<std::string> both = {"::1", "127.0.0.1"};
  for (const char* const host : {"localhost", "LocalHost", "localhost.", "printer.localhost", "printer.localhost."}) {
    EXPECT_EQ(hosts_of(found_without_a_call(host)), both) << host;
  }
  EXPECT_EQ(hosts_of(found_without_a_call("localhost", AF_INET)), std::vector<std::string>{"127.0.0.1"});
  EXPECT_EQ(hosts_of(found_without_a_call("localhost", AF_INET6)), std::vector<std::string>{"::1"});
  EXPECT_EQ(found_without_a_call("localhost").addresses.at(1).port(), 80);
  EXPECT_EQ(hosts_of(found_without_a_call("192.0.2.7")), std::vector<std::string>{"192.0.2.7"});
  for (const char* const host : {"notlocalhost", "localhost.example", "localhost..", "", "."}) {
    EXPECT_FALSE(look_up_at_once(host, 80, AF_UNSPEC)) << host;
  }
}

TEST(NameLookup, OneThatIsCancelledEndsAtOnceAndCountsNoMoreForItsCaller) {
  asio::io_context io(1);
  const auto answers = std::make_shared<std::vector<LookupResult>>();
  const auto caller = std::make_shared<SlowCaller>("ann", "192.0.2.1");
  for (std::size_t round = 0; round < 2 * SlowCaller::most_lookups; ++round) {
    const auto lookup = std::make_shared<NameLookup>(io.get_executor(), caller);
    asio::co_spawn(io, look(lookup, "no-such-host.invalid", answers), asio::detached);
    io.poll();
    lookup->cancel();
    io.restart();
    io.run();
    ASSERT_EQ(answers->size(), round + 1);
    EXPECT_NE(answers->back().problem, "too many lookups are pending");
  }
}

TEST(NameLookup, TooManyAtOnceAreRefused) {
  asio::io_context io(1);
  const auto answers = std::make_shared<std::vector<LookupResult>>();
  const auto caller = std::make_shared<SlowCaller>("ann", "192.0.2.1");
  std::vector<std::shared_ptr<NameLookup>> lookups;
  for (std::size_t i = 0; i <= SlowCaller::most_lookups; ++i) {
    lookups.push_back(std::make_shared<NameLookup>(io.get_executor(), caller));
    asio::co_spawn(io, look(lookups.back(), "no-such-host.invalid", answers), asio::detached);
  }
  // The others are begun before, and have their answers only after it.
  EXPECT_TRUE(test::run_until(io, [&] { return !answers->empty(); }));
  EXPECT_EQ(answers->front().problem, "too many lookups are pending");
  for (const auto& lookup : lookups) lookup->cancel();
  EXPECT_TRUE(test::run_until(io, [&] { return answers->size() == lookups.size(); }));
  EXPECT_NE(answers->back().problem, "too many lookups are pending");
  EXPECT_TRUE(test::run_until(io, [] { return holdings().lookups == 0; }));
}

}  // namespace
}  // namespace glassh
