import Basics
import Glibc
import Simulator
import TestKit

/// The program as a service, in the background.
final class BackgroundProgram: Sendable {
    private let task: Task<Void, Never>
    private let outcome = Locked<ChildOutcome?>(nil)
    private let directory: TemporaryDirectory

    /// Starts it; its outputs go to files, so that a test can read them while it runs.
    init(
        _ arguments: [String], in place: String, _ environment: [String: String], deadline: Duration = .seconds(180)
    ) throws {
        let directory = try TemporaryDirectory(prefix: "odooops-background")
        self.directory = directory
        let outcome = outcome
        let variables = Program.base.merging(environment) { $1 }
        task = Task {
            let script =
                "cd \"$1\"; here=\"$2\"; shift 2; echo $$ >\"$here/pid\"; exec \"$@\" >\"$here/out\" 2>\"$here/err\""
            let ended = await ChildProcess.run(
                "/bin/sh", ["-c", script, "sh", place, directory.path, Program.path] + arguments,
                environment: variables, deadline: deadline)
            outcome.withLock { $0 = ended }
        }
    }

    deinit { task.cancel() }

    var output: String { text("out") }
    var errorOutput: String { text("err") }

    private func text(_ name: String) -> String {
        (try? FileSystem.read(directory.path(name))).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Sends a signal; false when there is no process to take it.
    @discardableResult
    func send(_ signal: CInt) -> Bool {
        guard let process = pid_t(text("pid").filter(\.isNumber)), process > 1 else { return false }
        return kill(process, signal) == 0
    }

    /// Sends a signal when the first record has been written, from a thread of its own: the pool of the tests is busy.
    func send(_ signal: CInt, atFirstWriteTo provider: Provider) {
        startThread { [self] in
            for _ in 0..<20_000 {
                let log = provider.simulator.requestLog
                if log.contains(where: { $0.method == "POST" && $0.path.contains("/records") && $0.status == 201 }) {
                    break
                }
                usleep(3_000)
            }
            send(signal)
        }
    }

    /// Waits for its end; nil when it does not come.
    func end(within deadline: Duration = .seconds(20)) async -> ChildOutcome? {
        let outcome = outcome
        _ = await eventually(deadline) { outcome.withLock { $0 != nil } }
        return outcome.withLock { $0 }
    }

    var story: String { "--- out\n\(output)\n--- err\n\(errorOutput)" }
}

/// An answer of the service.
struct Answer: Sendable {
    let status: Int
    let head: String
    let body: String

    /// Asks a port of this machine; nil when nobody answers.
    static func to(_ method: String, _ path: String, port: UInt16, headers: String = "", body: String = "") async
        -> Answer?
    {
        // A password is checked on purpose slowly, and slower still beside other tests.
        guard let socket = RawSocket(port: port, seconds: 120) else { return nil }
        let request =
            "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
        guard socket.send(request.utf8) else { return nil }
        let text = await socket.readToEnd()
        let bytes = Array(text.utf8)
        guard text.hasPrefix("HTTP/1.1 "), let status = Int(text.dropFirst(9).prefix(3)) else { return nil }
        var end = bytes.count
        for index in bytes.indices.dropLast(3) where Array(bytes[index..<index + 4]) == [13, 10, 13, 10] {
            end = index
            break
        }
        return Answer(
            status: status, head: String(decoding: bytes[..<end], as: UTF8.self),
            body: String(decoding: bytes[min(bytes.count, end + 4)...], as: UTF8.self))
    }
}
