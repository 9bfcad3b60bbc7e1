internal import Basics

/// What one environment should have, may have and has, held against each other.
///
/// It advises and no more: Odoo's modules are installed, upgraded and removed by people, and no plan has a step that does.
public struct ModuleComparison: Sendable, Hashable {
    /// How a module stands; where several hold, the first of them.
    public enum Standing: String, Sendable, Hashable, CaseIterable {
        /// Odoo installs, upgrades or removes it at its next start.
        case pending
        /// Wanted and not installed.
        case missing
        /// Installed, though no document allows it, or one forbids it.
        case notAllowed = "not_allowed"
        /// Installed and allowed, and no document wants it: what wanted modules need, and what Odoo brings along.
        case extra
        /// Installed as it is wanted.
        case installed
    }

    /// One module that is wanted, installed, or both.
    public struct Row: Sendable, Hashable {
        public let name: String
        /// Nil where nothing that can be told is known: nobody has looked, or what is wanted isn't read.
        public let standing: Standing?
        /// Nil where no document wants it.
        public let planned: PlannedModule?
        /// Nil where it is not installed, or nobody has looked.
        public let installed: InstalledModule?

        /// The waves in order, and what has none after them.
        fileprivate var wave: Int { planned?.wave ?? Int.max }
    }

    public let environment: String
    /// By wave, those without one last, then by name.
    public let rows: [Row]

    /// - Parameters:
    ///   - environment: its slug.
    ///   - plan: what is wanted and allowed there; nil where that isn't known.
    ///   - census: what the last look at its database found; nil where nobody has looked.
    public init(of environment: String, _ plan: ModulePlan?, _ census: ModuleCensus?) {
        self.environment = environment
        let installed: [InstalledModule] = if case .modules(let list) = census { list } else { [] }
        let wanted = Dictionary(
            (plan?.modules ?? []).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let allowance = plan.map(Allowance.init)
        var rows: [Row] = []
        var there: Set<String> = []
        for module in installed where there.insert(module.name).inserted {
            let planned = wanted[module.name]
            rows.append(
                Row(
                    name: module.name, standing: Self.standing(module, planned, allowance), planned: planned,
                    installed: module))
        }
        for planned in wanted.values where !there.contains(planned.name) {
            rows.append(
                Row(name: planned.name, standing: census == nil ? nil : .missing, planned: planned, installed: nil))
        }
        self.rows = rows.sorted { a, b in a.wave != b.wave ? a.wave < b.wave : a.name.precedesByBytes(b.name) }
    }

    private static func standing(
        _ module: InstalledModule, _ planned: PlannedModule?, _ allowance: Allowance?
    ) -> Standing? {
        if module.state.isPending { return .pending }
        guard let allowance else { return nil }
        guard allowance.admits(module, planned) else { return .notAllowed }
        return planned == nil ? .extra : .installed
    }

    /// How many modules stand so.
    public func count(_ standing: Standing) -> Int { rows.count { $0.standing == standing } }

    /// What is not as the documents have it, a sentence each, in the order of how much it matters.
    public var notes: [String] {
        func names(_ rows: [Row]) -> String {
            let shown = rows.prefix(8).map(\.name).joined(separator: ", ")
            return rows.count > 8 ? "\(shown) and \(rows.count - 8) more" : shown
        }
        var notes: [String] = []
        for state in InstalledModule.State.allCases where state.isPending {
            let rows = rows.filter { $0.installed?.state == state }
            if !rows.isEmpty { notes.append("\(rows.count.of("module")) \(state.rawValue): \(names(rows))") }
        }
        let uninvited = rows.filter { $0.standing == .notAllowed }
        if !uninvited.isEmpty {
            notes.append("\(uninvited.count.of("module")) installed that no document allows: \(names(uninvited))")
        }
        let missing = Dictionary(grouping: rows.filter { $0.standing == .missing }, by: \.wave)
        for (wave, rows) in missing.sorted(by: { $0.key < $1.key }) {
            notes.append(
                "\(rows.count.of("module")) \(wave == Int.max ? "without a wave" : "of wave \(wave)") missing: \(names(rows))"
            )
        }
        return notes
    }
}

/// What may be installed in one environment.
private struct Allowance {
    private let isLimited: Bool
    private let modules: Set<String>
    private let repositories: Set<String>

    init(_ plan: ModulePlan) {
        isLimited = plan.isLimited
        modules = Set(plan.allowedModules)
        repositories = Set(plan.allowedRepositories)
    }

    /// What forbids goes before what allows; where no list says what is allowed, nothing is forbidden.
    func admits(_ module: InstalledModule, _ planned: PlannedModule?) -> Bool {
        switch planned?.permission {
        case .blocked: return false
        case .allowed: return true
        case .unlisted, nil: break
        }
        guard isLimited else { return true }
        if modules.contains(module.name) { return true }
        switch module.origin {
        case .odoo: return true
        case .community(let repository): return repositories.contains(repository)
        case .enterprise, .unknown: return false
        }
    }
}
