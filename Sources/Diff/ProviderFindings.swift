internal import Basics
public import DesiredState
internal import Formats

/// What the providers hold that a policy wants otherwise, and that no plan changes: told, with what people can do.
///
/// None of it deletes anything. What wasn't seen is never taken for absent, and what isn't known is never too old.
public enum ProviderFindings {
    /// What has to be looked at for them, beyond what is wanted: names by kind, none where the whole list is meant.
    public static func lookups(_ desired: DesiredState) -> [ResourceKind: Set<String>] {
        var names: [ResourceKind: Set<String>] = [:]
        if desired.policy.surfaces["volumes"]?.mustBeAttached != nil { names[.volume] = [] }
        if desired.policy.snapshotRetention != nil { names[.snapshot] = [] }
        let clusters = desired.environments.compactMap { $0.backupSchedule == nil ? nil : $0.databaseCluster }
        if !clusters.isEmpty { names[.databaseBackup] = Set(clusters) }
        return names
    }

    /// The kinds that have to be seen to say that nothing is to be told of a resource any more.
    public static func kinds(saying key: ResourceKey) -> [ResourceKind] {
        switch key.kind {
        // Without its cluster nobody knows since when a backup is due.
        case .databaseBackup: [.databaseBackup, .databaseCluster]
        case .policySurface: SurfacePolicy.kinds[key.name] ?? []
        default: [key.kind]
        }
    }

    /// One of them.
    struct Finding {
        let diagnostic: Diagnostic
        /// Nil where it only says that something can't be told.
        let drift: DriftItem?
    }

    static func all(_ input: PlanInput) -> [Finding] {
        surfaces(input) + volumes(input) + snapshots(input) + backups(input) + watched(input)
    }

    // MARK: Volumes

    private static func volumes(_ input: PlanInput) -> [Finding] {
        guard let surface = input.desired.policy.surfaces["volumes"], let rule = surface.mustBeAttached,
            let seen = input.observed.kinds[.volume],
            input.desired.policy.exception(for: "volumes", at: input.now) == nil
        else { return [] }
        let wanted = Set(
            input.desired.resources.filter { $0.key.kind == .volume && $0["droplet"] != nil }.map(\.key))
        // What is about to be attached is told by its change.
        let loose = seen.resources.filter {
            $0.attributes["is_attached"]?.boolValue == false && !wanted.contains($0.key)
        }
        return loose.map { volume in
            let size = volume.attributes["size_gb"]?.intValue.map { ", \($0) GiB" } ?? ""
            let region = volume.attributes["region"]?.stringValue.map { " in \($0)" } ?? ""
            return finding(
                "PLAN-0011",
                "the volume \(volume.key.name) (\(volume.providerID)\(size)\(region)) is attached to nothing",
                rule, hint: "attach it, or look what is on it and delete it by hand; an exception for volumes keeps it",
                volume.key, .externalChange)
        } + unseen("PLAN-0011", "whether every volume is attached", seen, rule, input)
    }

    // MARK: Snapshots

    private static func snapshots(_ input: PlanInput) -> [Finding] {
        guard let retention = input.desired.policy.snapshotRetention, let seen = input.observed.kinds[.snapshot] else {
            return []
        }
        let wanted = Set(input.desired.resources.filter { $0.key.kind == .snapshot }.map(\.key))
        let expired = seen.resources.filter { !wanted.contains($0.key) }
        return SnapshotAges(retention, seen.resources, now: input.now).beyond(expired).map { snapshot, made in
            let what = snapshot.attributes["resource_type"]?.stringValue.map { " of a \($0)" } ?? ""
            return finding(
                "PLAN-0012",
                "the snapshot \(snapshot.key.name)\(what) (\(snapshot.providerID)) of \(day(made)) is beyond the "
                    + "\(retention.weekly) weekly and \(retention.monthly) monthly ones that are kept",
                retention.source,
                hint: "look whether anything still needs it and delete it by hand"
                    + (retention.foreverTag.map { ", or keep it with the tag \($0)" } ?? ""),
                snapshot.key, .expired)
        } + unseen("PLAN-0012", "which snapshots there are", seen, retention.source, input)
    }

    // MARK: Backups

    private static func backups(_ input: PlanInput) -> [Finding] {
        guard let seen = input.observed.kinds[.databaseBackup] else { return [] }
        var findings: [Finding] = []
        var told: Set<String> = []
        for environment in input.desired.environments {
            guard let cluster = environment.databaseCluster, let text = environment.backupSchedule,
                let schedule = try? Cron(parsing: text), told.insert("\(cluster) \(text)").inserted,
                let finding = backup(of: cluster, environment, schedule, seen, input)
            else { continue }
            findings.append(finding)
        }
        guard let first = input.desired.environments.first(where: { $0.backupSchedule != nil }) else { return findings }
        return findings
            + unseen("PLAN-0013", "when each backup was made", seen, first.backupSource, input)
    }

    /// A backup may take an hour from when it is due.
    private static let grace = Duration.hours(1)

