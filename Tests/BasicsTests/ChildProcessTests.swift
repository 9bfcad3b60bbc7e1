import Basics
import TestKit
import Testing

@Suite(.timeLimit(.minutes(5)))
struct ChildProcessTests {
    private func shell(
        _ script: String, environment: [String: String] = ["PATH": "/usr/bin:/bin"], input: [UInt8] = [],
        limit: Int = 1 << 20, deadline: Duration = .seconds(20)
    ) async -> ChildOutcome {
        await ChildProcess.run(
            "/bin/sh", ["-c", script], environment: environment, input: input, outputLimit: limit, deadline: deadline)
    }

    @Test(arguments: [
        ("exit 0", 0 as Int32?, nil as Int32?), ("exit 3", 3, nil), ("exit 255", 255, nil), ("kill -9 $$", nil, 9),
        ("kill -TERM $$", nil, 15),
    ])
    func itTellsHowTheProgramEnded(_ script: String, _ status: Int32?, _ signal: Int32?) async {
        let outcome = await shell(script)
        #expect(outcome.status == status)
        #expect(outcome.signal == signal)
        #expect(outcome.isSuccess == (status == 0))
        #expect(!outcome.timedOut && !outcome.cancelled)
    }

    @Test func inputGoesInAndBothOutputsComeOut() async {
        let input = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let outcome = await ChildProcess.run("/bin/cat", input: input, outputLimit: 4 << 20, deadline: .seconds(20))
        #expect(outcome.output == input)
        let both = await shell("echo out; echo err >&2; cat", input: Array("in".utf8))
        #expect(String(decoding: both.output, as: UTF8.self) == "out\nin")
        #expect(String(decoding: both.errorOutput, as: UTF8.self) == "err\n")
    }

    @Test func onlyTheGivenEnvironmentAndDescriptorsAreInherited() async {
        let outcome = await ChildProcess.run(
            "/usr/bin/env", environment: ["B": "2 3", "A": "1"], deadline: .seconds(20))
        #expect(String(decoding: outcome.output, as: UTF8.self) == "A=1\nB=2 3\n")
        let descriptors = await shell("ls /proc/self/fd | wc -l")
        // 0, 1, 2, and the directory that ls reads.
        #expect(String(decoding: descriptors.output, as: UTF8.self) == "4\n")
    }

    @Test func aProgramThatReadsNothingIsNoHarm() async {
        let outcome = await ChildProcess.run(
            "/bin/true", input: [UInt8](repeating: 1, count: 8 << 20), deadline: .seconds(20))
        #expect(outcome.isSuccess)
    }

    @Test func whatIsTooMuchIsDropped() async {
        let outcome = await shell("head -c 3000000 /dev/zero; echo done >&2", limit: 1_000)
        #expect(outcome.output.count == 1_000)
        #expect(outcome.isTruncated)
        #expect(outcome.isSuccess)
        #expect(outcome.errorOutput.count == 5)
    }

    @Test(arguments: [
        "sleep 60", "trap '' TERM INT; sleep 60", "sleep 60 & sleep 60", "while :; do echo spam; done", "exec sleep 60",
    ])
    func theGroupDiesAtTheDeadline(_ script: String) async throws {
        let directory = try TemporaryDirectory()
        let clock = SystemTime()
        let start = clock.uptime
        let outcome = await shell("echo $$ >\(directory.path("pid")); \(script)", deadline: .milliseconds(200))
        #expect(outcome.timedOut)
        #expect(outcome.signal == 9)
        #expect(clock.uptime - start < .seconds(40))
        let group = String(decoding: try FileSystem.read(directory.path("pid")), as: UTF8.self).filter { $0 != "\n" }
        #expect(await eventually { Shell.run("ps -o stat= -g \(group) | grep -v Z").output.isEmpty })
    }

    @Test func whatItLeavesRunningEndsWithIt() async {
        let clock = SystemTime()
        let start = clock.uptime
        let outcome = await shell("sleep 60 & echo hello")
        #expect(String(decoding: outcome.output, as: UTF8.self) == "hello\n")
        #expect(outcome.isSuccess)
        #expect(clock.uptime - start < .seconds(40))
    }

    @Test func aCancelledTaskEndsIt() async {
        let task = Task { await shell("sleep 60") }
        task.cancel()
        let outcome = await task.value
        #expect(outcome.cancelled)
        #expect(outcome.signal == 9)
    }

    @Test(arguments: ["/nonexistent/program", "/etc/passwd", "/etc"])
    func whatIsNoProgramIsSaid(_ path: String) async {
        let outcome = await ChildProcess.run(path, deadline: .seconds(5))
        #expect(outcome.spawnError != nil)
        #expect(!outcome.isSuccess)
    }

    @Test func manyAtOnceDoNotWaitForEachOther() async throws {
        let directory = try TemporaryDirectory()
        // Each ends only when all are there.
        let script =
            "touch \(directory.path("$$")); while [ $(ls \(directory.path("")) | wc -l) -lt 20 ]; do sleep 0.1; done"
        let outcomes = await Array(0..<20).mapBounded(limit: 20) { _ in await shell(script, deadline: .seconds(60)) }
        let all = outcomes.allSatisfy(\.isSuccess)
        #expect(all)
    }
}
