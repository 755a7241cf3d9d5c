// bayeux bench: load for a Bayeux server, and proof that it delivers what it should.
#ifndef BAYEUX_BENCH_BENCH_HPP
#define BAYEUX_BENCH_BENCH_HPP

#include <span>

namespace bayeux::bench {

// The words behind `bench`. Returns the exit code: 0 when all was verified, 1 when not, 2 for a
// wrong command line.
[[nodiscard]] int run(std::span<const char* const> words);

}  // namespace bayeux::bench

#endif
