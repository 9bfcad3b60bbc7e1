import Basics
import Formats

/// Sections that slid into another one by their indentation, or lost their first line.
///
/// What forbids is not lifted by that: whatever such a key may have been is taken as unknown.
extension PoliciesReader {
    /// The keys by which what stands in a section can be told from what stands in others.
    private static let signatures: [(section: String, keys: Set<String>)] = [
        ("prune", ["grace", "guarded_grace"]), ("limits", ["max_deletes"]), ("approvals", ["longest", "valid_for"]),
        ("sync_windows", ["kind", "schedule", "duration", "time_zone", "manual_sync"]),
        ("freeze", ["from", "until", "all"]),
        ("previews", ["allow", "forks", "fork_secrets", "drafts", "limit", "repository"]),
        ("branch_mappings", ["pattern", "tier", "auto_deploy"]),
        ("ttl_policies", Set(TTLClass.allCases.map(\.rawValue)).union(["warn_before", "extension_days"])),
    ]
    /// The sections whose entries go by the names of tiers.
    private static let byTier = ["freeze", "resource_quotas", "health_gates", "backups"]
    /// What may only be lifted by a word that everybody understands.
    private static let guards = ["limits", "prune", "approvals"]

    /// Takes as unknown what an unknown key may have been, wherever it stands.
    ///
    /// A section that stands at its own place has not become something else; one whose name stands elsewhere may have had more.
    mutating func loseWhatSlid(outOf root: Node) {
        let present = Set(root.entries?.map(\.key) ?? [])
        let names = Self.signatures.map(\.section) + Self.byTier.dropFirst()
        for (entry, cause) in report.unknownKeys where cause.mark?.file == file {
            let holds = entry.value.holdsOthers || entry.value.isLeftEmpty
            var lost: [String] = names.filter { $0 == entry.key }
            if lost.isEmpty, holds, let meant = closest(to: entry.key, among: names) { lost = [meant] }
            lost += Self.signatures.filter { $0.keys.contains(entry.key) }.map(\.section).filter {
                !present.contains($0)
            }
            if Tier(alias: entry.key) != nil { lost += Self.byTier.filter { !present.contains($0) } }
            if lost.isEmpty, holds { lost = Self.guards.filter { !present.contains($0) } }
            for section in lost { lose(section: section, cause) }
        }
    }
}
