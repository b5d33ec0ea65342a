#include "server/login/passwords.h"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <cstring>
#include <optional>

#include <crypt.h>

#include "channels/io/signal.h"
#include "channels/io/thread.h"
#include "crypto/constant_time.h"

namespace glassh {
namespace {

namespace asio = boost::asio;

// What is hashed with where there is no hash to compare with: SHA-512 crypt with its usual cost.
constexpr std::string_view nobodys_setting = "$6$glasshdNobody$";

bool can_match(Bytes hash) { return !hash.empty() && hash[0] != '!' && hash[0] != '*'; }

SecretBytes terminated(Bytes text) {
  SecretBytes copy(text.size() + 1);
  std::copy(text.begin(), text.end(), copy.reveal().begin());
  return copy;
}

const char* c_string(const SecretBytes& terminated_text) { return text_of(terminated_text.reveal()).data(); }

// crypt(3) works in here, the password's copy included.
struct CryptMemory {
  crypt_data data{};
  ~CryptMemory() {
    void* const begin = &data;
    wipe({static_cast<std::uint8_t*>(begin), sizeof data});
  }
};

// crypt(3) says that it failed by NULL or by a text that begins with '*', which is never a hash. Empty then.
SecretBytes hash_of(const SecretBytes& password, const SecretBytes& setting) {
  const auto memory = std::make_unique<CryptMemory>();
  const char* const made = ::crypt_r(c_string(password), c_string(setting), &memory->data);
  if (made == nullptr || made[0] == '*') return {};
  return SecretBytes(bytes_of(made));
}

// One check, shared by the connection that waits and the thread that hashes. Whoever waits may go at any time (a login
// that takes too long, a client that left, the end of the program): then nobody of its thread is touched any more.
struct Check {
  SecretBytes hash, password;
  EmptyPassword empty;
  asio::any_io_executor executor;  // of the connection
  std::mutex mutex;                // of the next two
  Signal* finished = nullptr;      // the connection's; null when it has gone
  std::optional<bool> matches = std::nullopt;

  bool abandoned() {
    const std::lock_guard lock(mutex);
    return finished == nullptr;
  }
  std::optional<bool> answer() {
    const std::lock_guard lock(mutex);
    return matches;
  }
};

void hash_and_tell(const std::shared_ptr<Check>& check) {
  if (check->abandoned()) return;
  const bool matches = password_matches(check->hash.reveal(), check->password.reveal(), check->empty);
  const std::lock_guard lock(check->mutex);
  if (check->finished == nullptr) return;
  check->matches = matches;
  asio::post(check->executor, [check] {
    const std::lock_guard lock(check->mutex);
    if (check->finished != nullptr) check->finished->raise();
  });
}

}  // namespace

bool password_matches(Bytes hash, Bytes password, EmptyPassword empty) {
  if (password.size() > longest_password) return false;
  const SecretBytes setting = terminated(can_match(hash) ? hash : bytes_of(nobodys_setting));
  const SecretBytes made = hash_of(terminated(password), setting);
  if (password.empty() && empty == EmptyPassword::refuse) return false;
  if (hash.empty()) return password.empty();
  // crypt(3) reads up to the first NUL; what follows it would not count.
  const bool whole = std::find(password.begin(), password.end(), 0) == password.end();
  return can_match(hash) && whole && !made.empty() && equal_in_constant_time(made.reveal(), hash);
}

Passwords::~Passwords() {
  more_comes_.reset();
  for (std::thread& thread : threads_) thread.join();
}

// Half of the processors, so that the other half serves those who are in.
void Passwords::start() {
  std::call_once(started_, [this] {
    const std::size_t number = std::max(1U, std::thread::hardware_concurrency() / 2);
    threads_.reserve(number);
    while (threads_.size() < number) threads_.push_back(start_thread("passwords", [this] { work_.run(); }));
  });
}

// MaxStartups bounds how many wait here: a connection tries one password at a time.
asio::awaitable<bool> Passwords::check(SecretBytes hash, SecretBytes password, EmptyPassword empty) {
  start();
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  Signal finished(executor);
  const auto check = std::make_shared<Check>();
  check->hash = std::move(hash);
  check->password = std::move(password);
  check->empty = empty;
  check->executor = executor;
  check->finished = &finished;
  struct Leaving {
    Check& check;
    ~Leaving() {
      const std::lock_guard lock(check.mutex);
      check.finished = nullptr;
    }
  } const leaving{*check};
  asio::post(work_, [check] { hash_and_tell(check); });
  // Not by co_spawn into the other thread: cancelling such a coroutine from here races with its end over there.
  while (!check->answer()) co_await finished.wait();
  co_return *check->answer();
}

}  // namespace glassh
