import Basics

/// Reads what one commit wants, together with everything that is wrong with it.
///
/// Pure: the same tree gives the same state, byte by byte. It never fails; what can't be read is in `unknown`.
///
/// The cache holds what was parsed for other commits; it changes nothing but the time that this takes.
public func readDesiredState(_ tree: SourceTree, cache: DocumentCache = DocumentCache()) -> DesiredState {
    let report = Report()
    var library = Library(tree, report, cache)
    if library.roots.isEmpty {
        let names = tree.roots.map { "`\($0)`" }.joined(separator: ", ")
        report.unknown(
            .everything,
            report.error(
                .noRoot, "none of the roots \(names) holds a file at this commit", at: nil,
                hint: "Name the folder of the SSOT with --root; until then nothing is changed or deleted."))
    }
    var policies = PoliciesReader.read(library, report)
    DigitalOceanPolicyReader.read(library, into: &policies.policy, report)
    let inventory = InventoryReader.read(library, report)
    let convergence = ConvergenceReader.read(library, report)
    let integrations = IntegrationsReader.read(&library, report)
    let modules = ModulesReader.read(library, report)
    var builder = EnvironmentsBuilder(
        named: EnvironmentsReader.read(library, report), policies: policies, inventory: inventory,
        convergence: convergence, overrides: EnvironmentOverrides(library, report), report)
    builder.build(branches: tree.branches, tags: tree.tags)
    let platforms = Platforms(&library, policies.policy, inventory, convergence, report)
    let operations = OperationsReading(
        &library, checks: convergence.checks, environments: builder.environments,
        records: inventory.drafts.values.filter { $0.key.kind == .record }, report)
    library.distrustCutDocuments(report)
    CrossReferences.check(library, tree, report)
    let modulePlans = platforms.plans(modules, builder.environments, report)
    let protection = Protection(environments: builder.environments, named: builder.named, inventory: inventory)
    var drafts = Array(builder.owned.values) + platforms.drafts.drafts.values + operations.drafts
    for var draft in inventory.drafts.values {
        draft.isProtected = protection.covers(
            draft.key, firewallDroplets: inventory.firewallDroplets[draft.key] ?? [])
        drafts.append(draft)
    }
    var state = DesiredState(
        revision: tree.revision, roots: library.roots, environments: builder.environments,
        resources: drafts.map(\.resource).sorted { $0.key < $1.key }, unknown: report.unknown, policy: policies.policy,
        documents: library.entries.map {
            Document(path: $0.path, status: $0.status, domain: $0.domain, schema: $0.schema, bytes: $0.bytes)
        },
        diagnostics: report.diagnostics, integrations: integrations.sorted { $0.id.precedesByBytes($1.id) },
        modules: modules.sorted {
            $0.list != $1.list
                ? $0.list.rawValue.precedesByBytes($1.list.rawValue) : $0.name.precedesByBytes($1.name)
        },
        checks: convergence.checks.sorted {
            ($0.environment, $0.kind, $0.key) < ($1.environment, $1.kind, $1.key)
        },
        thresholds: convergence.thresholds.sorted { $0.environment.precedesByBytes($1.environment) })
    platforms.fill(&state)
    state.modulePlans = modulePlans
    operations.fill(&state)
    return state
}
