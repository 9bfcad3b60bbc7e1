import Basics
import Glibc
import TestKit

/// A person with the client `odooops`, to the service of a site.
struct Person {
    let site: Site
    /// Ends with the last who holds it; nil where the test itself does.
    let running: ServiceTests.Running?
    private let port: UInt16

    init(_ site: Site, port: UInt16) { (self.site, self.port, running) = (site, port, nil) }

    init(of running: ServiceTests.Running) { (site, port, self.running) = (running.site, running.port, running) }

    private var environment: [String: String] {
        [
            "PATH": "/usr/bin:/bin", "TERM": "xterm", "COLUMNS": "200",
            "XDG_CONFIG_HOME": site.directory.path("config"), "ODOOOPS_URL": "http://127.0.0.1:\(port)",
        ]
    }

    func run(
        _ arguments: String..., with more: [String: String] = [:], input: String = ""
    ) async -> Program.Result {
        await run(arguments, with: more, input: input)
    }

    func run(_ arguments: [String], with more: [String: String] = [:], input: String = "") async -> Program.Result {
        await child(Places.program("odooops"), arguments, more, input)
    }

    /// On a terminal, on which somebody types; both streams are one there.
    func onTerminal(_ line: String, typing text: String = "") async -> Program.Result {
        let command = "exec \(Shell.quote(Places.program("odooops"))) \(line)"
        return await child("/usr/bin/script", ["-qec", command, "/dev/null"], [:], text)
    }

    private func child(
        _ path: String, _ arguments: [String], _ more: [String: String], _ input: String
    ) async -> Program.Result {
        let ended = await ChildProcess.run(
            path, arguments, environment: environment.merging(more) { $1 }, input: Array(input.utf8),
            outputLimit: 4 << 20, deadline: .seconds(60))
        return Program.Result(
            status: ended.status, signal: ended.signal, output: String(decoding: ended.output, as: UTF8.self),
            error: String(decoding: ended.errorOutput, as: UTF8.self), timedOut: ended.timedOut)
    }

    func secret(_ text: String) throws -> String {
        let path = try site.directory.write(text + "\n", to: "secret-\(Digest(of: text).hex)")
        chmod(path, 0o600)
        return path
    }
}
