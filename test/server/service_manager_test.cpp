// sd_notify(3): what arrives at the socket that NOTIFY_SOCKET names.
#include "server/service_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "channels/io/fd.h"
#include "test/support/temporary_directory.h"

namespace glassh {
namespace {

using testing::MatchesRegex;

// A service manager's end.
Fd listen_at(std::string name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name.data(), name.size());
  if (name.front() == '@') address.sun_path[0] = '\0';
  Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const void* const generic = &address;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  EXPECT_EQ(::bind(socket.get(), static_cast<const sockaddr*>(generic), size), 0) << name;
  return socket;
}

std::string heard(const Fd& socket) {
  char text[256];
  const ssize_t got = ::recv(socket.get(), text, sizeof text, 0);
  return got < 0 ? "nothing" : std::string(text, static_cast<std::size_t>(got));
}

ServiceManager manager_at(const std::string& name) {
  ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  return ServiceManager::from_environment();
}

TEST(ServiceManager, IsToldWhatHappens) {
  const TemporaryDirectory directory;
  const std::string abstract = fmt::format("@glassh-test-{}", ::getpid());
  for (const std::string& name : {directory.path("notify"), abstract}) {
    const Fd socket = listen_at(name);
    const ServiceManager manager = manager_at(name);
    EXPECT_EQ(heard(socket), "nothing");
    manager.ready();
    EXPECT_EQ(heard(socket), fmt::format("READY=1\nMAINPID={}", ::getpid()));
    manager.reloading();
    EXPECT_THAT(heard(socket), MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+"));
    manager.stopping();
    EXPECT_EQ(heard(socket), "STOPPING=1");
  }
}

TEST(ServiceManager, TheVariableIsNotLeftToPrograms) {
  manager_at("@glassh-test-nobody");
  EXPECT_EQ(std::getenv("NOTIFY_SOCKET"), nullptr);
}

TEST(ServiceManager, NobodyOrNonsenseIsNoReasonToFail) {
  ::unsetenv("NOTIFY_SOCKET");
  ServiceManager::from_environment().ready();
  for (const std::string& name : {std::string(), std::string("@"), std::string("relative"), "/" + std::string(500, 'x'),
                                  std::string("/nonexistent/socket"), std::string("vsock:2:1234")}) {
    manager_at(name).ready();
  }
}

}  // namespace
}  // namespace glassh
