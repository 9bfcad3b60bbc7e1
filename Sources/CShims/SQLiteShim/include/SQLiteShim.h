#ifndef SQLITE_SHIM_H
#define SQLITE_SHIM_H

#include <sqlite3.h>

// Binds a copy of the text: SQLITE_TRANSIENT is a cast macro that Swift can't import.
int sqlite_shim_bind_text(sqlite3_stmt *statement, int index, const char *text, int length);

// Before anything else is called: keeps no statistics of memory, for which every allocation of every thread would take one lock.
int sqlite_shim_without_statistics(void);

// Reads the first 100 bytes of an attached database's file past SQLite's memory, through the file that it has open: to open
// and close it once more would end all of the process' locks on it. What a file lacks that is shorter is read as zeros.
//
// Returns 1, or 0 where the file can't be read.
int sqlite_shim_head(sqlite3 *database, const char *schema, unsigned char bytes[100]);

// Reads of a database's write-ahead log its two salts, its length in frames, how many of these were copied into the file, and how
// many copying was begun for (sqlite.org/walformat.html); from memory that SQLite has mapped, without a call to the system. Only
// for a database that is written ahead.
//
// Returns 1, or 0 where there is none.
int sqlite_shim_log(sqlite3 *database, const char *schema, unsigned int log[5]);

#endif
