public import Basics
import DesiredState
import Diff

/// A figure of which the past can be told from what is kept.
public enum RangedFigure: String, Sendable, Hashable, CaseIterable {
    /// Runs that began in each step, by the phase in which they are now.
    case runs
    /// How long the passes took that began in each step and have ended; dry runs are left out.
    case runDuration = "run_duration_ms"
    /// Differences that were open at the end of each step, by cause, as passes found and resolved them.
    case drift
    /// Deliveries of hooks that were received in each step, by provider.
    case deliveries

    /// What tells its series apart.
    public var label: String {
        switch self {
        case .runs: "phase"
        case .runDuration: "quantile"
        case .drift: "cause"
        case .deliveries: "provider"
        }
    }

    /// Series that are there also where nothing was counted.
    fileprivate var standing: [String] {
        switch self {
        case .runs: [RunPhase.succeeded.rawValue, RunPhase.failed.rawValue]
        case .runDuration: Self.quantiles.map { $0.word }
        case .drift, .deliveries: []
        }
    }

    /// In percent; the last is the longest of all.
    fileprivate static let quantiles: [(word: String, percent: Int)] = [("0.5", 50), ("0.95", 95), ("1", 100)]
}

/// Equal steps of time that begin at multiples of their length since the epoch, so that the same instant is always in
/// the same one.
public struct TimeSteps: Sendable, Hashable {
    /// When the first begins.
    public let first: Timestamp
    /// How long each is.
    public let seconds: Int64
    public let count: Int

    /// More points than these say nothing that can be seen.
    public static let most = 1_000

    /// The steps that cover a time; nil where the time is none, or is cut into more than `most`.
    ///
    /// - Parameters:
    ///   - from: within the first step.
    ///   - to: the end of the last step, or within it.
    ///   - seconds: the length of each, at least 1.
    public init?(from: Timestamp, to: Timestamp, seconds: Int64) {
        guard from < to, (1...315_360_000_000).contains(seconds) else { return nil }
        let rest = (from.seconds % seconds + seconds) % seconds
        first = Timestamp(seconds: from.seconds - rest)
        self.seconds = seconds
        let length = seconds * 1_000_000
        let count = (to.microseconds - first.microseconds - 1) / length + 1
        guard count <= Self.most else { return nil }
        self.count = Int(count)
    }

    /// When a step begins; of one after the last, its end.
    public func begin(_ index: Int) -> Timestamp { first + .seconds(seconds * Int64(index)) }

    /// The step that an instant is in; nil outside of all.
    func index(of instant: Timestamp) -> Int? {
        guard instant >= first else { return nil }
        let index = (instant.microseconds - first.microseconds) / (seconds * 1_000_000)
        return index < Int64(count) ? Int(index) : nil
    }
}

/// What became of a figure over time.
public struct FigureHistory: Sendable {
    /// From when on it is kept whole; nil: nothing of it is kept yet.
    public let knownSince: Timestamp?
    /// By what tells them apart, in the order of bytes; one value for each step, nil where nobody knows or nothing was
    /// measured.
    public let series: [(label: String, values: [Int?])]
}

extension Store {
    /// So many rows are read for one answer: what passes of more than a month leave, one each minute.
    public static let mostHistoryRows = 50_000

    /// Tells what became of a figure, from the rows that are kept.
    ///
    /// - Parameters:
    ///   - figure: which.
    ///   - steps: the time, cut into equal parts.
    ///   - end: nothing after it is counted.
    ///   - horizon: what is older may have been cut already.
    /// - Returns: nil where more than `mostHistoryRows` rows are about that time.
    /// - Throws: `StoreFault`.
    public func history(
        of figure: RangedFigure, over steps: TimeSteps, until end: Timestamp, keptSince horizon: Timestamp
    ) async throws(StoreFault) -> FigureHistory? {
        let now = time.now
        return try await engine.read { (db: any SQLConnection) throws(StoreFault) -> FigureHistory? in
            let oldest = try db.run(Self.oldestQuery(of: figure)).first?.optionalTime(0)
            let since = oldest.map { max($0, horizon) }
            var rows: [SQLRow] = []
            for (query, binds) in Self.historyQueries(of: figure, from: steps.first, to: end) {
                rows += try db.run(query, binds)
            }
            guard rows.count <= Self.mostHistoryRows else { return nil }
            var series: [String: [Int?]] = [:]
            switch figure {
            case .runs, .deliveries: series = try Self.counts(rows, steps)
            case .runDuration: series = try Self.durations(rows, steps)
            case .drift: series = try Self.open(rows, steps, until: end)
            }
            for label in figure.standing where series[label] == nil {
                series[label] = [Int?](repeating: figure == .runDuration ? nil : 0, count: steps.count)
            }
            // Where nobody has counted, nothing is another answer than none.
            let known = (0..<steps.count).map { index in
                since.map { steps.begin(index + 1) > $0 && steps.begin(index) <= now } ?? false
            }
            return FigureHistory(
                knownSince: since,
                series: series.sorted { $0.key.precedesByBytes($1.key) }.map { label, values in
                    (label, zip(values, known).map { value, isKnown -> Int? in isKnown ? value : nil })
                })
        }
    }

