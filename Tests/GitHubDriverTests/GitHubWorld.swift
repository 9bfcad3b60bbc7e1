import Basics
import DesiredState
import Diff
import Drivers
import Formats
import GitHubDriver
import HTTPClient
import Simulator
import SimulatorKit
import Testing

/// A simulated organisation with one repository, and a driver that looks at it.
struct GitHubWorld {
    static let token = "ghp_canary0123456789abcdefABCDEF"
    static let hookSecret = "canary-hook-secret-7d1"
    static let sha = "6dcb09b5b57875f334f61aebed695e2e4193db5e"
    static let repository = "acme/odoo"

    let simulator: Simulator
    let driver: GitHubDriver
    let time: SimulatedTime
    let context: DriverContext
    private let recorded = Locked<[String]>([])

    init(
        retry: RetryPolicy = RetryPolicy(), limits: RateLimits = .generous, budget: RequestBudgetConfiguration? = nil,
        cache: ResponseCache? = ResponseCache(), hookSecret: String? = GitHubWorld.hookSecret, seed: Value? = nil,
        resolve: @escaping @Sendable (SecretReference) -> Secret? = { _ in nil }
    ) throws {
        time = SimulatedTime(now: Timestamp(seconds: 1_772_000_000), advancesBySleeping: true)
        var options = SimulatorOptions(time: time, limits: limits)
        options.credentials["github"] = Self.token
        simulator = try Simulator(options: options)
        try simulator.seed("github", seed ?? Self.document)
        driver = GitHubDriver(
            token: Secret(Self.token), baseURL: "http://github.test",
            transport: InProcessTransport(simulator),
            budget: RequestBudget(budget ?? .init(windows: [], rates: .gitHub), time: time), retry: retry,
            cache: cache, hookSecret: hookSecret.map { Secret($0) }, time: time, random: RandomSource(seed: 3),
            resolve: resolve)
        let recorded = recorded
        context = DriverContext(runID: "github-tests", log: .none) { exchange in
            let line = ExchangeRecorder.line(exchange, runID: "github-tests")
            recorded.withLock { $0.append(line) }
            // 304, which the specification hardly ever names, is held by `withoutUnchanged`.
            if exchange.status != 304 { SpecTraffic.shared.note(exchange) }
        }
    }

    /// What was said so far, as it would be recorded.
    var lines: [String] { recorded.withLock { $0 } }

    /// The lines that can be held against the specification, which hardly ever names 304.
    ///
    /// - Throws: where one of those follows no answer to the same address.
    static func withoutUnchanged(_ lines: [String]) throws -> [String] {
        var known: Set<String> = []
        return try lines.filter { line in
            let exchange = try JSON.parse(Array(line.utf8))
            let url = exchange["url"]?.stringValue ?? ""
            guard exchange["status"] == 304 else {
                if exchange["status"] == 200, exchange["method"] == "GET" { known.insert(url) }
                return true
            }
            try #require(known.contains(url), "304 without an answer before it: \(url)")
            return false
        }
    }

