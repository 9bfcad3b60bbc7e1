#ifndef GIT2_SHIM_H
#define GIT2_SHIM_H

// git_libgit2_opts is variadic, which Swift can't call: a typed function for each option that is used.
// Each returns 0 or a libgit2 error.

// Whether a repository that another user owns is refused.
int git2_set_owner_validation(int enabled);

// Where a level's configuration file is looked for; level is a git_config_level_t, an empty path is nowhere.
int git2_set_search_path(int level, const char *path);

// The certificate authorities; NULL for the one that isn't used.
int git2_set_certificate_locations(const char *file, const char *directory);

// Bytes that the object caches of all repositories may take together.
int git2_set_cache_size(long bytes);

// Opens repositories that use these extensions as well; each only tells of objects that may be missing, or of
// configuration that is not read.
int git2_accept_extensions(void);

// Ends this process with the thread that started it, and after some seconds in any case.
void git2_bound_lifetime(unsigned seconds);

#endif
