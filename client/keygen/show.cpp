// Prints a key's public line (-y), its fingerprints (-l), and its DNS records (-r: RFC 4255, RFC 6594, RFC 7479).
#include <array>
#include <cstdio>

#include <fmt/format.h>

#include "auth/key_lines.h"
#include "client/keygen/files.h"
#include "config/say.h"
#include "crypto/keys/randomart.h"

namespace glassh {
namespace {

void print_fingerprint(const PublicKey& key, std::string_view comment, const KeygenOptions& options) {
  say(stdout, "{} {} {} ({})\n", key.bits(), key.fingerprint(options.hash), on_one_line(comment), key.short_type());
  if (options.verbose > 0) say(stdout, "{}\n", randomart(key, options.hash));
}

// Empty, too, where it takes a passphrase to read it.
std::string comment_inside(const std::string& path) {
  try {
    return load_private_key(path).comment;
  } catch (const KeyFileError&) {
    return {};
  }
}

// As ssh-keygen shows a private key's file: with the comment of the .pub beside it, or its own, or that file's name.
void print_private_fingerprint(const std::string& path, const KeygenOptions& options) {
  const FoundPublicKey found = find_public_key(path);
  const std::string comment = found.comment.empty() ? comment_inside(path) : found.comment;
  const std::string none = file_exists(path + ".pub") ? path + ".pub" : "no comment";
  print_fingerprint(found.key, comment.empty() ? none : comment, options);
}

// Up to the next blank that is not in quotes: the options of a line of authorized_keys may have blanks in them.
std::string_view take_field(std::string_view& line) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < line.size() && (quoted || (line[end] != ' ' && line[end] != '\t')); ++end) {
    if (line[end] == '\\' && end + 1 < line.size() && line[end + 1] == '"') {
      ++end;
    } else if (line[end] == '"') {
      quoted = !quoted;
    }
  }
  const std::string_view field = line.substr(0, end);
  line = without_blanks_around(line.substr(end));
  return field;
}

// A key line, after nothing, options, a host name, or a marker and a host name.
bool print_line_fingerprint(std::string_view line, const KeygenOptions& options) {
  constexpr int most_fields = 2;
  std::string_view in_front = line.substr(0, 0);
  for (int fields = 0; fields <= most_fields; ++fields) {
    try {
      const PublicKeyLine parsed = parse_public_key_line(line);
      const std::string_view other = in_front.empty() ? "no comment" : in_front;
      print_fingerprint(parsed.key, parsed.comment.empty() ? other : parsed.comment, options);
      return true;
    } catch (const std::runtime_error&) {
      in_front = take_field(line);
    }
  }
  return false;
}

}  // namespace

int print_public_key(const KeygenOptions& options, KeygenContext& context) {
  const std::string path = key_file_of(options, context);
  const OpenedKey opened = open_private_key(path, options, context, fmt::format("Enter passphrase for \"{}\": ", path),
                                            fmt::format("Load key \"{}\"", path));
  const std::string comment = on_one_line(opened.file.comment);
  say(stdout, "{}{}{}\n", opened.file.key.public_key().line(), comment.empty() ? "" : " ", comment);
  return 0;
}

int print_fingerprints(const KeygenOptions& options, KeygenContext& context) {
  const bool from_input = options.file == "-";
  const std::string path = from_input || options.file ? *options.file : key_file_of(options, context);
  const std::string text = read_whole(path);
  const bool is_private = text.substr(0, text.find('\n')).find("PRIVATE KEY") != std::string::npos;
  if (is_private && !from_input) {
    print_private_fingerprint(path, options);
    return 0;
  }
  bool any = false;
  TextLines lines(text);
  while (const auto line = lines.next()) any = print_line_fingerprint(line->text, options) || any;
  if (!any) throw KeygenFailure(fmt::format("{} is not a public key file.", from_input ? "(stdin)" : path));
  return 0;
}

namespace {

struct RecordAlgorithm {
  std::string_view type;
  int number;
};
// RFC 4255 section 3.1.1, RFC 6594 section 3, RFC 7479 section 2.
constexpr std::array<RecordAlgorithm, 5> record_algorithms = {{{"ssh-rsa", 1},
                                                               {"ecdsa-sha2-nistp256", 3},
                                                               {"ecdsa-sha2-nistp384", 3},
                                                               {"ecdsa-sha2-nistp521", 3},
                                                               {"ssh-ed25519", 4}}};
struct RecordHash {
  HashName hash;
  int number;
};
// RFC 4255 section 3.1.2, RFC 6594 section 2.1.
constexpr std::array<RecordHash, 2> record_hashes = {{{HashName::sha1, 1}, {HashName::sha256, 2}}};

void print_records(const PublicKey& key, const KeygenOptions& options) {
  for (const RecordAlgorithm& algorithm : record_algorithms) {
    if (algorithm.type != key.type()) continue;
    for (const RecordHash& hash : record_hashes) {
      const Digest digest = Hash(hash.hash).raw(key.blob()).finish();
      if (options.generic_record) {  // RFC 3597 section 5, for name servers that do not know SSHFP
        say(stdout, "{} IN TYPE44 \\# {} {:02x} {:02x} {}\n", options.name, 2 + digest.bytes().size(), algorithm.number,
            hash.number, hex(digest.bytes()));
      } else {
        say(stdout, "{} IN SSHFP {} {} {}\n", options.name, algorithm.number, hash.number, hex(digest.bytes()));
      }
    }
  }
}

}  // namespace

int print_dns_records(const KeygenOptions& options, KeygenContext&) {
  if (options.file) {
    print_records(find_public_key(*options.file).key, options);
    return 0;
  }
  bool any = false;
  for (const std::string_view type : {"rsa", "ecdsa", "ed25519"}) {
    const std::string path = fmt::format("/etc/ssh/ssh_host_{}_key.pub", type);
    if (!file_exists(path)) continue;
    print_records(find_public_key(path).key, options);
    any = true;
  }
  if (!any) throw KeygenFailure("no keys found: there is no host key in /etc/ssh; name a file with -f.");
  return 0;
}

}  // namespace glassh
