import Basics
import DesiredState
import Diff
import Formats
import HTTPClient
import Reconciler
import Store
import TestKit
import Testing

/// What is measured, held against Prometheus' own tool, and what reads it against what is measured.
@Suite("Metrics, alerts and dashboard")
struct LoopbackMetricsTests {
    private static let hasTool: Bool = {
        let isThere = Shell.has("promtool")
        if !isThere {
            print("promtool is missing: metrics and alerts are not tried (scripts/bootstrap test installs it)")
        }
        return isThere
    }()

    /// What a service that has worked says of itself.
    private static func exposition() async throws -> (text: String, names: [String]) {
        let world = try await World()
        let book = BudgetBook(store: nil, time: world.time, holder: "test")
        let reconciler = world.reconciler(budgets: book)
        let metrics = reconciler.metrics
        metrics.declareHookMetrics()
        metrics.add("reconciler_hook_deliveries_total", 1, ["provider": "github", "outcome": "kept"])
        metrics.observe("reconciler_hook_answer_seconds", 0.002)
        metrics.set("reconciler_hook_dead", 0, ["provider": "github"])
        metrics.set("reconciler_hook_queue_depth", 0, ["provider": "github"])
        metrics.set("reconciler_hook_queue_age_seconds", 0)
        metrics.add("reconciler_hook_polls_total", 1, ["provider": "github", "outcome": "read"])
        // Those that tell people and run what is due declare their own.
        _ = NoticeService(
            store: world.store, settings: NotificationSettings(), senders: [:], time: world.time,
            random: RandomSource(seed: 1),
            log: .none, metrics: metrics, holder: "test")
        metrics.set("reconciler_notice_dead", 0, ["channel": "ops"])
        _ = ScheduleService(
            store: world.store, jobs: { [] }, runner: { _ in nil }, time: world.time, random: RandomSource(seed: 1),
            log: .none, metrics: metrics, holder: "test")
        metrics.set("reconciler_schedules", 0, ["state": "disabled"])
        book.show(in: metrics)
        let service = Locked<Service?>(nil)
        let loop = Service(reconciler: reconciler, interval: .minutes(1)) { _ in
            service.withLock { $0 }?.requestStop()
        }
        service.withLock { $0 = loop }
        // A second pass finds the lease of another process.
        _ = try await world.store.acquireLease(name: "hooks", holder: "other/1/run", lasting: .minutes(5))
        await loop.run()
        return (metrics.exposition(), metrics.names)
    }

    @Test("A service that has worked shows every family that it declares, and each sample is a number")
    func showsAll() async throws {
        let (text, names) = try await Self.exposition()
        for name in names { #expect(text.contains("# TYPE \(name) "), "\(name)") }
        let samples = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        for sample in samples { #expect(Double(sample.split(separator: " ").last ?? "") != nil, "\(sample)") }
        func value(_ name: String) -> Double? {
            samples.first { $0.hasPrefix("\(name) ") }.flatMap { Double($0.dropFirst(name.utf8.count + 1)) }
        }
        #expect(value("reconciler_runs_total{outcome=\"succeeded\"}") == 1)
        #expect(value("reconciler_lease_held{lease=\"reconcile\"}") == 0)
        #expect(value("reconciler_lease_expiry_timestamp_seconds{lease=\"hooks\"}") ?? 0 > 1_780_000_000)
        #expect(value("reconciler_journal_open_steps") == 0)
        #expect(value("reconciler_store_readable") == 1)
        #expect(value("reconciler_budget_granted_total{provider=\"digitalocean\"}") ?? 0 > 10)
        #expect(value("reconciler_queue_depth{priority=\"commit\"}") == 0)
        // The preview of `feature/loyalty` ends after a week.
        #expect(value("reconciler_ttl_next_expiry_timestamp_seconds") == 1_780_604_800)
    }

    @Test("promtool takes the metrics", .enabled(if: hasTool))
    func checksMetrics() async throws {
        let directory = try TemporaryDirectory()
        try FileSystem.write(try await Self.exposition().text.utf8, to: "\(directory.path)/metrics")
        let (status, output) = Shell.run("promtool check metrics < \(Shell.quote("\(directory.path)/metrics"))")
        #expect(status == 0 && output.isEmpty, "\(output)")
    }

    @Test("The alerts are valid, quiet when all is well and heard when it is not", .enabled(if: hasTool))
    func checksRules() {
        let folder = Shell.quote("\(Places.packageRoot)/packaging/prometheus")
        for line in ["check rules odooops.rules.yml", "test rules odooops.rules.test.yml"] {
            let (status, output) = Shell.run("cd \(folder) && promtool \(line)")
            #expect(status == 0, "\(output)")
        }
    }

    @Test(
        "Every query asks for what is measured, by labels that it has",
        arguments: ["prometheus/odooops.rules.yml", "grafana/odooops.json"])
    func queries(file: String) async throws {
        let (text, names) = try await Self.exposition()
        var labels: [String: Set<String>] = [:]
        for sample in text.split(separator: "\n") where !sample.hasPrefix("#") {
            let (name, used) = Self.selector(sample[...])
            labels[Self.family(name), default: ["job"]].formUnion(used)
        }
        let document = String(
            decoding: try FileSystem.read("\(Places.packageRoot)/packaging/\(file)"), as: UTF8.self
        ).split(separator: "\\", omittingEmptySubsequences: false).joined()
        var rest = document[...]
        var count = 0
        while let range = rest.firstRange(of: "reconciler_") {
            let (name, used) = Self.selector(rest[range.lowerBound...])
            rest = rest[range.upperBound...]
            count += 1
            let family = Self.family(name)
            #expect(names.contains(family), "\(file) asks for \(name), which nothing measures")
            if let known = labels[family] { #expect(used.isSubset(of: known), "\(name) by \(used.subtracting(known))") }
        }
        #expect(count > 15)
        if file.hasSuffix(".json") {
            _ = try JSON.parse(try FileSystem.read("\(Places.packageRoot)/packaging/\(file)"))
        }
    }

    /// The name at the begin of a text, and the names of the labels in the braces behind it.
    private static func selector(_ text: Substring) -> (name: String, labels: Set<String>) {
        let name = text.prefix { $0.isLetter || $0 == "_" }
        let rest = text.dropFirst(name.count)
        guard rest.first == "{" else { return (String(name), []) }
        let body = rest.dropFirst().prefix { $0 != "}" }
        return (
            String(name),
            Set(body.split(separator: ",").map { String($0.prefix { $0.isLetter || $0 == "_" }) }).subtracting(["le"])
        )
    }

    private static func family(_ name: String) -> String {
        for suffix in ["_bucket", "_sum", "_count"] where name.hasSuffix(suffix) {
            return String(name.dropLast(suffix.count))
        }
        return name
    }
}
