public import Basics
import DesiredState
import Diff

/// How everything stands, as one reader sees it at one instant; what there are many of is counted by its word.
public struct Tally: Sendable {
    /// By status; without those that are gone.
    public var environments: [EnvironmentRow.Status: Int] = [:]
    /// Why nobody knows what is wanted of those that are unknown: each reason once, sorted.
    public var doubts: [String] = []
    /// Environments that people want left alone.
    public var suspended = 0
    /// Differences by cause, as `DriftRecord.causeWord` has it.
    public var drift: [String: Int] = [:]
    /// Differences that are known, by the SSOT or by a person.
    public var knownDrift = 0
    /// What is not as it has to be, by status; without what is over.
    public var findings: [FindingRecord.Status: Int] = [:]
    /// The latest run, whatever it was.
    public var lastRun: RunRecord?
    /// Nil where nobody has looked yet: that nothing is found means nothing then.
    public var lastLook: RunRecord?
    /// The latest plan; nil before the first.
    public var plan: PlanRow?
    public var deliveries = DeliveryQueue()
    /// What the service last said; nil where none ever ran.
    public var sign: ServiceSign?
    public var shards: ShardStanding
}

extension Store {
    /// Counts what stands, without reading each of it, and reads what there is once.
    ///
    /// - Parameters:
    ///   - now: the present: a suspension may have ended.
    ///   - environments: counts environments, differences and findings of these alone; nil: of all, and of what is none's.
    /// - Returns: how everything stands.
    /// - Throws: `StoreFault`.
    public func tally(at now: Timestamp, of environments: [String]? = nil) async throws(StoreFault) -> Tally {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Tally in
            var tally = Tally(shards: try Self.shardStanding(at: now, in: db))
            tally.lastRun = try Self.latestRuns(1, in: db).first
            tally.lastLook = try Self.lastLook(in: db)
            tally.plan = try Self.latestPlanRow(at: now, in: db)
            tally.deliveries = try Self.deliveryQueue(in: db)
            tally.sign = try Self.serviceSign(in: db)
            var counted = Conditions()
            counted.add("slug", oneOf: environments)
            for row in try db.run(Self.environmentCounts(counted.clause("and")), counted.binds) {
                let status = row.optionalText(0).flatMap(EnvironmentRow.Status.init(rawValue:)) ?? .unknown
                let count = Int(clamping: try row.int(3))
                if status == .gone { continue }
                tally.environments[status, default: 0] += count
                let end = try row.optionalTime(2)
                if try row.bool(1), end.map({ $0 > now }) ?? true { tally.suspended += count }
            }
            if tally.environments[.unknown] != nil {
                // One document is the reason for all of its environments: some tell enough.
                var unknown = Conditions([.text(EnvironmentRow.Status.unknown.rawValue)])
                unknown.add("slug", oneOf: environments)
                let rows = try Self.environmentRows(
                    "and status = $1 \(unknown.clause("and")) order by slug limit 200", unknown.binds, in: db)
                tally.doubts = Set(rows.compactMap(\.doubt)).sorted { $0.precedesByBytes($1) }
            }
            let open = DriftFilter(environments: environments).conditions
            for row in try db.run(Self.driftCounts(open.clause("and")), open.binds) {
                tally.drift[try row.text(0), default: 0] += Int(clamping: try row.int(1))
            }
            // What a rule alone wants otherwise was changed by nobody: of few rows their detail has to be read for it.
            for row in try db.run(Self.driftFindings(open.clause("and")), open.binds) {
                guard DriftRecord.isOnlyFinding(try row.json(1)) else { continue }
                tally.drift[try row.text(0), default: 0] -= 1
                tally.drift[ChangeCause.finding, default: 0] += 1
            }
            tally.drift = tally.drift.filter { $0.value > 0 }
            if try Self.mirrors("convergence_findings", in: db) {
                var standing = Conditions()
                standing.add("env", oneOf: environments)
                for row in try db.run(
                    "select status, count(*) from ops.convergence_findings where status <> 'resolved' "
                        + "\(standing.clause("and")) group by status", standing.binds)
                {
                    let status = FindingRecord.Status(rawValue: try row.text(0)) ?? .open
                    tally.findings[status, default: 0] += Int(clamping: try row.int(1))
                }
            }
            // What is expected needs no mark; and whether a mark still holds depends on what differs now.
            tally.knownDrift = tally.drift[ChangeCause.expected.rawValue] ?? 0
            let marked = try Self.driftMarks(at: now, in: db).map(\.key)
            if !marked.isEmpty {
                let conditions = DriftFilter(environments: environments, keys: marked).conditions
                tally.knownDrift += try Self.openDrift(conditions.clause("and"), conditions.binds, at: now, in: db)
                    .count { $0.mark != nil && $0.cause != .expected }
            }
            return tally
        }
    }

    /// In the order of its index, and without a condition for each row: of very many, either takes most of the time.
    static func environmentCounts(_ among: String = "") -> String {
        """
        select status, is_suspended, suspended_until, count(*) from ops.environments where tier is not null \(among)
        group by status, is_suspended, suspended_until
        """
    }

    static func driftFindings(_ among: String = "") -> String {
        """
        select cause, detail from ops.drift_items
        where status = 'open' and cast(detail as text) like '%"finding"%' \(among)
        """
    }

    static func driftCounts(_ among: String = "") -> String {
        "select cause, count(*) from ops.drift_items where status = 'open' \(among) group by cause"
    }
}
