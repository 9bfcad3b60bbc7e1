#ifndef SQLITE_SHIM_H
#define SQLITE_SHIM_H

#include <sqlite3.h>

// Binds a copy of the text: SQLITE_TRANSIENT is a cast macro that Swift can't import.
int sqlite_shim_bind_text(sqlite3_stmt *statement, int index, const char *text, int length);

// Before anything else is called: keeps no statistics of memory, for which every allocation of every thread would take one lock.
int sqlite_shim_without_statistics(void);

#endif
