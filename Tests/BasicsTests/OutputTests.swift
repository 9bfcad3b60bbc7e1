import Basics
import TestKit
import Testing

@Suite struct OutputTests {
    @Test func aSecretCannotBePrinted() {
        let value = "hunter2-very-secret"
        let secret = Secret(value)
        struct Holder { let secret: Secret }
        var texts = [
            "\(secret)", "\(Holder(secret: secret))", String(describing: secret),
            String(reflecting: Holder(secret: secret)),
        ]
        var dumped = ""
        dump([secret], to: &dumped)
        dump(Holder(secret: secret), to: &dumped)
        texts.append(dumped)
        texts.append(Mirror(reflecting: secret).children.map { "\($0.value)" }.joined())
        texts.append("\(Optional(secret) as Any)")
        for text in texts { #expect(!text.contains("hunter2"), "\(text)") }
        #expect(secret.reveal { $0 } == value)
    }

    @Test(arguments: [
        ("a\u{1B}[2Jb", "a\\u{1b}[2Jb"), ("a\tb\nc\r", "a b\nc\\u{d}"), ("fix/\u{202E}xat", "fix/\\u{202e}xat"),
        ("\u{2066}a\u{2069}", "\\u{2066}a\\u{2069}"), ("a\u{200B}b\u{2028}c\u{2029}", "a\\u{200b}b\\u{2028}c\\u{2029}"),
        ("\u{9B}2J", "\\u{9b}2J"), ("héllo … ✓ שלום 👩‍💻", "héllo … ✓ שלום 👩‍💻"),
    ])
    func whatActsUnseenIsShown(text: String, shown: String) {
        #expect(Paint.plain(text) == shown)
        // What is painted and laid out already keeps its colours, its lines and its tabs.
        let painted = "\u{1B}[31m\(text)\u{1B}[0m\n"
        let isPlain = text.unicodeScalars.allSatisfy { $0.value < 128 || !$0.actsUnseen }
        #expect((Paint.unturned(painted) == painted) == isPlain)
        #expect(Paint.unturned("\u{1B}[1mfix/\u{202E}x\u{1B}[0m\t|") == "\u{1B}[1mfix/\\u{202e}x\u{1B}[0m\t|")
    }

    @Test func aSecretReferenceShowsWhereAndNeverWhat() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("from-file\r\n\n", to: "token")
        #expect(SecretReference("env:TOKEN")?.resolve(in: ["TOKEN": "x"])?.reveal { $0 } == "x")
        #expect(SecretReference("env:TOKEN")?.resolve(in: ["TOKEN": ""]) == nil)
        #expect(SecretReference("file:\(path)")?.resolve(in: [:])?.reveal { $0 } == "from-file")
        #expect(SecretReference("file:\(path).not")?.resolve(in: [:]) == nil)
        for text in ["", "env:", "file:", "dop_v1_x"] { #expect(SecretReference(text) == nil) }
    }

    @Test func aLogLineIsOneLineAndValidJSON() {
        let lines = Locked<[String]>([])
        let time = SimulatedTime(now: Timestamp(microseconds: 0))
        let log = Log(level: .info, format: .json, time: time) { line in lines.withLock { $0.append(line) } }
        log.debug("unseen")
        log.with(["run.id": 7]).warning("a \"b\"", ["text": "x\ny\t\u{1}\u{7F}\\\"é", "secret": Secret("hunter2")])
        let plain = Log(format: .text, time: time) { line in lines.withLock { $0.append(line) } }
        plain.info("done", ["count": 3, "text": "a b", "empty": ""])
        #expect(
            lines.withLock { $0 } == [
                #"{"time":"1970-01-01T00:00:00Z","level":"warning","message":"a \"b\"","run.id":"7","text":"x\ny\t\u0001\u007f\\\"é","secret":"<secret>"}"#,
                #"1970-01-01T00:00:00Z info    done count=3 text="a b" empty="""#,
            ])
    }

    @Test func metricsAreExposedInTheTextFormat() {
        let metrics = Metrics()
        metrics.declare("runs_total", .counter, "Runs.")
        metrics.declare("lease_age_seconds", .gauge, "Age.")
        metrics.declare("step_seconds", .histogram, "Steps.", buckets: [1, 0.1])
        metrics.add("runs_total", 1, ["outcome": "ok"])
        metrics.add("runs_total", 2, ["outcome": "ok"])
        metrics.add("runs_total", 1, ["outcome": "a\"\\\n"])
        metrics.add("undeclared")
        metrics.set("lease_age_seconds", 1.5)
        for value in [0.05, 0.1, 0.5, 3] { metrics.observe("step_seconds", value, ["kind": "x"]) }
        #expect(metrics.value("runs_total", ["outcome": "ok"]) == 3)
        #expect(metrics.value("undeclared") == nil)
        #expect(
            metrics.exposition() == """
                # HELP lease_age_seconds Age.
                # TYPE lease_age_seconds gauge
                lease_age_seconds 1.5
                # HELP runs_total Runs.
                # TYPE runs_total counter
                runs_total{outcome="a\\"\\\\\\n"} 1
                runs_total{outcome="ok"} 3
                # HELP step_seconds Steps.
                # TYPE step_seconds histogram
                step_seconds_bucket{kind="x",le="0.1"} 2
                step_seconds_bucket{kind="x",le="1"} 3
                step_seconds_bucket{kind="x",le="+Inf"} 4
                step_seconds_sum{kind="x"} 3.65
                step_seconds_count{kind="x"} 4

                """)
    }

    @Test func diagnosticsComeInTheOrderOfTheirPlaces() {
        func at(_ line: Int, _ column: Int, _ severity: Diagnostic.Severity = .error) -> Diagnostic {
            Diagnostic(severity, "X-0001", "m", at: SourceMark(file: "f", line: line, column: column))
        }
        let sorted = [at(1, 2, .error), at(1, 2, .warning), at(2, 1), at(10, 1)]
        #expect(sorted.reversed().sorted() == sorted)
        #expect(Diagnostic(.note, "A-0001", "m") < at(1, 1))
        #expect(at(3, 4).mark?.description == "f:3:4")
    }
}
