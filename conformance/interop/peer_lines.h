// What a peer's program in C++ is told and answers: lines of fields between tabs, as libraries.py says.
//
//     run_client([](const Login& login) { …; return answer("ok", {status, host_key, text}); });
#pragma once

#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

constexpr const char* expected_command = "cat; echo done >&2; exit 7";

struct Login {
  int port;
  std::string user, key, source, target;
  unsigned long rekey_bytes;
  std::vector<std::string> directions;  // empty, or cipher and MAC to the server, cipher and MAC back
  bool compress;
  std::string command;
};

inline std::vector<std::string> split(const std::string& line, char between = '\t') {
  std::vector<std::string> fields;
  std::istringstream stream(line);
  for (std::string field; std::getline(stream, field, between);) fields.push_back(field);
  return fields;
}

// REKEY is a number, or number/cipher/MAC/cipher/MAC.
inline std::vector<std::string> directions_of(const std::string& rekey) {
  const auto parts = split(rekey, '/');
  return parts.size() == 5 ? std::vector<std::string>(parts.begin() + 1, parts.end()) : std::vector<std::string>();
}

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + " cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  if (!file.write(text.data(), static_cast<std::streamsize>(text.size())).flush()) {
    throw std::runtime_error(path + " cannot be written");
  }
}

inline std::string one_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (auto& c : text) {
    if (c == '\t' || c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

inline void require(bool condition, const std::string& what) {
  if (!condition) throw std::runtime_error(what);
}

// Answers each line of standard input with what log_in, given the login, returns or throws.
template <class LogIn>
int run_client(LogIn log_in) {
  for (std::string line; std::getline(std::cin, line);) {
    try {
      const auto f = split(line);
      require(f.size() == 9, "nine fields expected: " + line);
      const Login login{std::stoi(f[1]),     f[2],        f[3], f[4], f[5], std::stoul(f[6]),
                        directions_of(f[6]), f[7] != "0", f[8]};
      std::cout << log_in(login) << std::endl;
    } catch (const std::exception& failure) {
      std::cout << "failed\t" << one_line(failure.what()) << std::endl;
    }
  }
  return 0;
}

inline std::string ok(int status, const std::string& host_key, const std::string& standard_error) {
  return "ok\t" + std::to_string(status) + "\t" + host_key + "\t" + one_line(standard_error);
}