    /// Gives the instant of the oldest row that is kept.
    static func oldestQuery(of figure: RangedFigure) -> String {
        switch figure {
        // Of differences it is known since passes look.
        case .runs, .runDuration, .drift:
            "select created_at from ops.runs where run_type = 'reconcile' order by created_at, id limit 1"
        case .deliveries: "select received_at from ops.webhook_deliveries order by received_at, id limit 1"
        }
    }

    /// Gives the rows that are about a time: when, of which series, and until when.
    static func historyQueries(
        of figure: RangedFigure, from: Timestamp, to: Timestamp
    ) -> [(text: String, binds: [SQLValue])] {
        let (begin, end) = (SQLValue.time(from), SQLValue.time(to))
        let limit = "limit \(mostHistoryRows + 1)"
        switch figure {
        case .runs, .runDuration:
            return [
                (
                    """
                    select created_at, last_phase, completed_at from ops.runs
                    where run_type = 'reconcile' and created_at >= $1 and created_at < $2 \(limit)
                    """, [begin, end]
                )
            ]
        case .deliveries:
            return [
                (
                    """
                    select received_at, provider from ops.webhook_deliveries
                    where received_at >= $1 and received_at < $2 \(limit)
                    """, [begin, end]
                )
            ]
        case .drift:
            return [
                (
                    "select \(driftColumns) from ops.drift_items where status = 'open' and first_seen < $1 \(limit)",
                    [end]
                ),
                (
                    """
                    select \(driftColumns) from ops.drift_items
                    where status = 'resolved' and resolved_at >= $1 and first_seen < $2 \(limit)
                    """, [begin, end]
                ),
            ]
        }
    }

    /// What is counted of a difference.
    ///
    /// What a rule alone wants otherwise was changed by nobody: of few rows their detail has to be read for it.
    private static let driftColumns = """
        first_seen, cause, resolved_at, case when cast(detail as text) like '%"finding"%' then detail end
        """

    private static func counts(_ rows: [SQLRow], _ steps: TimeSteps) throws(StoreFault) -> [String: [Int?]] {
        var counts: [String: [Int]] = [:]
        for row in rows {
            guard let index = steps.index(of: try row.time(0)) else { continue }
            counts[row.optionalText(1) ?? "unknown", default: [Int](repeating: 0, count: steps.count)][index] += 1
        }
        return counts.mapValues { values in values.map { .some($0) } }
    }

    private static func durations(_ rows: [SQLRow], _ steps: TimeSteps) throws(StoreFault) -> [String: [Int?]] {
        var measured = [[Int64]](repeating: [], count: steps.count)
        for row in rows where row.optionalText(1) != RunPhase.planned.rawValue {
            let begin = try row.time(0)
            guard let index = steps.index(of: begin), let end = try row.optionalTime(2) else { continue }
            measured[index].append(max(0, (end - begin).microseconds / 1_000))
        }
        for index in measured.indices { measured[index].sort() }
        var series: [String: [Int?]] = [:]
        for (word, percent) in RangedFigure.quantiles {
            // The nearest rank: a duration that some pass really took.
            series[word] = measured.map { sorted in
                sorted.isEmpty ? nil : Int(clamping: sorted[(sorted.count * percent + 99) / 100 - 1])
            }
        }
        return series
    }

    /// How many were open at the end of each step, or at `end` within the last.
    private static func open(
        _ rows: [SQLRow], _ steps: TimeSteps, until end: Timestamp
    ) throws(StoreFault) -> [String: [Int?]] {
        // Each begins to count in one step and ceases to in another, so that no row is looked at once a step.
        var changes: [String: [Int]] = [:]
        for row in rows {
            let begin = try row.time(0)
            let detail = row.optionalText(3) == nil ? nil : try row.json(3)
            let isOnlyFinding = detail.map(DriftRecord.isOnlyFinding) ?? false
            let cause = isOnlyFinding ? ChangeCause.finding : try row.text(1)
            var own = changes[cause] ?? [Int](repeating: 0, count: steps.count + 1)
            own[begin < steps.first ? 0 : steps.index(of: begin) ?? steps.count] += 1
            if let resolved = try row.optionalTime(2), resolved <= end {
                own[resolved < steps.first ? 0 : steps.index(of: resolved) ?? steps.count] -= 1
            }
            changes[cause] = own
        }
        return changes.mapValues { own -> [Int?] in
            var count = 0
            return own.dropLast().map { change -> Int? in
                count += change
                return count
            }
        }
    }
}