    /// What was sent and changed something, since the last look at it.
    func writes(since count: Int) -> [String] {
        lines.dropFirst(count).filter { !$0.contains(#""method":"GET""#) }.map { String($0.prefix(200)) }
    }

    var engine: SmallEngine { SmallEngine(driver, context, time) }

    func observe(_ request: ObserveRequest = GitHubLife.request) async -> ObservedState {
        ObservedState(await driver.observe(request, context))
    }

    static let document: Value = {
        var repository = Value.Object()
        repository["name"] = .string(Self.repository)
        repository["description"] = "The ERP"
        repository["branches"] = ["main": .string(sha), "release/18": .string(sha)]
        repository["tags"] = ["v1.0": .string(sha)]
        let pull: Value = .object(["number": 7, "title": "Add a module", "head": "release/18", "base": "main"])
        repository["pulls"] = [pull]
        repository["labels"] = [.object(["name": "bug", "color": "d73a4a", "description": "Something is wrong"])]
        repository["secrets"] = ["VERCEL_TOKEN", "MAIL_KEY"]
        repository["environments"] = ["production", "staging"]
        repository["workflows"] = ["deploy.yml"]
        repository["runs"] = [.object(["event": "push", "head_sha": .string(sha), "conclusion": "success"])]
        return .object(["login": "odooops-bot", "repositories": [.object(repository)]])
    }()
}

/// Lives of what is below the repository.
enum GitHubLife {
    static func life(
        _ kind: ResourceKind, _ name: String, _ wanted: KeyValuePairs<String, Value>,
        changed: KeyValuePairs<String, Value> = [:]
    ) -> Life {
        Life(kind, "\(GitHubWorld.repository)/\(name)", wanted, changed: changed)
    }

    static let protection = life(
        .branchProtection, "main",
        [
            "require_pull_request": true, "require_pull_request.required_approving_review_count": 1,
            "dismiss_stale_reviews": true, "require_code_owner_reviews": true, "require_status_checks": true,
            "require_status_checks.strict": true,
            "require_status_checks.required_checks": ["validate-ssot", "deny-direct-main-push"],
            "require_linear_history": true, "require_signed_commits": true, "restrict_force_push": true,
            "restrict_deletions": true, "allow_bypass": false, "allowed_merge_methods": ["squash", "rebase"],
        ],
        changed: [
            "require_pull_request.required_approving_review_count": 2, "require_signed_commits": false,
            "require_status_checks.required_checks": ["validate-ssot", "build"], "require_linear_history": false,
            "allowed_merge_methods": ["squash"],
        ])

    /// As the real document writes it.
    static let rules: Value = {
        let review: Value = .object([
            "required_approving_review_count": 1, "dismiss_stale_reviews_on_push": true,
            "require_code_owner_review": true,
        ])
        let check: Value = .object(["context": "validate-ssot", "integration_id": .null])
        let checks: Value = .object([
            "strict_required_status_checks_policy": true, "required_status_checks": [check],
        ])
        return [
            .object(["type": "pull_request", "parameters": review]),
            .object(["type": "required_status_checks", "parameters": checks]), .object(["type": "non_fast_forward"]),
            .object(["type": "deletion"]),
        ]
    }()

    static let all: [Life] = [
        protection,
        life(
            .ruleset, "default_branch_protection",
            ["target": "default_branch", "enforcement": "active", "bypass_actors": [], "rules": rules],
            changed: ["enforcement": "evaluate", "rules": [.object(["type": "required_linear_history"])]]),
        life(
            .gitHubLabel, "area: mail & dns/ü", ["color": "#0E8A16", "description": " Mail "],
            changed: ["color": "FFFFFF"]),
        life(
            .gitHubHook, "https://ops.example.com/api/webhooks/github",
            ["events": ["push", "pull_request"], "active": true, "content_type": "json", "insecure_ssl": 0],
            changed: ["events": ["push"], "content_type": "form"]),
    ]

    static let seen: [ResourceKind] = [
        .gitHubBranch, .gitHubTag, .gitHubPullRequest, .gitHubEnvironment, .gitHubSecret, .gitHubRun,
    ]

    static let request: ObserveRequest = {
        var names: [ResourceKind: Set<String>] = [.repository: [GitHubWorld.repository]]
        for life in all { names[life.key.kind, default: []].insert(life.key.name) }
        return ObserveRequest(kinds: Set(all.map(\.key.kind) + seen + [.repository]), names: names)
    }()

    /// Only what is changed, for checks that want every kind complete and empty in the end.
    static let changing = ObserveRequest(kinds: Set(all.map(\.key.kind)), names: request.names)
}

extension ObservedState {
    func names(_ kind: ResourceKind) -> [String] { kinds[kind]?.resources.map(\.key.name) ?? [] }

    func first(_ key: ResourceKey) -> ObservedResource? { kinds[key.kind]?.resources.first { $0.key == key } }
}
