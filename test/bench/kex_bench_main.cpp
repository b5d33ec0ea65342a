// What the key exchange methods cost, in microseconds of one core: the client's share, the server's answer, and the
// client's half of the secret. The median of many.
//
//   kex_bench [METHOD...]     all whose shares need no group from the server
#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "crypto/kex/kex_method.h"

namespace {

using namespace glassh;

template <class Act>
double median_microseconds(Act act) {
  constexpr std::size_t times = 101;
  std::vector<double> taken;
  for (std::size_t i = 0; i < times; ++i) {
    const auto start = std::chrono::steady_clock::now();
    act();
    taken.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(taken.begin(), taken.end());
  return taken[times / 2];
}

void measure(std::string_view name) {
  SystemRng rng;
  const auto client = make_kex_method(name);
  const auto server = make_kex_method(name);
  const double start = median_microseconds([&] { client->start(rng); });
  const std::vector<std::uint8_t> client_share = copy_of(client->start(rng));
  const double respond = median_microseconds([&] { server->respond(client_share, rng); });
  const std::vector<std::uint8_t> server_share = copy_of(server->respond(client_share, rng));
  const double finish = median_microseconds([&] { client->finish(server_share); });
  fmt::print("{:36} start {:8.1f}  respond {:8.1f}  finish {:8.1f}\n", name, start, respond, finish);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string_view> names(argv + 1, argv + argc);
  if (names.empty()) {
    names = kex_names();
    std::erase_if(names, [](std::string_view name) { return name.find("group-exchange") != name.npos; });
  }
  for (const std::string_view name : names) measure(name);
  return 0;
}
