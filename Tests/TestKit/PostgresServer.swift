import Basics
import Glibc

/// A private PostgreSQL cluster for the tests of this process, on loopback and without a password.
///
/// It lives in a directory of its own and is stopped and removed when the process ends, however it ends.
public final class PostgresServer: Sendable {
    /// Started on first use; nil when PostgreSQL is not installed or does not start.
    public static let shared: PostgresServer? = start()

    /// Starts one more, which is the caller's alone; nil where that can't be.
    public static func another() -> PostgresServer? { start() }

    /// Whether the server's programs are there, for `.enabled(if:)`; starts nothing.
    public static var isInstalled: Bool { binaries != nil }

    public let port: Int
    /// Where its socket, log and data are.
    public let directory: String
    private let count = Locked(0)

    private init(port: Int, directory: String) {
        self.port = port
        self.directory = directory
    }

    /// The URI of a database of this cluster, as its superuser.
    public func uri(database: String = "postgres") -> String { "postgres://postgres@127.0.0.1:\(port)/\(database)" }

    /// Creates an empty database of its own for a test.
    ///
    /// - Parameters:
    ///   - prefix: begins its name.
    ///   - place: an empty directory that holds its data; nil: where the server keeps its own.
    /// - Returns: its URI; nil when the server refuses.
    public func makeDatabase(_ prefix: String = "test", in place: String? = nil) -> String? {
        let number = count.withLock { count in
            count += 1
            return count
        }
        let name = "\(prefix)_\(number)"
        var wish = "create database \(name)"
        if let place {
            let isMine = getuid() != 0 || Shell.run("chown postgres \(Shell.quote(place))").status == 0
            guard isMine, execute("create tablespace \(name) location '\(place)'").status == 0 else { return nil }
            wish += " tablespace \(name)"
        }
        return execute(wish).status == 0 ? uri(database: name) : nil
    }

    /// Runs SQL by `psql` and returns its exit status and what it printed, one row a line, columns parted by `|`.
    @discardableResult
    public func execute(_ sql: String, database: String = "postgres") -> (status: Int32, output: String) {
        Shell.run(
            "psql -X -q -A -t -v ON_ERROR_STOP=1 -d \(Shell.quote(uri(database: database))) -c \(Shell.quote(sql))")
    }

    /// Lets a role in with its password alone from now on; all others need none.
    public func wantPassword(of role: String) -> Bool {
        let file = Shell.quote("\(directory)/data/pg_hba.conf")
        let line = Shell.quote("host all \(role) all scram-sha-256")
        // Written in place, so that it stays the server's.
        let isWritten = Shell.run("rest=$(cat \(file)) && printf '%s\n%s\n' \(line) \"$rest\" >\(file)").status == 0
        return isWritten && execute("select pg_reload_conf()").status == 0
    }

    /// Ends every session at once, as a crash of the server would, and starts it again with the settings of before.
    @discardableResult
    public func restart() -> Bool { control("restart") }

    /// Ends it as a crash would, and leaves it so.
    @discardableResult
    public func stop() -> Bool { control("stop") }

    /// Starts it again after `stop`, as it was.
    @discardableResult
    public func startAgain() -> Bool { restart() }

    private func control(_ word: String) -> Bool {
        guard let binaries = Self.binaries else { return false }
        return Shell.run(
            "cd / && \(Self.asUser)\(binaries)/pg_ctl -D \(directory)/data -l \(directory)/log -m immediate -w -t 30 \(word)"
        ).status == 0
    }

    /// The server refuses to run as root.
    private static let asUser =
        getuid() == 0 ? "setpriv --reuid=postgres --regid=postgres --clear-groups " : ""

    private static let binaries: String? = {
        let root = "/usr/lib/postgresql"
        let versions = FileSystem.list(root).sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }
        return versions.map { "\(root)/\($0)/bin" }.first { FileSystem.exists("\($0)/initdb") }
    }()

    private static func start() -> PostgresServer? {
        guard let binaries, let port = FreePort.find(),
            let directory = try? FileSystem.makeTemporaryDirectory(prefix: "odooops-postgres")
        else { return nil }
        let settings = [
            "-p \(port)", "-k \(directory)", "-c listen_addresses=127.0.0.1", "-c fsync=off",
            "-c synchronous_commit=off", "-c full_page_writes=off", "-c max_connections=400", "-c shared_buffers=32MB",
            // Many tests make a whole schema at once, each in one transaction that locks all that it makes.
            "-c max_locks_per_transaction=512",
        ].joined(separator: " ")
        let control = "\(asUser)\(binaries)/pg_ctl -D \(directory)/data"
        let log = "\(directory)/log"
        let steps = [
            getuid() == 0 ? "chown postgres \(directory)" : "true",
            "cd \(directory)",
            "\(asUser)\(binaries)/initdb -D \(directory)/data -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N",
            "\(control) -o \(Shell.quote(settings)) -l \(log) -w -t 30 start",
        ]
        // One shell does everything in order: it starts the cluster, waits until its input ends, which it does when this
        // process ends, even by a crash and even while the cluster starts, and then stops and removes it.
        let script = [
            "trap '' INT TERM HUP", "exec >\(directory)/setup 2>&1",
            "if \(steps.joined(separator: " && ")); then touch \(directory)/ready; else touch \(directory)/failed; fi",
            "cat",
            "cd /", "\(control) -m immediate stop", "rm -rf \(directory)",
        ]
        guard let input = popen(script.joined(separator: "\n"), "we") else { return nil }
        for _ in 0..<6_000 where !FileSystem.exists("\(directory)/ready") {
            if FileSystem.exists("\(directory)/failed") { break }
            usleep(10_000)
        }
        guard FileSystem.exists("\(directory)/ready") else {
            let reason = (try? FileSystem.read("\(directory)/setup")).map { String(decoding: $0, as: UTF8.self) } ?? ""
            StandardStreams.error("PostgreSQL for the tests did not start: \(reason)\n")
            pclose(input)
            return nil
        }
        return PostgresServer(port: port, directory: directory)
    }
}
