// cmocka for C++: its header declares no C linkage of its own, and wants these four before it.
#ifndef BAYEUX_T_LIB_CMOCKA_HPP
#define BAYEUX_T_LIB_CMOCKA_HPP

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

extern "C" {
#include <cmocka.h>
}

// Macros of these names would break std::ios::fail() and members of ours that are called so.
#undef fail
#undef skip

#endif
