#include "channels/io/name_lookup.h"

#include <cerrno>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace glassh {

// The data that a lookup's thread shares with the coroutine that waits for it. Either may be gone first.
struct NameLookup::Lookup {
  Lookup(std::string name, std::uint16_t port_number, int address_family)
      : host(std::move(name)), port(port_number), family(address_family) {}

  const std::string host;
  const std::uint16_t port;
  const int family;
  Fd answered = {};  // an eventfd
  std::mutex mutex = {};
  LookupResult result = {};
};

namespace {

// At once, in the whole program; more wait in line.
constexpr unsigned most_threads = 32;

struct FreeAddresses {
  void operator()(addrinfo* addresses) const { ::freeaddrinfo(addresses); }
};

LookupResult look_up(const std::string& host, std::uint16_t port, int family, int flags) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* first = nullptr;
  const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &first);
  const int system_error = errno;
  if (error != 0) return {{}, error == EAI_SYSTEM ? std::strerror(system_error) : ::gai_strerror(error)};
  const std::unique_ptr<addrinfo, FreeAddresses> owned(first);
  LookupResult result;
  for (const addrinfo* each = first; each != nullptr; each = each->ai_next) {
    NetworkAddress address;
    if (each->ai_addrlen > sizeof address.bytes) continue;
    std::memcpy(&address.bytes, each->ai_addr, each->ai_addrlen);
    address.size = each->ai_addrlen;
    result.addresses.push_back(address);
  }
  return result;
}

using Lookup = NameLookup::Lookup;

// Threads that exist while there is something to look up.
class LookupThreads {
 public:
  void add(std::shared_ptr<Lookup> lookup) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(lookup));
    if (threads_ == most_threads) return;
    std::thread([this] { work(); }).detach();
    ++threads_;
  }

 private:
  void work() {
    while (const std::shared_ptr<Lookup> lookup = next()) {
      LookupResult result = look_up(lookup->host, lookup->port, lookup->family, 0);
      {
        const std::lock_guard lock(lookup->mutex);
        lookup->result = std::move(result);
      }
      ::eventfd_write(lookup->answered.get(), 1);
    }
  }

  // Null: the thread is counted no more, and ends.
  std::shared_ptr<Lookup> next() {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) {
      --threads_;
      return nullptr;
    }
    auto lookup = std::move(waiting_.front());
    waiting_.pop_front();
    return lookup;
  }

  std::mutex mutex_;
  std::deque<std::shared_ptr<Lookup>> waiting_;
  unsigned threads_ = 0;
};

// Never destroyed: a thread may outlive main.
LookupThreads& lookup_threads() {
  static LookupThreads* const threads = new LookupThreads;
  return *threads;
}

}  // namespace

std::uint16_t NetworkAddress::port() const {
  // Both families have it in the same place, but the standard does not say so.
  if (family() == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &bytes, sizeof v4);
    return ntohs(v4.sin_port);
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, &bytes, sizeof v6);
  return family() == AF_INET6 ? ntohs(v6.sin6_port) : std::uint16_t{0};
}

void NetworkAddress::set_port(std::uint16_t port) {
  if (family() == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &bytes, sizeof v4);
    v4.sin_port = htons(port);
    std::memcpy(&bytes, &v4, sizeof v4);
  } else if (family() == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &bytes, sizeof v6);
    v6.sin6_port = htons(port);
    std::memcpy(&bytes, &v6, sizeof v6);
  }
}

std::string NetworkAddress::host() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (family() == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &bytes, sizeof v4);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
  } else if (family() == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &bytes, sizeof v6);
    const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
    const void* const digits = mapped ? &v6.sin6_addr.s6_addr[12] : &v6.sin6_addr.s6_addr[0];
    ::inet_ntop(mapped ? AF_INET : AF_INET6, digits, text, sizeof text);
  }
  return text;
}

LookupResult look_up_here(const std::string& host, std::uint16_t port, int family) {
  return look_up(host, port, family, 0);
}

asio::awaitable<LookupResult> NameLookup::find(std::string host, std::uint16_t port, int family) {
  LookupResult at_once = look_up(host, port, family, AI_NUMERICHOST);
  if (!at_once.addresses.empty()) co_return at_once;
  const auto lookup = std::make_shared<Lookup>(std::move(host), port, family);
  const std::string problem = start(lookup);
  if (!problem.empty()) co_return LookupResult{{}, problem};
  co_await answered_.readable();
  answered_.close();
  if (cancelled_) co_return LookupResult{{}, std::strerror(ECANCELED)};
  const std::lock_guard lock(lookup->mutex);
  co_return std::move(lookup->result);
}

// Empty, or why it could not be started.
std::string NameLookup::start(const std::shared_ptr<Lookup>& lookup) {
  if (cancelled_) return std::strerror(ECANCELED);
  try {
    Fd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!event) return std::strerror(errno);
    lookup->answered = Fd::duplicate(event.get());
    answered_ = Descriptor::own(executor_, std::move(event));
    lookup_threads().add(lookup);
  } catch (const std::system_error& error) {  // no descriptor, no thread
    return error.code().message();
  }
  return {};
}

void NameLookup::cancel() {
  cancelled_ = true;
  answered_.close();
}

}  // namespace glassh
