import Basics
import Glibc
public import Store

extension SQLiteEngine {
    /// What SQLite may leave beside a file.
    private static let companions = ["-wal", "-shm", "-journal"]

    /// Puts a copy in the place of a store that nobody has open, and keeps what was there beside it.
    ///
    /// The copy is looked through and settled before it gets the name, and under the name there is a whole store at any moment.
    ///
    /// - Parameters:
    ///   - copy: the file to take.
    ///   - path: the store's file.
    ///   - suffix: what the name of the present file gets at its end.
    ///   - settle: makes of the copy what may stand in the store's place.
    /// - Returns: where the present file is now, nil where there was none; and what came of settling.
    /// - Throws: `StoreFault`; the store is as it was then.
    public static func restore<Settled: Sendable>(
        _ copy: String, to path: String, keepingAs suffix: String,
        settling settle: (SQLiteEngine) async throws(StoreFault) -> Settled
    ) async throws(StoreFault) -> (kept: String?, settled: Settled) {
        // A link goes on leading where it leads, and what it leads to is replaced.
        let path =
            realpath(path, nil).map { pointer in
                defer { free(pointer) }
                return String(cString: pointer)
            } ?? path
        // Held until the copy has the name: who comes meanwhile waits, and finds that the file was replaced.
        let claim = try claim(path)
        defer { withExtendedLifetime(claim) {} }
        let partial = "\(path).partial"
        let settled: Settled
        do throws(StoreFault) {
            for end in [""] + companions { FileSystem.remove(partial + end) }
            do {
                try FileSystem.write(try FileSystem.read(copy, limit: 1 << 40), to: partial, mode: 0o600)
            } catch {
                throw refusal("\(copy) can't be copied: \(error.message)", copy)
            }
            let engine = try await open(path: partial)
            do throws(StoreFault) {
                // The pages that settling doesn't come to may be damaged as well, and a pass would.
                if let damage = try await engine.damage(isQuick: false) { throw .damagedCopy(damage, copy) }
                settled = try await settle(engine)
            } catch {
                await engine.close()
                throw error.isDamage && error.place != copy ? .damagedCopy(error.message, copy) : error
            }
            await engine.close()
            // With nothing of it left in a log beside it.
            guard try Self.claim(partial) != nil, sync(partial) else {
                throw refusal("the copy can't be written: \(String(cString: strerror(errno)))", partial)
            }
        } catch {
            for end in [""] + companions { FileSystem.remove(partial + end) }
            throw error
        }
        return (try put(partial, inPlaceOf: path, keepingAs: suffix), settled)
    }

    /// The only connection to a file, for as long as it is kept; nil where there is no file, or none that can be read.
    ///
    /// - Throws: `StoreFault` where others have it open, however idle they are.
    private static func claim(_ path: String) throws(StoreFault) -> SQLiteConnection? {
        guard FileSystem.exists(path) else { return nil }
        // A command that looks into it has ended by then; a service has not.
        for attempt in 1... {
            do throws(StoreFault) {
                let connection = try SQLiteConnection(
                    path: path, isReadOnly: false, isReader: false, options: Options(busyTimeout: .milliseconds(100)))
                try connection.claim()
                return connection
            } catch {
                // What can't be read is what a restore is for.
                guard error.kind == .locked else { return nil }
                guard attempt < 20 else { throw .inUse(path) }
                usleep(100_000)
            }
        }
        return nil
    }

    private static func put(
        _ partial: String, inPlaceOf path: String, keepingAs suffix: String
    ) throws(StoreFault) -> String? {
        let old = "\(path)\(suffix)"
        var moved: [String] = []
        func putBack() {
            FileSystem.remove(partial)
            for end in moved { _ = FileSystem.move(old + end, to: path + end) }
        }
        // The log of a file that can't be read belongs to it: beside another one it would be taken for that one's.
        for end in companions where FileSystem.exists(path + end) {
            guard FileSystem.move(path + end, to: old + end) else {
                putBack()
                throw refusal("\(path)\(end) can't be moved aside", path)
            }
            moved.append(end)
        }
        let wasThere = FileSystem.exists(path)
        // A second name first, so that the store's own is never without a file; not every file system has such names.
        if wasThere, link(path, old) != 0 {
            guard errno != EEXIST, FileSystem.move(path, to: old) else {
                putBack()
                throw refusal("\(path) can't be moved aside", path)
            }
            moved.append("")
        }
        guard FileSystem.move(partial, to: path) else {
            let reason = String(cString: strerror(errno))
            if wasThere, !moved.contains("") { FileSystem.remove(old) }
            putBack()
            throw refusal("the copy can't be put in place: \(reason)", path)
        }
        _ = sync(StoreFault.directory(of: path))
        return wasThere ? old : nil
    }
}
