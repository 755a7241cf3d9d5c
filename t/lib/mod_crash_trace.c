/* A module for tests: a child that dies of a signal first writes where it was to cores/trace.PID
 * below ServerRoot.
 *
 * A core says more, but not every machine lets processes leave one. httpd's own handler, which says
 * in the error log that the child died, runs afterwards. */
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <httpd.h>

#include <apr_strings.h>
#include <http_config.h>

enum { kMostFrames = 64 };

static const int kSignals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE};
enum { kSignalCount = sizeof(kSignals) / sizeof(kSignals[0]) };

static struct sigaction before[kSignalCount];
static const char* directory;
static const char* path;

static void write_trace(int signal_number) {
    int index = 0;
    while (kSignals[index] != signal_number) {
        ++index;
    }
    sigaction(signal_number, &before[index], NULL);
    const int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file >= 0) {
        const char* thread = syscall(SYS_gettid) == getpid() ? "main thread\n" : "another thread\n";
        void* frames[kMostFrames];
        const int count = backtrace(frames, kMostFrames);
        if (write(file, thread, strlen(thread)) > 0) {
            backtrace_symbols_fd(frames, count, file);
        }
        close(file);
    }
    raise(signal_number); /* blocked until this returns: then httpd's handler has it */
}

static int note_directory(apr_pool_t* pconf, apr_pool_t* plog, apr_pool_t* ptemp, server_rec* s) {
    (void)plog, (void)ptemp, (void)s;
    directory = ap_server_root_relative(pconf, "cores");
    return OK;
}

static void child_init(apr_pool_t* pool, server_rec* s) {
    (void)s;
    path = apr_psprintf(pool, "%s/trace.%d", directory, (int)getpid());
    void* frame;
    backtrace(&frame, 1); /* loads what it needs now, not in a handler */
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = write_trace;
    for (int i = 0; i < kSignalCount; ++i) {
        sigaction(kSignals[i], &action, &before[i]);
    }
}

static void register_hooks(apr_pool_t* pool) {
    (void)pool;
    ap_hook_post_config(note_directory, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(child_init, NULL, NULL, APR_HOOK_MIDDLE);
}

AP_DECLARE_MODULE(crash_trace) = {STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL,
                                  register_hooks,
#if defined(AP_MODULE_FLAG_NONE)
                                  AP_MODULE_FLAG_NONE
#endif
};
