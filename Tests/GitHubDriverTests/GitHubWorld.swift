import Basics
import DesiredState
import Diff
import Drivers
import Formats
import GitHubDriver
import HTTPClient
import Simulator
import Web

/// The simulator without a socket: what a connection would carry, and how it would break.
struct SimulatorTransport: HTTPTransport {
    let simulator: Simulator

    func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
        let target = request.url.dropFirst("http://github.test".count)
        let parts = target.split(separator: "?", maxSplits: 1)
        var query: [(name: String, value: String)] = []
        for pair in parts.count < 2 ? [] : parts[1].split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1)
            query.append((Self.decode(sides[0]), sides.count > 1 ? Self.decode(sides[1]) : ""))
        }
        let response = await simulator.answer(
            WebRequest(
                method: request.method, path: Self.decode(parts[0]),
                segments: parts[0].split(separator: "/").map(Self.decode), query: query,
                headers: request.headers.map { ($0.name, $0.value) } + [("Host", "github.test")], body: request.body))
        if response.fault != nil || response.delay > request.timeout {
            throw HTTPFault(.lost, code: "HTTP-0005", message: "the connection ended", place: nil)
        }
        return HTTPResponse(
            status: response.status, headers: response.headers.map { HTTPHeader($0.name, $0.value) },
            body: response.body)
    }

    private static func decode(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = Hex.decode(String(decoding: rest.prefix(2), as: UTF8.self))?.first
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

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
        cache: ResponseCache? = ResponseCache(), hookSecret: String? = GitHubWorld.hookSecret, seed: Value? = nil
    ) throws {
        time = SimulatedTime(now: Timestamp(seconds: 1_772_000_000), advancesBySleeping: true)
        var options = SimulatorOptions(time: time, limits: limits)
        options.credentials["github"] = Self.token
        simulator = try Simulator(options: options)
        try simulator.seed("github", seed ?? Self.document)
        driver = GitHubDriver(
            token: Secret(Self.token), baseURL: "http://github.test",
            transport: SimulatorTransport(simulator: simulator),
            budget: RequestBudget(budget ?? .init(windows: [], rates: .gitHub), time: time), retry: retry,
            cache: cache, hookSecret: hookSecret.map { Secret($0) }, time: time, random: RandomSource(seed: 3))
        let recorded = recorded
        context = DriverContext(runID: "github-tests", log: .none) { exchange in
            let line = ExchangeRecorder.line(exchange, runID: "github-tests")
            recorded.withLock { $0.append(line) }
        }
    }

    /// What was said so far, as it would be recorded.
    var lines: [String] { recorded.withLock { $0 } }

    /// What was sent and changed something, since the last look at it.
    func writes(since count: Int) -> [String] {
        lines.dropFirst(count).filter { !$0.contains(#""method":"GET""#) }.map { String($0.prefix(200)) }
    }

    var engine: SmallEngine { SmallEngine(driver: driver, context: context, time: time) }

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

/// One object's life: how it is created and how it is changed.
struct GitHubLife: Sendable {
    let create: ResolvedChange
    /// Wanted attributes that differ from the creation.
    let changed: [Attributes.Item]

    init(
        _ kind: ResourceKind, _ name: String, _ wanted: KeyValuePairs<String, Value>,
        changed: KeyValuePairs<String, Value> = [:]
    ) {
        let items = wanted.map { Attributes.Item($0.key, $0.value) }
        create = change(
            ResourceKey(kind, "\(GitHubWorld.repository)/\(name)"), .create, wanted: items,
            attributes: items.map { AttributeChange(path: $0.name, before: nil, after: $0.value) })
        self.changed = changed.map { Attributes.Item($0.key, $0.value) }
    }

    var key: ResourceKey { create.change.key }

    /// All that is wanted after the change.
    var later: Attributes {
        let names = Set(changed.map(\.name))
        return Attributes(create.wanted.items.filter { !names.contains($0.name) } + changed)
    }

    func update(from current: ObservedResource) -> ResolvedChange {
        let attributes = changed.map {
            AttributeChange(path: $0.name, before: current.attributes[$0.name], after: $0.value)
        }
        return change(key, .update, wanted: later.items, current: current, attributes: attributes)
    }

    static let protection = GitHubLife(
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

    static let all: [GitHubLife] = [
        protection,
        GitHubLife(
            .ruleset, "default_branch_protection",
            ["target": "default_branch", "enforcement": "active", "bypass_actors": [], "rules": rules],
            changed: ["enforcement": "evaluate", "rules": [.object(["type": "required_linear_history"])]]),
        GitHubLife(
            .gitHubLabel, "area: mail & dns/ü", ["color": "#0E8A16", "description": " Mail "],
            changed: ["color": "FFFFFF"]),
        GitHubLife(
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

func change(
    _ key: ResourceKey, _ action: ChangeAction, wanted: [Attributes.Item] = [], current: ObservedResource? = nil,
    attributes: [AttributeChange] = []
) -> ResolvedChange {
    ResolvedChange(
        change: PlannedChange(
            key: key, action: action, reason: "test", cause: .unappliedCommit, attributes: attributes,
            providerID: current?.providerID),
        wanted: Attributes(wanted), current: current)
}

/// The engine's part in small: look before a create, and look after a lost answer.
struct SmallEngine: Sendable {
    let driver: GitHubDriver
    let context: DriverContext
    let time: any TimeSource

    func apply(_ change: ResolvedChange) async -> StepOutcome {
        var current = change.current
        var outcome = StepOutcome.done(current)
        for step in driver.steps(for: change.change) {
            if step.creates {
                switch await driver.look(at: step.key, context) {
                case .present(let found):
                    current = found
                    outcome = .done(found)
                    continue
                case .absent: break
                case .ambiguous(let found): return .failed(Self.fault("\(found.count) of them"))
                case .unknown(let fault): return .failed(fault)
                }
            }
            let input = ResolvedChange(change: change.change, wanted: change.wanted, current: current)
            outcome = await driver.perform(step, of: input, context)
            if case .unknown = outcome { outcome = await settle(step, input, outcome) }
            guard case .done(let resource) = outcome else { return outcome }
            current = resource
        }
        return outcome
    }

    private func settle(_ step: Step, _ input: ResolvedChange, _ outcome: StepOutcome) async -> StepOutcome {
        for pause in [1, 2, 4, 8, 16] {
            try? await time.sleep(for: .seconds(pause))
            switch await driver.look(at: step.key, context) {
            case .present(let found):
                if step.creates { return .done(found) }
                if input.change.action == .delete { continue }
                let again = ResolvedChange(change: input.change, wanted: input.wanted, current: found)
                let second = await driver.perform(step, of: again, context)
                if case .done = second { return second }
            case .absent:
                if input.change.action == .delete { return .done(nil) }
                let second = await driver.perform(step, of: input, context)
                if case .done = second { return second }
            case .ambiguous, .unknown: continue
            }
        }
        return outcome
    }

    private static func fault(_ message: String) -> ProviderFault {
        ProviderFault(
            provider: "test", operation: "look", code: "TEST-0001", message: message, place: nil, disposition: .stop)
    }
}

extension StepOutcome {
    /// `done`, `failed GH-0005` or `unknown GH-0010`.
    var word: String {
        switch self {
        case .done: "done"
        case .failed(let fault): "failed \(fault.code)"
        case .unknown(let fault): "unknown \(fault.code)"
        }
    }

    var resource: ObservedResource? { if case .done(let resource) = self { resource } else { nil } }
}

extension ObservedState {
    func names(_ kind: ResourceKind) -> [String] { kinds[kind]?.resources.map(\.key.name) ?? [] }

    func first(_ key: ResourceKey) -> ObservedResource? { kinds[key.kind]?.resources.first { $0.key == key } }
}
