#include <algorithm>
#include <csignal>
#include <cstddef>
#include <span>
#include <sys/time.h>
#include <vector>

#include "base/entropy.hpp"
#include "cmocka.hpp"

namespace {

using bayeux::KernelEntropy;

extern "C" void ignore_signal(int /*signal*/) {}

// Fills `size` bytes while a signal without SA_RESTART arrives every 2 ms.
std::vector<std::byte> fill_under_signals(std::size_t size) {
    struct sigaction action = {};
    action.sa_handler = ignore_signal;
    sigaction(SIGALRM, &action, nullptr);
    const itimerval often = {{0, 2000}, {0, 2000}};
    setitimer(ITIMER_REAL, &often, nullptr);

    std::vector<std::byte> bytes(size);
    KernelEntropy entropy;
    const bool filled = entropy.fill(bytes);

    const itimerval never = {};
    setitimer(ITIMER_REAL, &never, nullptr);
    // The handler stays: a last signal may be on its way.
    return filled ? bytes : std::vector<std::byte>{};
}

bool is_all_zero(std::span<const std::byte> bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

// The number of 64-byte blocks that stayed as they were, SIZE_MAX if filling failed.
std::size_t blank_blocks_under_signals(std::size_t size) {
    const std::vector<std::byte> bytes = fill_under_signals(size);
    if (bytes.empty()) {
        return SIZE_MAX;
    }
    std::size_t blank = 0;
    for (std::size_t at = 0; at + 64 <= size; at += 64) {
        blank += is_all_zero(std::span(bytes).subspan(at, 64)) ? 1U : 0U;
    }
    return blank;
}

// One call of getrandom(2) yields at most 32 MiB - 1 bytes, so that this takes several even without
// a signal.
void fill_when_read_in_parts_then_every_byte_is_random(void** /*state*/) {
    assert_int_equal(blank_blocks_under_signals(std::size_t{40} << 20U), 0);
}

void fill_when_called_twice_then_bytes_differ(void** /*state*/) {
    KernelEntropy entropy;
    std::byte first[20] = {};
    std::byte second[20] = {};
    assert_true(entropy.fill(first));
    assert_true(entropy.fill(second));
    assert_memory_not_equal(first, second, sizeof first);
}

void fill_when_empty_then_true(void** /*state*/) {
    KernelEntropy entropy;
    assert_true(entropy.fill({}));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(fill_when_read_in_parts_then_every_byte_is_random),
        cmocka_unit_test(fill_when_called_twice_then_bytes_differ),
        cmocka_unit_test(fill_when_empty_then_true),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
