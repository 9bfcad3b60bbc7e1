import Basics
import Formats

/// Wants the variables that convergence and the registry of secrets need in Vercel projects: their presence, no value.
struct VercelVariables {
    let projects: VercelReading
    let drafts: DraftSet
    private var report: Report { drafts.report }

    init(projects: VercelReading, drafts: DraftSet) {
        self.projects = projects
        self.drafts = drafts
    }

    static func key(_ project: String, _ target: String, branch: String? = nil, _ name: String) -> ResourceKey {
        ResourceKey(.vercelVariable, "\(project)/\(target)\(branch.map { ":\($0)" } ?? "")/\(name)")
    }

    /// The target of Vercel that serves a tier: production has its own, and whatever else is deployed is a preview.
    private static func target(of environment: String) -> String? {
        switch Tier(alias: environment) {
        case .production?: "production"
        case .staging?, .preview?: "preview"
        // What runs on somebody's machine is `development`, and what a branch brings about a preview.
        case .dev?, nil: nil
        }
    }

    // MARK: Convergence

    /// Wants what `vercel_env` of each environment requires.
    func want(_ convergence: ConvergenceReading, _ secrets: SecretsRegistry) {
        guard !projects.projects.isEmpty else { return }
        let known = projects.projects(of: convergence)
        for check in convergence.checks where check.kind == "env_missing" {
            let own = convergence.targets.first { $0.name == check.environment }?.vercelProject
            var names = own.map { [$0.value] } ?? known
            if names.isEmpty { names = users(of: check.key, secrets) }
            guard !names.isEmpty, let target = Self.target(of: check.environment) else {
                report.note(
                    .unplacedVariable,
                    names.isEmpty
                        ? "the variable \(quoted(check.key)) of \(quoted(check.environment)) is required of no project"
                        : "the environment \(quoted(check.environment)) has no target at Vercel", at: check.source,
                    hint: "Write `vercel_project` to the environment, or the variable to its project; "
                        + "until then only its check is wanted.")
                continue
            }
            for name in names { add(name, target, check.key, at: check.source) }
        }
    }

    /// The projects that use a variable, by what the registry says of its uses.
    private func users(of variable: String, _ secrets: SecretsRegistry) -> [String] {
        let entries = secrets.entries.filter { secret in
            secret.isSound && secret.places.contains { $0.store == "vercel_env" && $0.name == variable }
        }
        return Set(entries.flatMap(users)).sorted { $0.precedesByBytes($1) }
    }

    private func users(_ secret: SecretEntry) -> [String] {
        secret.consumers.filter(Self.isAtVercel).compactMap(project)
    }

    private static func isAtVercel(_ consumer: SecretEntry.Consumer) -> Bool {
        SecretStore.usual(consumer.store ?? "") == "vercel_env"
    }

    /// The project that is a use.
    private func project(_ consumer: SecretEntry.Consumer) -> String? {
        if let project = consumer.project { return projects.projects.contains(project) ? project : nil }
        return consumer.identifier.flatMap { projects.project(at: $0) }
    }

    // MARK: Secrets

    /// A variable that the registry names.
    struct Wish {
        let place: SecretPlace
        /// Those of Vercel in which the inventory says that it is.
        let targets: Set<String>
        /// The uses of it at Vercel.
        let consumers: [SecretEntry.Consumer]
    }

    /// What the registry names at Vercel, where the inventory says in which environments.
    static func wishes(_ secrets: SecretsRegistry, _ inventory: SecretsInventory) -> [Wish] {
        let environments = Dictionary(
            inventory.entries.map { ($0.id, $0.environments) }, uniquingKeysWith: { first, _ in first })
        return secrets.entries.filter { $0.isSound && $0.expectation == .present }.flatMap { secret in
            let targets = Set((environments[secret.id] ?? []).compactMap { target(of: $0) })
            let consumers = secret.consumers.filter(isAtVercel)
            return targets.isEmpty || consumers.isEmpty
                ? []
                : secret.places.filter { $0.store == "vercel_env" && $0.isWritten }.map {
                    Wish(place: $0, targets: targets, consumers: consumers)
                }
        }
    }

    /// Wants those variables in the projects that use them.
    func want(_ wishes: [Wish]) {
        guard !projects.projects.isEmpty else { return }
        for wish in wishes {
            for name in wish.consumers.compactMap(project) {
                for target in wish.targets {
                    if let scope = unknown(wish.place) {
                        report.unknown(.resource(Self.key(name, target, wish.place.name)), scope)
                    } else {
                        add(name, target, wish.place.name, at: wish.place.source)
                    }
                }
            }
        }
    }

    private func unknown(_ place: SecretPlace) -> Cause? {
        guard report.isUnknown(.resource(place.key)) else { return nil }
        return Cause(
            code: Code.secretDisagreement.rawValue, reason: "the registry contradicts itself about \(place.name)",
            mark: place.source)
    }

    /// Wants a variable, unless another document wants it already, or something of it is unknown.
    private func add(_ project: String, _ target: String, _ name: String, at mark: SourceMark) {
        let key = Self.key(project, target, name)
        let parent = ResourceKey(.vercelProject, project)
        guard drafts.drafts[key] == nil, !report.isUnknown(.resource(key)) else { return }
        var draft = Draft(key, source: mark, dependsOn: drafts.drafts[parent] == nil ? [] : [parent])
        draft.isProtected = true
        drafts.add(draft)
    }
}

extension Report {
    /// The first fault of some documents, as a cause; nil where they have none.
    func firstCause(in documents: [Library.Entry?]) -> Cause? {
        for document in documents {
            guard let document, let fault = firstFault(in: document) else { continue }
            return Cause(code: fault.code, reason: fault.message, mark: fault.mark)
        }
        return nil
    }
}
