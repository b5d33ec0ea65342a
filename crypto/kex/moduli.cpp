#include "crypto/kex/moduli.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <fmt/format.h>

namespace glassh {

namespace {

constexpr std::uint32_t type_safe = 2;       // (p-1)/2 is prime, too
constexpr std::uint32_t test_composite = 1;  // bits of `tests`
constexpr std::size_t fields_of_a_line = 7;

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  constexpr std::string_view blanks = " \t\r";
  for (std::size_t at = line.find_first_not_of(blanks); at != std::string_view::npos;) {
    const std::size_t end = std::min(line.find_first_of(blanks, at), line.size());
    words.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(blanks, end);
  }
  return words;
}

std::optional<std::uint32_t> number_of(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::vector<std::uint8_t>> hexadecimal(std::string_view text) {
  const std::string even = (text.size() % 2 == 0 ? "" : "0") + std::string(text);
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < even.size(); i += 2) {
    std::uint8_t byte = 0;
    const auto [end, error] = std::from_chars(&even[i], &even[i] + 2, byte, 16);
    if (error != std::errc{} || end != &even[i] + 2) return std::nullopt;
    bytes.push_back(byte);
  }
  if (bytes.empty()) return std::nullopt;
  return bytes;
}

struct Line {
  std::optional<DhGroup> group;
  std::string problem;
};

Line parse_line(std::string_view text) {
  const auto problem = [](std::string why) { return Line{std::nullopt, std::move(why)}; };
  const auto words = words_of(text);
  if (words.empty() || words[0].front() == '#') return {};
  if (words.size() != fields_of_a_line) {
    return problem(fmt::format("{} fields; expected 7: time type tests trials size generator modulus", words.size()));
  }
  constexpr std::array<std::string_view, 4> names = {"type", "tests", "trials", "size"};
  std::array<std::uint32_t, 4> numbers{};
  if (words[0].find_first_not_of("0123456789") != std::string_view::npos) {
    return problem(fmt::format("time is \"{:.20}\"; expected digits", words[0]));
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto number = number_of(words[i + 1]);
    if (!number) return problem(fmt::format("{} is \"{:.20}\"; expected a number", names[i], words[i + 1]));
    numbers[i] = *number;
  }
  const auto [type, tests, trials, size] = numbers;
  const auto generator = hexadecimal(words[5]);
  if (!generator) return problem(fmt::format("generator is \"{:.20}\"; expected hexadecimal digits", words[5]));
  const bool tested = (tests & ~test_composite) != 0 && (tests & test_composite) == 0;
  // The file gives the number of the highest bit.
  if (type != type_safe || !tested || size < smallest_group - 1 || size >= largest_group) return {};
  const auto modulus = hexadecimal(words[6]);
  if (!modulus) return problem("modulus has something else than hexadecimal digits");
  DhGroup group = make_group(*modulus, *generator);
  if (group.bits != std::size_t{size} + 1) {
    return problem(fmt::format("modulus has {} bits; expected {}, one more than size says", group.bits, size + 1));
  }
  if (std::string why = problem_with(group); !why.empty()) return problem(fmt::format("no group: {}", why));
  return {std::move(group), {}};
}

bool within(std::size_t bits, const GroupSizes& sizes) { return bits >= sizes.min && bits <= sizes.max; }

// Of `sizes_known` the one that answers the request best; 0 if none is within.
std::size_t best_size(const std::vector<std::size_t>& sizes_known, const GroupSizes& sizes) {
  std::size_t best = 0;
  for (const std::size_t bits : sizes_known) {
    if (!within(bits, sizes)) continue;
    const bool enough = bits >= sizes.n;
    const bool best_enough = best != 0 && best >= sizes.n;
    if (best == 0 || (enough ? !best_enough || bits < best : !best_enough && bits > best)) best = bits;
  }
  return best;
}

}  // namespace

Moduli parse_moduli(std::string_view text) {
  Moduli moduli;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    Line line = parse_line(text.substr(0, end));
    if (line.group) moduli.groups.push_back(std::move(*line.group));
    if (!line.problem.empty()) moduli.problems.push_back(fmt::format("line {}: {}", number, line.problem));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return moduli;
}

const DhGroup* choose_group(const std::vector<DhGroup>& known, const GroupSizes& sizes, Rng& rng) {
  std::vector<std::size_t> sizes_known;
  for (const DhGroup& group : known) sizes_known.push_back(group.bits);
  const std::size_t best = best_size(sizes_known, sizes);
  if (best == 0) {
    const std::size_t fixed = best_size(rfc3526_sizes(), sizes);
    return fixed == 0 ? nullptr : &rfc3526_group(fixed);
  }
  std::vector<const DhGroup*> equals;
  for (const DhGroup& group : known) {
    if (group.bits == best) equals.push_back(&group);
  }
  std::array<std::uint8_t, 8> random{};
  rng.fill(random);
  return equals[get_u64(random.data()) % equals.size()];  // no secret, and 64 bits leave no bias that anybody could see
}

}  // namespace glassh
