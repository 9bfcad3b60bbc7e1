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
        let known = knownProjects(convergence)
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

    /// The projects that convergence speaks of: those whose own name at Vercel it requires, else the only one there is.
    private func knownProjects(_ convergence: ConvergenceReading) -> [String] {
        let suffix = ".vercel.app"
        let hosts = convergence.checks.filter { $0.kind == "dns_planned" && $0.key.hasSuffix(suffix) }
            .map { String($0.key.dropLast(suffix.utf8.count)) }
        let named = Set(hosts).intersection(projects.projects)
        if named.count == 1 { return Array(named) }
        return named.isEmpty && projects.projects.count == 1 ? projects.projects : []
    }

    /// The projects that use a variable, by what the registry says of its uses.
    private func users(of variable: String, _ secrets: SecretsRegistry) -> [String] {
        let entries = secrets.entries.filter { secret in
            secret.isSound && secret.places.contains { $0.store == "vercel_env" && $0.name == variable }
        }
        return Set(entries.flatMap(users)).sorted { $0.precedesByBytes($1) }
    }

    private func users(_ secret: SecretEntry) -> [String] {
        secret.consumers.filter { SecretStore.usual($0.store ?? "") == "vercel_env" }.compactMap { consumer in
            if let project = consumer.project { return projects.projects.contains(project) ? project : nil }
            return consumer.identifier.flatMap { projects.project(at: $0) }
        }
    }

    // MARK: Secrets

    /// Wants the variables that the registry names in a project, where the inventory says in which environments.
    func want(_ secrets: SecretsRegistry, _ inventory: SecretsInventory) {
        guard !projects.projects.isEmpty else { return }
        for secret in secrets.entries where secret.isSound && secret.expectation == .present {
            let targets = Set((inventory[secret.id]?.environments ?? []).compactMap { Self.target(of: $0) })
            for place in secret.places where place.store == "vercel_env" && place.isWritten {
                for name in users(secret) {
                    for target in targets {
                        if let scope = unknown(place) {
                            report.unknown(.resource(Self.key(name, target, place.name)), scope)
                        } else {
                            add(name, target, place.name, at: place.source)
                        }
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
