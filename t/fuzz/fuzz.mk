# Builds the targets with clang's fuzzer and sanitizers, in the working directory. What they examine is compiled once,
# into an archive from which each takes what it needs. Called by `make fuzz`, which says:
#   srcdir, CXX, AR, CPPFLAGS, LIBS

CODEGEN = -std=c++20 -g1 -O1 -fno-omit-frame-pointer -fno-sanitize-recover=all
SANITIZERS = -fsanitize=fuzzer-no-link,address,undefined
# Kill points: a target has processes die in the middle of what they do to the store.
DEFINES = -D_GLIBCXX_ASSERTIONS -DBAYEUX_KILL_POINTS
INCLUDES = -I$(srcdir)/src -I$(srcdir)/t -I$(srcdir)/t/lib

# Of the loop only what reads bytes; the rest of it is sockets.
sources = $(foreach layer,base protocol broker store,$(wildcard $(srcdir)/src/$(layer)/*.cc)) \
	$(addprefix $(srcdir)/src/loop/,accepted_head.cc head_text.cc http_date.cc session_stream.cc)
objects = $(patsubst $(srcdir)/%.cc,%.o,$(sources))
programs = $(patsubst $(srcdir)/t/fuzz/%.cc,%,$(wildcard $(srcdir)/t/fuzz/fuzz_*.cc))

all: $(programs)

$(objects): %.o: $(srcdir)/%.cc
	@mkdir -p $(@D)
	@echo '  CXX      $@'
	@$(CXX) $(CODEGEN) $(SANITIZERS) $(DEFINES) $(INCLUDES) $(CPPFLAGS) -MMD -MP -c $< -o $@

# What walks the whole segment after each step is not what is examined: three times as fast without tracing.
src/store/verify.o src/store/verify_%.o: SANITIZERS = -fsanitize=address,undefined -O2

libexamined.a: $(objects)
	@rm -f $@
	@$(AR) rcs $@ $^

$(programs): %: $(srcdir)/t/fuzz/%.cc libexamined.a
	@echo '  CXXLD    $@'
	@$(CXX) $(CODEGEN) -fsanitize=fuzzer,address,undefined $(DEFINES) $(INCLUDES) $(CPPFLAGS) -MMD -MP -MF $@.d \
		$< libexamined.a $(LIBS) -o $@

.PHONY: all

-include $(objects:.o=.d) $(programs:=.d)
