// What most sources include of the standard library, for `make precompiled`; no source includes
// this.
#ifndef BAYEUX_T_LIB_STANDARD_HPP
#define BAYEUX_T_LIB_STANDARD_HPP

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#endif
