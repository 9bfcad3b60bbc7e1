#include "Git2Shim.h"

#include <git2.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <unistd.h>

int git2_set_owner_validation(int enabled) { return git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, enabled); }

int git2_set_search_path(int level, const char *path) {
    return git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, path);
}

int git2_set_certificate_locations(const char *file, const char *directory) {
    return git_libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, file, directory);
}

int git2_set_cache_size(long bytes) { return git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, (ssize_t)bytes); }

int git2_accept_extensions(void) {
    static const char *names[] = {"partialclone", "preciousobjects", "worktreeconfig"};
    return git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, names, (size_t)3);
}

void git2_bound_lifetime(unsigned seconds) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(seconds);
}
