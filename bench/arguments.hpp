// The command line: --name VALUE pairs and --switches. Each is taken once by whoever knows it; what
// nobody took, or was wrong, is an error.
#ifndef BAYEUX_BENCH_ARGUMENTS_HPP
#define BAYEUX_BENCH_ARGUMENTS_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "bench/endpoint.hpp"

namespace bayeux::bench {

class Arguments {
  public:
    explicit Arguments(std::span<const char* const> words);

    [[nodiscard]] bool flag(std::string_view name);
    [[nodiscard]] std::uint32_t count(std::string_view name, std::uint32_t fallback,
                                      std::uint32_t least, std::uint32_t most);
    [[nodiscard]] double number(std::string_view name, double fallback, double least, double most);
    // Which of the words it is; the first if it was not given.
    [[nodiscard]] std::size_t choice(std::string_view name,
                                     std::initializer_list<std::string_view> words);
    // Mandatory unless there is a fallback.
    [[nodiscard]] Endpoint endpoint(std::string_view name, std::optional<Endpoint> fallback = {});

    // What is wrong with the command line; empty if nothing. To be asked when all was taken.
    [[nodiscard]] std::string complaint();

  private:
    [[nodiscard]] std::optional<std::string> take(std::string_view name);
    void complain(std::string text);

    std::map<std::string, std::string, std::less<>> values_;
    std::string complaint_;
};

}  // namespace bayeux::bench

#endif
