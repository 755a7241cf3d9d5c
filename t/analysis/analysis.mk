# Static analysis, in the working directory: a stamp for each source that is clean, so that what has not changed is not
# examined again. Called by `make analyse`, which says:
#   srcdir, TIDY, CXX, CPPCHECK, CPPFLAGS (system headers only)

# The build directory is above this one: it has the files that the build makes.
INCLUDES = -I$(srcdir)/src -I../src -I$(srcdir) -I$(srcdir)/include
FLAGS = -std=c++20 $(INCLUDES) $(CPPFLAGS)
# As in a debug build: what assert() looks at is used.
WARNINGS = -Wall -Wextra -Wshadow -Wthread-safety -Werror

sources = $(patsubst $(srcdir)/%,%,$(wildcard $(srcdir)/src/*/*.cc))
headers = $(wildcard $(srcdir)/src/*.h $(srcdir)/src/*/*.hpp)

all: threads tidy cppcheck.ok
threads: $(sources:.cc=.threads)
tidy: $(sources:.cc=.tidy)

$(sources:.cc=.threads): %.threads: $(srcdir)/%.cc
	@mkdir -p $(@D)
	@echo '  CLANG    $<'
	@$(CXX) $(FLAGS) $(WARNINGS) -fsyntax-only -MMD -MP -MF $@.d -MT $@ $<
	@touch $@

$(sources:.cc=.tidy): %.tidy: $(srcdir)/%.cc $(srcdir)/.clang-tidy %.threads
	@echo '  TIDY     $<'
	@$(TIDY) --quiet --config-file=$(srcdir)/.clang-tidy $< -- $(FLAGS) >$@.log 2>&1 || { cat $@.log; exit 1; }
	@touch $@

cppcheck.ok: $(addprefix $(srcdir)/,$(sources)) $(headers) $(srcdir)/t/analysis/cppcheck.txt
	@echo '  CPPCHECK src'
	@$(CPPCHECK) --quiet --error-exitcode=1 --std=c++20 --language=c++ --inline-suppr \
		--enable=warning,performance,portability --suppressions-list=$(srcdir)/t/analysis/cppcheck.txt \
		--force '-DAPR_DECLARE_EXTERNAL_HOOK(ns,link,ret,name,args)=' $(INCLUDES) $(srcdir)/src
	@touch $@

.PHONY: all threads tidy

-include $(addsuffix .d,$(sources:.cc=.threads))
