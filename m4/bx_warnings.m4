# BX_FLAG_IF_SUPPORTED(VARIABLE, FLAG)
# ------------------------------------
# Append FLAG to VARIABLE if the compiler of the current language takes it. clang only warns about flags that it does
# not know, hence -Werror.
AC_DEFUN([BX_FLAG_IF_SUPPORTED], [
AS_VAR_PUSHDEF([bx_var], [bx_cv_[]_AC_LANG_ABBREV[]_flag_$2])
AC_CACHE_CHECK([whether the _AC_LANG compiler takes $2], [bx_var],
    [bx_saved_flags=$[]_AC_LANG_PREFIX[]FLAGS
     _AC_LANG_PREFIX[]FLAGS="$bx_saved_flags -Werror $2"
     AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
        [AS_VAR_SET([bx_var], [yes])], [AS_VAR_SET([bx_var], [no])])
     _AC_LANG_PREFIX[]FLAGS=$bx_saved_flags])
AS_VAR_IF([bx_var], [yes], [$1="$$1 $2"])
AS_VAR_POPDEF([bx_var])
])

# BX_STANDARD
# -----------
# C++20 and C11, without GNU extensions.
AC_DEFUN([BX_STANDARD], [
BX_CXX_STANDARD="-std=c++20"
AC_LANG_PUSH([C++])
AC_MSG_CHECKING([whether $CXX speaks C++20])
bx_saved_flags=$CXXFLAGS
CXXFLAGS="$CXXFLAGS $BX_CXX_STANDARD"
AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
#include <bit>
#include <concepts>
#include <span>
template <std::integral T> T twice(T x) { return x + x; }
]], [[std::span<int> none; return twice(std::bit_cast<int>(0)) + static_cast<int>(none.size());]])],
    [AC_MSG_RESULT([yes])],
    [AC_MSG_ERROR([$CXX does not compile C++20: g++ 12 and clang 14 do])])
CXXFLAGS=$bx_saved_flags
AC_LANG_POP([C++])
BX_C_STANDARD="-std=c11"
AC_SUBST([BX_CXX_STANDARD])
AC_SUBST([BX_C_STANDARD])
])

# BX_WARNINGS(WERROR)
# -------------------
AC_DEFUN([BX_WARNINGS], [
BX_C_WARNINGS=
m4_foreach_w([bx_flag], [-Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wundef
                         -Wimplicit-fallthrough],
    [BX_FLAG_IF_SUPPORTED([BX_C_WARNINGS], bx_flag)])
AC_LANG_PUSH([C++])
BX_CXX_WARNINGS=
m4_foreach_w([bx_flag], [-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
                         -Woverloaded-virtual -Wold-style-cast -Wcast-align=strict -Wuseless-cast -Wnull-dereference
                         -Wduplicated-cond -Wlogical-op -Wformat=2 -Wswitch-enum -Wundef -Wimplicit-fallthrough
                         -Wthread-safety],
    [BX_FLAG_IF_SUPPORTED([BX_CXX_WARNINGS], bx_flag)])
AC_LANG_POP([C++])
AS_IF([test "$1" = yes], [BX_C_WARNINGS="$BX_C_WARNINGS -Werror"; BX_CXX_WARNINGS="$BX_CXX_WARNINGS -Werror"])
AC_SUBST([BX_C_WARNINGS])
AC_SUBST([BX_CXX_WARNINGS])
])

# BX_CODEGEN(SANITIZERS, DEBUG)
# -----------------------------
# What is common to all our objects: hardening in a release, checks in a debug or sanitizer build.
AC_DEFUN([BX_CODEGEN], [
BX_CPPFLAGS=
BX_C_CODEGEN=
AC_LANG_PUSH([C])
BX_FLAG_IF_SUPPORTED([BX_C_CODEGEN], [-fstack-protector-strong])
AC_LANG_POP([C])
AC_LANG_PUSH([C++])
BX_CXX_CODEGEN=
BX_FLAG_IF_SUPPORTED([BX_CXX_CODEGEN], [-fstack-protector-strong])
# Unique symbols keep glibc from unloading the module, and httpd loads it twice.
BX_FLAG_IF_SUPPORTED([BX_CXX_CODEGEN], [-fvisibility=hidden])
BX_FLAG_IF_SUPPORTED([BX_CXX_CODEGEN], [-fvisibility-inlines-hidden])
BX_FLAG_IF_SUPPORTED([BX_CXX_CODEGEN], [-fno-gnu-unique])
AC_LANG_POP([C++])
BX_LDFLAGS="-Wl,-z,relro -Wl,-z,now"
AS_IF([test -n "$1"],
    [bx_sanitize="-fsanitize=$1 -fno-omit-frame-pointer"
     BX_C_CODEGEN="$BX_C_CODEGEN $bx_sanitize"
     BX_CXX_CODEGEN="$BX_CXX_CODEGEN $bx_sanitize"
     BX_LDFLAGS="$BX_LDFLAGS $bx_sanitize"])
AS_IF([test -n "$1" || test "$2" = yes],
    [BX_CPPFLAGS="-D_GLIBCXX_ASSERTIONS"],
    [BX_CPPFLAGS="-DNDEBUG -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"])
AC_SUBST([BX_CPPFLAGS])
AC_SUBST([BX_C_CODEGEN])
AC_SUBST([BX_CXX_CODEGEN])
AC_SUBST([BX_LDFLAGS])
])
