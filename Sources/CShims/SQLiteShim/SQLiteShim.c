#include "SQLiteShim.h"

int sqlite_shim_without_statistics(void) { return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

int sqlite_shim_bind_text(sqlite3_stmt *statement, int index, const char *text, int length) {
    return sqlite3_bind_text(statement, index, text, length, SQLITE_TRANSIENT);
}

static sqlite3_file *file_of(sqlite3 *database, const char *schema) {
    sqlite3_file *file = 0;
    if (sqlite3_file_control(database, schema, SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK) return 0;
    return file && file->pMethods ? file : 0;
}

int sqlite_shim_head(sqlite3 *database, const char *schema, unsigned char bytes[100]) {
    sqlite3_file *file = file_of(database, schema);
    if (!file) return 0;
    int status = file->pMethods->xRead(file, bytes, 100, 0);
    return status == SQLITE_OK || status == SQLITE_IOERR_SHORT_READ;
}

int sqlite_shim_log(sqlite3 *database, const char *schema, unsigned int log[5]) {
    sqlite3_file *file = file_of(database, schema);
    if (!file || file->pMethods->iVersion < 2) return 0;
    void volatile *index = 0;
    if (file->pMethods->xShmMap(file, 0, 32768, 0, &index) != SQLITE_OK || !index) return 0;
    const unsigned char volatile *from = index;
    const int offsets[5] = {32, 36, 16, 96, 128};
    for (int place = 0; place < 5; place++) log[place] = *(const unsigned int volatile *)(from + offsets[place]);
    return 1;
}
