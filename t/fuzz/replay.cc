// Runs a fuzz target over files instead of a fuzzer: with its seeds it is a test for any compiler.
// Every argument is a file, or a directory whose files are taken.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace {

bool replay(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), {});
    if (!file.is_open() || file.bad()) {
        static_cast<void>(std::fprintf(stderr, "cannot read %s\n", path.c_str()));
        return false;
    }
    // A target aborts where it fails: the name is the last thing seen then.
    std::printf("%s\n", path.c_str());
    static_cast<void>(std::fflush(stdout));
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    return true;
}

bool replay_all(const std::filesystem::path& path) {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) {
        return replay(path);
    }
    bool all = true;
    std::filesystem::directory_iterator entries(path, error);
    for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
        all = replay(entries->path()) && all;
    }
    return all && !error;
}

}  // namespace

int main(int count, char** arguments) {
    bool all = count > 1;
    for (int i = 1; i < count; ++i) {
        all = replay_all(arguments[i]) && all;
    }
    return all ? 0 : 1;
}
