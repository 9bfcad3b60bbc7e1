#ifndef SYSTEM_SHIM_H
#define SYSTEM_SHIM_H

#include <sys/types.h>

// The process environment: a C global that Swift 6 will not read directly.
char **system_environ(void);

// Resident set size of this process in bytes (VmRSS of /proc/self/statm), or 0.
long system_resident_bytes(void);

// At most so many heaps, however many threads there are; only before the second thread begins.
void system_limit_heaps(int count, int largest);
void system_trim_heaps(void);

// Spawns argv[0] with stdin from /dev/null, stdout and stderr on the given descriptors, in its own process group.
// Returns 0 and sets *pid, or an errno value.
int system_spawn(const char *path, char *const argv[], char *const envp[], int out_fd, int err_fd, pid_t *pid);

// The same with stdin from a descriptor, or from /dev/null when it is negative.
int system_spawn_with_input(const char *path, char *const argv[], char *const envp[], int in_fd, int out_fd,
                            int err_fd, pid_t *pid);

// A pipe that is closed on exec. Returns 0, or -1 and sets errno.
int system_pipe(int ends[2]);

// A descriptor that becomes readable when the process ends (Linux 5.3), or -1.
int system_pidfd_open(pid_t pid);

// Starts a detached thread with a stack of 2 MiB. Returns 0 or an errno value.
int system_start_thread(void *(*body)(void *), void *argument);

// Columns of the terminal behind a descriptor, or 100 where it is none.
int system_terminal_columns(int descriptor);

// Blocks the signals that the service waits for in this thread and all it starts later.
void system_block_signals(void);

// Waits for SIGINT, SIGTERM or SIGHUP and returns its number.
int system_wait_signal(void);

// Sends a message to the service manager's socket (sd_notify's protocol); 0 when sent, or errno.
int system_notify(const char *socket_path, const char *message);

#endif
