// Which lock guards what, in terms that clang checks (-Wthread-safety). Other compilers see
// nothing.
#ifndef BAYEUX_BASE_ANNOTATIONS_HPP
#define BAYEUX_BASE_ANNOTATIONS_HPP

#if defined(__clang__)
#define BAYEUX_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define BAYEUX_THREAD_ANNOTATION(x)
#endif

// On types: a lock, and an object that holds a lock as long as it lives.
#define BAYEUX_CAPABILITY(name) BAYEUX_THREAD_ANNOTATION(capability(name))
#define BAYEUX_SCOPED_CAPABILITY BAYEUX_THREAD_ANNOTATION(scoped_lockable)

// On members: read and written only under that lock; the second for what a pointer points to.
#define BAYEUX_GUARDED_BY(lock) BAYEUX_THREAD_ANNOTATION(guarded_by(lock))
#define BAYEUX_PT_GUARDED_BY(lock) BAYEUX_THREAD_ANNOTATION(pt_guarded_by(lock))

// On functions: what the caller must hold, and must not hold.
#define BAYEUX_REQUIRES(...) BAYEUX_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define BAYEUX_EXCLUDES(...) BAYEUX_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))

// On functions: what they do to the lock.
#define BAYEUX_ACQUIRE(...) BAYEUX_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define BAYEUX_TRY_ACQUIRE(...) BAYEUX_THREAD_ANNOTATION(try_acquire_capability(__VA_ARGS__))
#define BAYEUX_RELEASE(...) BAYEUX_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define BAYEUX_ASSERT_CAPABILITY(lock) BAYEUX_THREAD_ANNOTATION(assert_capability(lock))
#define BAYEUX_RETURN_CAPABILITY(lock) BAYEUX_THREAD_ANNOTATION(lock_returned(lock))

// For a function that does what the analysis cannot follow; its comment says why it is right.
#define BAYEUX_NO_THREAD_SAFETY_ANALYSIS BAYEUX_THREAD_ANNOTATION(no_thread_safety_analysis)

#endif
