import Basics
import Drivers
import Store
import Testing

@testable import Reconciler

/// What a program was given stands in nothing that is shown of its words.
@Suite("Values handed to commands")
struct HandedValueTests {
    private static let values = [
        "ODOO_DB_PASSWORD": "Zx9-canary pass", "SHORT": "abc", "LONGER": "Zx9-canary pass and more",
        "TOKEN": "s3cr\"et/of+ours", "KEY": "first line\nsecond-line\nx",
    ]

    @Test(
        "Each value stands as the name of its variable, also in an address, in one of several lines, and where it is cut",
        arguments: [
            (
                "login as odoo with Zx9-canary pass was refused", false,
                "login as odoo with ODOO_DB_PASSWORD was refused"
            ),
            ("'Zx9-canary pass''Zx9-canary pass'", false, "'ODOO_DB_PASSWORD''ODOO_DB_PASSWORD'"),
            ("postgres://odoo:Zx9-canary%20pass@db", false, "postgres://odoo:ODOO_DB_PASSWORD@db"),
            ("with Zx9-canary pass and more", false, "with LONGER"), ("it says second-line", false, "it says KEY"),
            ("abc is a word", false, "abc is a word"), ("disk full", true, "disk full"),
            ("login with Zx9-can", true, "login with LONGER"), ("login with Zx9-can", false, "login with Zx9-can"),
            ("", true, ""),
            (#"{"password": "s3cr\"et/of+ours"}"#, false, #"{"password": "TOKEN"}"#),
            // `user:` before it, in the header of a request; without anything before; and behind one byte, for addresses.
            ("Basic dXNlcjpzM2NyImV0L29mK291cnM=", false, "Basic dXNlcjpTOKENM="),
            ("czNjciJldC9vZitvdXJz", false, "TOKEN"), ("OnMzY3IiZXQvb2Yrb3Vycw==", false, "OnTOKENw=="),
        ])
    func hides(_ line: String, _ isCut: Bool, _ shown: String) {
        let hidden = HandedValues(Self.values).hidden(in: Array(line.utf8), isCut: isCut)
        #expect(String(decoding: hidden, as: UTF8.self) == shown)
    }

    @Test(
        "A command that says its password leaves it neither in the store, nor in the log, nor in what people are told")
    func nowhere() async throws {
        let secret = "Zx9-canary-pass"
        for script in [
            "echo \"login as odoo with $ODOO_DB_PASSWORD was refused\" >&2; exit 1",
            // Cut in its middle at 300 bytes, and at the end of what is kept of an output.
            "printf '%0290d%s\\n' 0 \"$ODOO_DB_PASSWORD\"; exit 1",
            "printf '%065526d%s' 0 \"$ODOO_DB_PASSWORD\" >&2; exit 1",
        ] {
            let lines = Locked<[String]>([])
            let clock = try await Clockwork {
                $0.runners["ci"] = .command(["/bin/sh", "-c", script], variables: ["ODOO_DB_PASSWORD"])
            }
            let runners = JobRunners(
                drivers: [], service: nil, environment: ["PATH": "/usr/bin:/bin", "ODOO_DB_PASSWORD": secret],
                time: clock.time, context: DriverContext(runID: "t", log: .none))
            let service = ScheduleService(
                store: clock.store, jobs: { [jobs = clock.jobs] in jobs }, runner: { runners.runner(of: $0) },
                time: clock.time, random: RandomSource(seed: 1),
                log: Log(write: { line in lines.withLock { $0.append(line) } }),
                metrics: Metrics(), holder: "one")
            try await service.plan()
            clock.time.advance(by: .minutes(10))
            try await clock.turn(service)
            let slot = try #require(try await clock.store.scheduleSlots(limit: 1).first)
            let notices = try await clock.store.notices()
            #expect(slot.errorCode == "JOB-0001" && notices.count == 1 && !lines.withLock { $0.isEmpty })
            let shown = [slot.reason ?? ""] + notices.map { "\($0.payload)" } + lines.withLock { $0 }
            for text in shown { #expect(!text.contains("Zx9-"), "\(text)") }
            await clock.engine.close()
        }
    }
}