    private static func backup(
        of cluster: String, _ environment: Environment, _ schedule: Cron, _ seen: ObservedKind, _ input: PlanInput
    ) -> Finding? {
        let found = seen.resources.filter { $0.key.name == cluster }
        guard found.count <= 1 else { return nil }
        let backup = found.first
        let latest = backup?.attributes["latest"]?.instantValue
        // Without one, the time runs from when the cluster was made; of one that isn't there nothing is due.
        let clusters = input.observed.kinds[.databaseCluster]?.resources.filter { $0.key.name == cluster } ?? []
        guard clusters.count == 1, latest != nil || seen.completeness.isComplete,
            let since = latest ?? clusters.first?.createdAt, let due = schedule.next(after: since),
            due + grace <= input.now
        else { return nil }
        let interval = backup?.attributes["interval_hours"]?.intValue.map {
            "; DigitalOcean makes one every \($0.of("hour"))"
        }
        let last = latest.map { "the latest was made at \($0)" } ?? "there is none"
        return finding(
            "PLAN-0013",
            "a backup of \(cluster) was due at \(due) for the environment \(environment.slug), and \(last)"
                + (interval ?? ""), environment.backupSource,
            hint: "look why none was made; where the provider can't make them that often, make them yourself or change "
                + (environment.backupRule == nil ? "`backup_schedule`" : "`backups` of the policies"),
            ResourceKey(.databaseBackup, cluster), .externalChange, environment.slug)
    }

    // MARK: For all of them

    static func finding(
        _ code: String, _ message: String, _ mark: SourceMark, hint: String, _ key: ResourceKey, _ cause: ChangeCause,
        _ environment: String? = nil
    ) -> Finding {
        Finding(
            diagnostic: Diagnostic(.warning, code, message, at: mark, hint: hint),
            drift: DriftItem(
                finding: code, message, of: key, cause: cause, environment: environment, source: mark))
    }

    /// Says that a list wasn't seen whole, unless nothing of the provider was seen at all, which is told elsewhere.
    static func unseen(
        _ code: String, _ what: String, _ seen: ObservedKind, _ mark: SourceMark, _ input: PlanInput
    ) -> [Finding] {
        guard !seen.completeness.isComplete else { return [] }
        let others = input.observed.kinds.values.filter { $0.kind.provider == seen.kind.provider }
        guard others.contains(where: { $0.completeness.isComplete }) else { return [] }
        return [
            Finding(
                diagnostic: Diagnostic(
                    .note, code, "\(what) can't be told: \(DraftText.why(seen.completeness, seen.kind))", at: mark,
                    hint: "until it can be read, nothing is said of it"), drift: nil)
        ]
    }

    private static func day(_ instant: Timestamp) -> String { String(instant.description.prefix(10)) }
}

/// Which snapshots a retention keeps.
private struct SnapshotAges {
    private let retention: SnapshotRetention
    private let now: Timestamp
    /// The ids of those that are kept as the newest of their week or month.
    private let kept: Set<String>

    init(_ retention: SnapshotRetention, _ all: [ObservedResource], now: Timestamp) {
        self.retention = retention
        self.now = now
        var kept: Set<String> = []
        for (_, snapshots) in Dictionary(grouping: all, by: Self.subject) {
            let dated = snapshots.compactMap { item in Self.made(item).map { (item.providerID, $0) } }
                .sorted { $0.1 != $1.1 ? $0.1 > $1.1 : $0.0.precedesByBytes($1.0) }
            kept.formUnion(Self.newest(dated, retention.weekly) { $0.week })
            kept.formUnion(Self.newest(dated, retention.monthly) { $0.month })
        }
        self.kept = kept
    }

    /// Those of some that are beyond it, each with when it was made; one of unknown age never is.
    func beyond(_ snapshots: [ObservedResource]) -> [(ObservedResource, Timestamp)] {
        snapshots.compactMap { snapshot in
            guard let made = Self.made(snapshot), !kept.contains(snapshot.providerID), !isKeptForever(snapshot),
                // What was made by hand a few days ago is not what a retention is about.
                made + .days(7 * max(1, retention.weekly)) <= now
            else { return nil }
            return (snapshot, made)
        }
    }

    private func isKeptForever(_ snapshot: ObservedResource) -> Bool {
        guard let tag = retention.foreverTag else { return false }
        // Where the tags aren't shown, it may carry it.
        guard let tags = snapshot.attributes["seen_tags"]?.listValue else { return true }
        return tags.contains { $0.stringValue?.lowercased() == tag.lowercased() }
    }

    private static func made(_ snapshot: ObservedResource) -> Timestamp? {
        snapshot.createdAt ?? snapshot.attributes["created_at"]?.instantValue
    }

    private static func subject(_ snapshot: ObservedResource) -> String {
        "\(snapshot.attributes["resource_type"]?.stringValue ?? "")/\(snapshot.attributes["resource_id"]?.stringValue ?? "")"
    }

    /// The newest of each of the last few periods in which there is one.
    private static func newest(
        _ dated: [(id: String, made: Timestamp)], _ count: Int, _ period: (Timestamp) -> Int64
    ) -> [String] {
        var periods: Set<Int64> = []
        var found: [String] = []
        for item in dated where periods.count < count || periods.contains(period(item.made)) {
            if periods.insert(period(item.made)).inserted { found.append(item.id) }
        }
        return found
    }
}

extension Timestamp {
    /// The weeks since 1970 that begin on a Monday; the first of January 1970 was a Thursday.
    fileprivate var week: Int64 { (seconds + 3 * 86_400) / (7 * 86_400) }
    fileprivate var month: Int64 { Int64(calendar.year) * 12 + Int64(calendar.month) }
}
