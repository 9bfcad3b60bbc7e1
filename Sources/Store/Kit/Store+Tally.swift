public import Basics
import DesiredState
import Diff

/// How many there are of what a reader asks for as a whole; each by its word.
public struct StandingTally: Sendable, Hashable {
    /// By status; without those that are gone.
    public var environments: [EnvironmentRow.Status: Int] = [:]
    /// Environments that people want left alone.
    public var suspended = 0
    /// Differences by cause.
    public var drift: [String: Int] = [:]
    /// Differences that are known, by the SSOT or by a person.
    public var knownDrift = 0
    /// What is not as it has to be, by status; without what is over.
    public var findings: [FindingRecord.Status: Int] = [:]

    public init() {}
}

extension Store {
    /// Counts what stands, without reading each of it.
    ///
    /// - Parameter now: the present: a suspension may have ended.
    /// - Returns: the counts.
    /// - Throws: `StoreFault`.
    public func tally(at now: Timestamp) async throws(StoreFault) -> StandingTally {
        let (counted, marked) = try await engine.read {
            (db: any SQLConnection) throws(StoreFault) -> (StandingTally, [ResourceKey]) in
            var tally = StandingTally()
            for row in try db.run(
                """
                select status, count(*),
                  sum(case when is_suspended and (suspended_until is null or suspended_until > $1) then 1 else 0 end)
                from ops.environments where tier is not null and (status is null or status <> $2) group by status
                """, [.time(now), .text(EnvironmentRow.Status.gone.rawValue)])
            {
                let status = row.optionalText(0).flatMap(EnvironmentRow.Status.init(rawValue:)) ?? .unknown
                tally.environments[status, default: 0] += Int(clamping: try row.int(1))
                tally.suspended += Int(clamping: try row.optionalInt(2) ?? 0)
            }
            for row in try db.run("select cause, count(*) from ops.drift_items where status = 'open' group by cause") {
                tally.drift[try row.text(0), default: 0] += Int(clamping: try row.int(1))
            }
            if try Self.mirrors("convergence_findings", in: db) {
                for row in try db.run(
                    "select status, count(*) from ops.convergence_findings where status <> 'resolved' group by status")
                {
                    let status = FindingRecord.Status(rawValue: try row.text(0)) ?? .open
                    tally.findings[status, default: 0] += Int(clamping: try row.int(1))
                }
            }
            return (tally, try Self.driftMarks(at: now, in: db).map(\.key))
        }
        var tally = counted
        // What is expected needs no mark; and whether a mark still holds depends on what differs now.
        tally.knownDrift = tally.drift[ChangeCause.expected.rawValue] ?? 0
        if !marked.isEmpty {
            tally.knownDrift += try await openDrift(keys: marked).count { $0.mark != nil && $0.cause != .expected }
        }
        return tally
    }
}
