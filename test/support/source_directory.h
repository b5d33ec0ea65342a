// Where the sources are, for tests that read files of theirs: the vectors, the transcripts, a folder's headers.
#pragma once

#include <string>

namespace glassh {

// The repository's root. Known to one translation unit only, so that a compiler cache serves every checkout.
std::string source_directory();

}  // namespace glassh
