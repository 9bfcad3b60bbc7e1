import Basics
import DesiredState
import Diff
import Formats
import TestKit
import Testing

@Suite struct TextTests {
    typealias W = Worlds

    /// A day at work: something of everything.
    static let busy: PlanInput = {
        let web = W.key(.droplet, "odoo-production")
        var policy = W.surface(
            most: 3, tags: ["project:erp", "owner:<service>"], regions: ["sgp1"])
        policy.maximumDeletes = 10
        return W.input(
            [
                W.want(
                    .droplet, "odoo-production",
                    [
                        ("image", "ubuntu-24-04-x64"), ("region", "sgp1"), ("size", "s-2vcpu-4gb"),
                        ("tags", ["project:erp", "owner:odoo"]),
                    ], env: "production", protected: true),
                W.want(
                    .droplet, "odoo-staging",
                    [
                        ("image", "ubuntu-24-04-x64"), ("region", "sgp1"), ("size", "s-1vcpu-2gb"),
                        ("tags", ["project:erp", "owner:odoo"]), ("user_data", "#cloud-config\nhunter2"),
                    ], env: "staging", line: 20),
                W.want(.droplet, "stray", [("region", "fra1"), ("size", "s-1vcpu-1gb")], line: 30),
                W.want(
                    .record, "example.com/A/staging", [("ttl", 1800)],
                    references: [("data", W.key(.droplet, "odoo-staging"), "ipv4")], env: "staging", line: 50),
                W.want(
                    .record, "example.com/A/erp", [("ttl", 1800)], references: [("data", web, "ipv4")],
                    env: "production", line: 44),
                W.want(.domain, "example.com", line: 40), W.want(.tag, "project:erp", line: 5),
                W.want(.firewall, "edge", [("sources", ["10.0.0.0/8", "192.0.2.0/24"])], line: 60),
                W.want(.spacesBucket, "artifacts", [("region", "sgp1")], line: 70),
                W.want(.record, "example.com/A/feature-x", [("data", "203.0.113.9")], env: "feature-x", line: 80),
            ],
            [
                W.seen(
                    .droplet, "odoo-production",
                    [
                        ("image", "ubuntu-24-04-x64"), ("ipv4", "203.0.113.7"), ("region", "sgp1"),
                        ("size", "s-1vcpu-2gb"), ("tags", ["project:erp", "owner:odoo"]),
                    ]), W.seen(.domain, "example.com"), W.seen(.tag, "project:erp"),
                W.seen(.record, "example.com/A/erp", [("data", "198.51.100.1"), ("ttl", 1800)]),
                W.seen(.record, "example.com/A/feature-x", [("data", "203.0.113.9")]),
                W.seen(.firewall, "edge", [("sources", ["192.0.2.0/24", "0.0.0.0/0"])]),
                W.seen(.databaseCluster, "old\u{1B}[2J"),
            ],
            [
                W.ours(
                    .droplet, "odoo-production",
                    [
                        ("image", "ubuntu-24-04-x64"), ("region", "sgp1"), ("size", "s-1vcpu-2gb"),
                        ("tags", ["project:erp", "owner:odoo"]),
                    ], env: "production", protected: true), W.ours(.domain, "example.com"),
                W.ours(.record, "example.com/A/erp", [("data", "203.0.113.7"), ("ttl", 1800)], env: "production"),
                W.ours(.record, "example.com/A/feature-x", [("data", "203.0.113.9")], env: "feature-x"),
                W.ours(.firewall, "edge", [("sources", ["192.0.2.0/24"])]),
                W.ours(.databaseCluster, "old\u{1B}[2J"), W.ours(.tag, "gone"),
            ],
            environments: [
                W.environment("production", .production, .production, ttl: .never),
                W.environment("staging", .staging, .staging, ttl: .never),
                W.environment("feature-x", branch: "feature/x"), W.environment("feature-y", branch: "feature/y"),
                W.environment("dev-anna", .dev, .named, ttl: .after(.days(30))), W.environment("feature-z"),
            ],
            records: [
                W.record("production", .production), W.record("staging", .staging),
                W.record("feature-x", age: .days(7) + .hours(3)), W.record("feature-y", age: .days(6) + .hours(19)),
                W.record("dev-anna", age: .days(11)), W.record("left", branch: "feature/left"),
            ], policy: policy,
            diagnostics: [
                Diagnostic(
                    .error, "SSOT-0007", "the key `ttl` stands twice", at: W.mark(97), hint: "keep one of the two",
                    notes: [Diagnostic.Note("first here", at: W.mark(91))])
            ])
    }()

    @Test(arguments: [(false, 100, "busy.txt"), (true, 100, "busy-color.txt"), (false, 60, "busy-narrow.txt")])
    func aPlanReadsAsWritten(color: Bool, width: Int, golden: String) {
        let text = PlanText.render(
            makePlan(Self.busy), style: TextStyle(color: color, width: width), context: .init(now: W.now))
        expectGolden(text, golden)
        #expect(!text.contains("hunter2"))
        #expect(!text.contains("\u{1B}[2J"), "a name must not steer the terminal")
        #expect(color || !text.contains("\u{1B}"))
    }

    @Test func aPlanWithoutChangesSaysSo() {
        let small: [(String, Value)] = [("size", "s")]
        let plan = makePlan(
            W.input(
                [W.want(.droplet, "web", small)], [W.seen(.droplet, "web", small)], [W.ours(.droplet, "web", small)]))
        let text = PlanText.render(plan, style: TextStyle(), context: .init(now: W.now))
        #expect(text == "No changes. 1 resource is as revision ab12ab12ab12 wants it.\n")
        let nothing = PlanText.render(makePlan(W.input()), style: TextStyle(), context: .init(now: W.now))
        #expect(nothing == "No changes. Nothing is wanted and nothing is ours.\n")
    }

