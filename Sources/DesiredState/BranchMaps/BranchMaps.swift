import Basics
import Formats

/// Holds against each other what the documents of a repository say of which branch goes where.
///
/// Environments come from the documents of the desired state alone; what a workflow, a page or the seed of a database
/// says besides is only compared, so that nobody believes the wrong one.
struct BranchMaps {
    /// The pages that hold such a map, relative to the top of the repository.
    static let pages = [
        "docs/architecture/ODOO_SH_EQUIVALENT.md", "docs/odooops-sh/CICD.md", "docs/ops/ODOO_SH_EQUIVALENT.md",
        "docs/portfolio/specs/odooops-platform/constitution.md", "docs/portfolio/specs/odooops-platform/prd.md",
    ]
    /// The migration that fills the table of environments.
    static let seed = "supabase/migrations/20260223055300_create_ops_schema.sql"

    /// Whether a path is that of a workflow that deploys.
    static func isWorkflow(_ path: String) -> Bool {
        guard path.hasPrefix(workflows), path.hasSuffix(".yml") || path.hasSuffix(".yaml") else { return false }
        let name = path.dropFirst(workflows.utf8.count)
        return !name.contains("/") && name.contains("deploy")
    }

    static let workflows = ".github/workflows/"

    /// What the document at a path says; nothing where it says nothing of branches.
    static func claims(of file: SourceFile) -> [BranchClaim] {
        guard case .bytes(let bytes) = file.masked.content else { return [] }
        if isWorkflow(file.path) { return WorkflowMap.claims(of: bytes, file.path) }
        if file.path.hasSuffix(".md") { return PageMap.claims(of: bytes) }
        return file.path.hasSuffix(".sql") ? SeedMap.claims(of: bytes) : []
    }

    /// Whether a path is that of a document that says something of branches.
    private static func isOne(_ path: String) -> Bool { isWorkflow(path) || pages.contains(path) || path == seed }

    /// What the documents among some files say, workflows first and the seed last; those known before are kept.
    static func maps(of files: [SourceFile], before: [BranchMap]) -> [BranchMap] {
        let known = Dictionary(before.map { ($0.file, $0) }, uniquingKeysWith: { first, _ in first })
        let maps = files.filter { isOne($0.path) }.map { file in
            if let map = known[file.path], let source = map.source, source.isSame(as: file) { return map }
            return BranchMap(file: file.path, claims: claims(of: file), source: file)
        }
        return maps.sorted { ($0.rank, $0.file) < ($1.rank, $1.file) }
    }

    // MARK: Comparing

    let report: Report

    /// - Parameters:
    ///   - declared: what the documents of the desired state say: these are compared with each other elsewhere.
    ///   - others: the rest, in the order in which they count.
    func compare(declared: [BranchMap], others: [BranchMap]) {
        var known = declared.filter { !$0.claims.isEmpty }
        for map in others where !map.claims.isEmpty {
            for claim in map.claims {
                let opponents = known.compactMap { other in
                    other.file == map.file ? nil : other.opponent(of: claim).map { (other, $0) }
                }
                guard !opponents.isEmpty else { continue }
                report.warning(
                    .branchDisagreement,
                    "\(claim.trigger) goes to \(claim.tier.rawValue) here, and "
                        + (opponents.count == 1
                            ? "another document says otherwise" : "\(opponents.count) documents say otherwise"),
                    at: map.mark(claim),
                    hint: declared.isEmpty
                        ? "Make all say the same; no document of the desired state says it."
                        : "Make all say the same; the documents of the desired state count.",
                    notes: opponents.map { other, against in
                        Diagnostic.Note(
                            "\(against.trigger) goes to \(against.tier.rawValue) here", at: other.mark(against))
                    })
            }
            known.append(map)
        }
    }
}

extension BranchMaps {
    /// What the documents of the desired state say of branches.
    static func declared(
        _ policies: PoliciesReading, _ named: EnvironmentsReading, _ convergence: ConvergenceReading
    ) -> [BranchMap] {
        var found: [(mark: SourceMark, trigger: BranchClaim.Trigger, tier: Tier)] = []
        for mapping in policies.policy.branchMappings {
            found.append((mapping.source, .branch(mapping.pattern.text), mapping.tier))
        }
        for draft in named.named {
            if let branch = draft.branch { found.append((branch.mark, .branch(branch.value), draft.tier)) }
            if let tag = draft.tag { found.append((tag.mark, .tag(tag.value), draft.tier)) }
        }
        for target in convergence.targets {
            guard let branch = target.branch, let tier = Tier(alias: target.name) else { continue }
            found.append((branch.mark, .branch(branch.value), tier))
        }
        return maps(found)
    }

    /// What the documents about Vercel say of production.
    static func of(_ vercel: VercelReading) -> [BranchMap] {
        maps(vercel.productionBranches.map { ($0.branch.mark, .branch($0.branch.value), .production) })
    }

    /// One map for each document, in the order of their first claims.
    private static func maps(
        _ found: [(mark: SourceMark, trigger: BranchClaim.Trigger, tier: Tier)]
    ) -> [BranchMap] {
        var files: [String] = []
        var claims: [String: [BranchClaim]] = [:]
        for item in found {
            if claims[item.mark.file] == nil { files.append(item.mark.file) }
            let claim = BranchClaim(item.trigger, item.tier, at: item.mark)
            if claims[item.mark.file]?.contains(claim) != true { claims[item.mark.file, default: []].append(claim) }
        }
        return files.map { BranchMap(file: $0, claims: claims[$0] ?? []) }
    }
}
