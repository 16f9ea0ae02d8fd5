// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <sqlite3.h>

namespace knell::journal {

/// The system's VFS, but for the calls that a test breaks.
struct Faults {
    static inline std::atomic<bool> sync_fails = false;
    static inline std::atomic<bool> database_sync_fails = false;
    static inline std::atomic<bool> disk_full = false;
    static inline std::atomic<bool> disk_full_once = false; ///< the next write finds no room
};

class FaultyVfs {
public:
    FaultyVfs()
    {
        real_ = sqlite3_vfs_find(nullptr);
        ours_ = *real_;
        ours_.zName = "faulty";
        ours_.xOpen = open;
        sqlite3_vfs_register(&ours_, 1);
    }
    ~FaultyVfs()
    {
        Faults::sync_fails = false;
        Faults::database_sync_fails = false;
        Faults::disk_full = false;
        Faults::disk_full_once = false;
        sqlite3_vfs_register(real_, 1);
        sqlite3_vfs_unregister(&ours_);
    }
    FaultyVfs(const FaultyVfs&) = delete;
    FaultyVfs& operator=(const FaultyVfs&) = delete;

private:
    // The system's VFS has one table of methods for databases, which it locks, and
    // one for logs, which it does not. Each gets a copy that differs in two entries.
    enum Kind { database, log };
    template <Kind kind>
    struct Table {
        static inline const sqlite3_io_methods* original = nullptr;
        static inline sqlite3_io_methods copy{};

        static void put_on(sqlite3_file* file)
        {
            if (original == nullptr) {
                original = file->pMethods;
                copy = *original;
                copy.xSync = sync;
                copy.xWrite = write;
            }
            file->pMethods = &copy;
        }
        static int sync(sqlite3_file* file, int flags)
        {
            const bool fails =
                Faults::sync_fails || (kind == database && Faults::database_sync_fails);
            return fails ? SQLITE_IOERR_FSYNC : original->xSync(file, flags);
        }
        static int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at)
        {
            const bool full = Faults::disk_full || Faults::disk_full_once.exchange(false);
            return full ? SQLITE_FULL : original->xWrite(file, bytes, size, at);
        }
    };

    static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out)
    {
        const int code = real_->xOpen(real_, name, file, flags, out);
        if (code == SQLITE_OK && (flags & SQLITE_OPEN_MAIN_DB) != 0) {
            Table<database>::put_on(file);
        } else if (code == SQLITE_OK) {
            Table<log>::put_on(file);
        }
        return code;
    }

    static inline sqlite3_vfs* real_ = nullptr;
    static inline sqlite3_vfs ours_{};
};

} // namespace knell::journal