    @Test func whatIsUnknownSaysWhyAndAsksOnlyForWhatHelps() {
        func text(_ observed: [ObservedKind], _ kinds: ResourceKind...) -> String {
            var input = W.input(kinds.map { W.want($0, "a") })
            input.observed = ObservedState(observed)
            return PlanText.render(makePlan(input), style: TextStyle(), context: .init(now: W.now))
        }
        let nobody = text([], .repository, .vercelProject)
        #expect(nobody.contains("no driver for these kinds in this version, so nothing has to be done:"), "\(nobody)")
        #expect(nobody.contains("      github.repository, vercel.project\n"), "\(nobody)")
        #expect(!nobody.contains("Next:"), "\(nobody)")
        var input = W.input([W.want(.vercelProject, "a"), W.want(.spacesBucket, "b"), W.want(.gitHubProject, "c")])
        input.silent = [.vercelProject: "env:VERCEL_TOKEN is not set", .spacesBucket: "no credential"]
        let absent = PlanText.render(makePlan(input), style: TextStyle(), context: .init(now: W.now))
        #expect(absent.contains("  is not observed: env:VERCEL_TOKEN is not set:\n      vercel.project\n"), "\(absent)")
        #expect(absent.contains("  is not observed: no credential:\n      spaces.bucket\n"), "\(absent)")
        #expect(absent.contains("so nothing has to be done:\n      github.project\n"), "\(absent)")
        #expect(absent.contains("Next:\n  reconcile doctor"), "\(absent)")
        let silent = ObservedKind(kind: .droplet, completeness: .unknown(reason: "no credential"), resources: [])
        let missing = text([silent], .droplet, .vercelProject)
        #expect(missing.contains("  could not be observed: no credential:\n      digitalocean.droplet\n"), "\(missing)")
        #expect(missing.contains("Next:\n  reconcile doctor"), "\(missing)")
    }

    @Test func whatIsDueIsToldAsOfThePlan() {
        var policy = Policy()
        policy.exceptions = [
            PolicyException(surface: "droplets", reason: "r", approvedBy: "a", expires: W.now, source: W.mark(3))
        ]
        var input = W.input(policy: policy)
        #expect(makePlan(input).diagnostics.map(\.code) == ["SSOT-0160"])
        input.now = W.now - .seconds(1)
        #expect(makePlan(input).diagnostics == [])
    }

    @Test func aDiagnosticPointsAtItsColumn() {
        let diagnostic = Diagnostic(
            .error, "SSOT-0003", "`9x` is no duration", at: SourceMark(file: "a.yaml", line: 7, column: 11),
            hint: "write 9d")
        let text = DiagnosticText.render(diagnostic, sourceLine: "\tdev_ttl: 9x", style: TextStyle())
        #expect(
            text == """
                a.yaml:7:11: error[SSOT-0003]: `9x` is no duration
                  7 |  dev_ttl: 9x
                    |           ^
                  hint: write 9d

                """)
        let long = DiagnosticText.render(
            Diagnostic(.warning, "X-1", "far", at: SourceMark(file: "a", line: 1, column: 5_000)),
            sourceLine: String(repeating: "x", count: 9_000), style: TextStyle(width: 80))
        #expect(long.split(separator: "\n").allSatisfy { $0.count <= 80 })
        // Cut on both sides, which is to be seen.
        let lines = long.split(separator: "\n")
        #expect(lines[1].contains("| …x") && lines[1].hasSuffix("x…"))
        let begin = DiagnosticText.render(
            Diagnostic(.warning, "X-1", "near", at: SourceMark(file: "a", line: 1, column: 1)),
            sourceLine: String(repeating: "x", count: 100), style: TextStyle(width: 80))
        #expect(begin.split(separator: "\n")[1].hasSuffix("x…") && !begin.contains("| …"))
    }

    /// A secret without a shape, in the line that is quoted because of it; the caret stays with what it points at.
    @Test func aQuotedLineShowsNoSecret() {
        let diagnostic = Diagnostic(
            .error, "SSOT-0004", "`secret_from` is no reference", at: SourceMark(file: "a", line: 1, column: 14),
            hint: "write `env:NAME`")
        let text = DiagnosticText.render(
            diagnostic, sourceLine: "secret_from: Zq7Lk29xVb4TnW8sRd5Yh3Jm", style: TextStyle())
        #expect(text.contains("  1 | secret_from: <redacted>\n    |              ^\n"), "\(text)")
    }

    /// Under the letter, whatever columns those before it take.
    @Test(arguments: [
        ("name: erp # x", 10), ("a: ステージング # x", 3 + 12 + 1), ("a: 🚀 # x", 3 + 2 + 1), ("a: e\u{301} # x", 5),
        ("a: ❤\u{FE0F} # x", 6), ("a: 한국 # x", 8), ("a: ｶﾅ # x", 6),
    ])
    func theCaretStandsUnderItsLetter(_ line: String, _ columns: Int) throws {
        let hash = try #require(Array(line.unicodeScalars).firstIndex(of: "#"))
        let text = DiagnosticText.render(
            Diagnostic(.warning, "X-1", "x", at: SourceMark(file: "a", line: 1, column: hash + 1)), sourceLine: line,
            style: TextStyle())
        let caret = text.split(separator: "\n")[2]
        #expect(caret.utf8.count == "    | ".utf8.count + columns + 1, "\(text)")
    }
}
