import Basics

/// Puts together which modules an environment may and should have, and tells what contradicts.
struct ModulePlanner {
    let entries: [ModuleEntry]
    let reading: ModuleReading
    let report: Report
    private let repositories: [String: ModuleEntry]
    private let locked: [String: ModuleEntry]
    private let parity: [String: ModuleEntry]
    private let orphans: [String: ModuleEntry]
    private let wishes: [ModuleWish]

    init(_ entries: [ModuleEntry], _ reading: ModuleReading, _ report: Report) {
        self.entries = entries
        self.reading = reading
        self.report = report
        func byName(_ list: ModuleEntry.List) -> [String: ModuleEntry] {
            Dictionary(
                entries.filter { $0.list == list }.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        }
        repositories = byName(.repositories)
        locked = byName(.lock)
        parity = byName(.parity)
        orphans = byName(.orphans)
        let mustHave = entries.filter { $0.list == .mustHaveBase || $0.list == .mustHaveAccounting }.map {
            ModuleWish(
                name: $0.name, repository: $0.repositoryName, wave: nil, gate: nil, tiers: nil, isMustHave: true,
                mark: $0.source)
        }
        wishes = (mustHave + reading.wishes).sorted { $0.mark < $1.mark }
    }

    /// - Returns: a plan for each environment, and for each target that no environment stands for; sorted by name.
    func plans(for environments: [Environment]) -> [ModulePlan] {
        guard !wishes.isEmpty || !reading.allowed.isEmpty else { return [] }
        var permissions: [String: PlannedModule.Permission] = [:]
        for (name, places) in Dictionary(grouping: wishes, by: \.name) {
            permissions[name] = judge(name, places)
        }
        var targets = environments.map { ($0.slug, $0.tier) }
        for (tier, word) in reading.targets where !environments.contains(where: { $0.tier == tier }) {
            targets.append((word, tier))
        }
        let ready = repositories.values.filter { Self.readyStatuses.contains($0.status ?? "") }.map(\.name)
        let allowedRepositories = Set(ready + locked.keys).sorted { $0.precedesByBytes($1) }
        let allowedModules = Set(
            reading.allowed.keys + parity.values.filter { $0.status == "vendored" }.map(\.name)
        ).sorted { $0.precedesByBytes($1) }
        let byTier = Dictionary(uniqueKeysWithValues: Tier.allCases.map { ($0, modules(for: $0, permissions)) })
        return targets.map { name, tier in
            ModulePlan(
                environment: name, modules: byTier[tier] ?? [], allowedModules: allowedModules,
                allowedRepositories: allowedRepositories, isLimited: hasLists)
        }.sorted { $0.environment.precedesByBytes($1.environment) }
    }

    private func modules(for tier: Tier, _ permissions: [String: PlannedModule.Permission]) -> [PlannedModule] {
        let wanted = wishes.filter { $0.tiers?.contains(tier) ?? true }
        return Dictionary(grouping: wanted, by: \.name).map { name, places in
            let first = places.filter { $0.wave != nil }.min { ($0.wave ?? 0, $0.mark) < ($1.wave ?? 0, $1.mark) }
            return PlannedModule(
                name: name, wave: first?.wave, gate: first?.gate, repository: repository(of: name, places),
                permission: permissions[name] ?? .unlisted, wantedBy: places.map(\.mark).sorted())
        }.sorted { ($0.wave ?? Int.max, $0.name) < ($1.wave ?? Int.max, $1.name) }
    }

    private func repository(of name: String, _ places: [ModuleWish]) -> String? {
        places.lazy.compactMap(\.repository).first ?? parity[name]?.repositoryName
    }

    // MARK: Whether it may be installed

    /// Where nothing says what is allowed, nothing is forbidden.
    private var hasLists: Bool {
        !repositories.isEmpty || !locked.isEmpty || !parity.isEmpty || !reading.allowed.isEmpty
    }

    private static let readyStatuses = ["ok", "pinned"]
    /// What lists write where a module is one of Odoo itself.
    private static let core = ["(odoo)", "odoo"]

    /// What forbids goes before what allows.
    private func judge(_ name: String, _ places: [ModuleWish]) -> PlannedModule.Permission {
        guard let wish = places.first(where: \.isMustHave) ?? places.first else { return .unlisted }
        if let orphan = orphans[name] {
            report.warning(
                .moduleOrphaned, "the module \(quoted(name)) is wanted, and listed as one that Odoo does not see",
                at: wish.mark, hint: "Move it to where Odoo sees it and take it off that list, or don't want it.",
                notes: [Diagnostic.Note("listed here", at: orphan.source)])
            return .blocked
        }
        let repository = repository(of: name, places)
        let row = repository.flatMap { repositories[$0] }
        if let entry = parity[name], let status = entry.status, status != "vendored" {
            block(name, wish, "its status is \(quoted(status))", by: entry)
            return .blocked
        }
        if let row, let status = row.status, !Self.readyStatuses.contains(status) {
            block(name, wish, "its repository \(quoted(row.name)) is \(quoted(status))", by: row)
            return .blocked
        }
        let isAllowed =
            reading.allowed[name] != nil || parity[name] != nil || row != nil
            || repository.map { locked[$0] != nil || Self.core.contains($0) } ?? false
        if isAllowed { return .allowed }
        if wish.isMustHave, hasLists, !report.isUnknown(.kind(.moduleEntry)) { tellUnlisted(name, wish, repository) }
        return .unlisted
    }

    private func block(_ name: String, _ wish: ModuleWish, _ why: String, by entry: ModuleEntry) {
        report.warning(
            .moduleBlocked, "the module \(quoted(name)) is wanted, but \(why)", at: wish.mark,
            hint: "Bring the module to where it can be installed, or don't want it yet.",
            notes: [Diagnostic.Note("said here", at: entry.source)])
    }

    private func tellUnlisted(_ name: String, _ wish: ModuleWish, _ repository: String?) {
        let list = entries.first { $0.list == .repositories } ?? entries.first { $0.list == .lock }
        let what = repository.map { "neither it nor its repository \(quoted($0)) is on a list" } ?? "no list allows it"
        report.warning(
            .moduleNotAllowed, "the module \(quoted(name)) has to be there, but \(what)", at: wish.mark,
            hint: repository.flatMap { closest(to: $0, among: repositories.keys.sorted()) }
                .map { "Did you mean the repository `\($0)`?" } ?? "Add its repository to odoo/oca_repos.yaml.",
            notes: [
                Diagnostic.Note(
                    "the list of repositories is there",
                    at: list.map { SourceMark(file: $0.source.file, line: 1, column: 1) })
            ])
    }
}
