public import Basics
public import Diff
import Formats

/// How it ends, and what keeps it.
extension EnvironmentRow {
    /// Whether nothing wants it any more, and something of it is there.
    public var isUnwanted: Bool { unwantedSince != nil && status != .gone }

    /// When its time to live is over, where its pin ends later, or it doesn't end meanwhile; nil where that is its end.
    public var timeEnds: Timestamp? {
        get { self[instant: "time_ends"] }
        set { self[instant: "time_ends"] = newValue }
    }

    /// The end that people were told of, where they have brought it nearer since and no pass has told them; nil where not.
    public var promisedEnd: Timestamp? {
        get { self[instant: "promised_end"] }
        set { self[instant: "promised_end"] = newValue }
    }

    /// Whether it had no end while a person kept it, has one again, and no pass has told people of that one since.
    public var isPromisedNoEnd: Bool {
        get { metadata["promised_no_end"]?.boolValue == true }
        set { if newValue != isPromisedNoEnd { set("promised_no_end", newValue ? .bool(true) : nil) } }
    }

    /// When the grace of what it owns and nothing wants is over; nil where there is none, or the last pass found it wanted.
    public var graceEnds: Timestamp? {
        get { self[instant: "grace_ends"] }
        set { self[instant: "grace_ends"] = newValue }
    }

    /// Brings its end and its status to what a person has just decided, as the next pass will, as far as the last one knew
    /// its time and the policy.
    ///
    /// - Parameters:
    ///   - now: the present.
    ///   - days: how many were added to its time.
    mutating func settle(at now: Timestamp, adding days: Int = 0) {
        guard !neverEnds else { return }
        guard !isUnwanted else {
            // The time that it had counts no longer; a pin does.
            if isPinned(at: now) { expiresAt = pinnedUntil }
            return
        }
        let before = expiresAt
        if let time = (timeEnds ?? expiresAt).map({ $0 + .days(days) }) {
            if isSuspended(at: now) || isPinned && pinnedUntil == nil {
                (expiresAt, timeEnds) = (nil, time)
            } else {
                // Days that a pin outlasts put nothing off.
                let end = isPinned ? max(time, pinnedUntil ?? time) : time
                (expiresAt, timeEnds) = (end, end == time ? nil : time)
                // What people were told of this end before counts no more: they have read since that there is none.
                if before == nil { isPromisedNoEnd = true }
            }
        }
        // Whoever was told of a later end is told of this one in time.
        if let before, let expiresAt, expiresAt < before { promisedEnd = max(promisedEnd ?? before, before) }
        guard status == .active || status == .expiring else { return }
        guard let expiresAt else { return status = .active }
        guard let warning = limit("warn_seconds") else { return }
        status = expiresAt - .seconds(warning) <= now ? .expiring : .active
        // The next pass tells of an end that is sooner than people have heard, and gives half of the time of a warning.
        let isSooner = isPromisedNoEnd || promisedEnd.map { expiresAt < $0 } == true
        if status == .expiring, isSooner { noticeEnds = now + .seconds(warning) / 2 }
    }

    /// When it ends; nil where nothing wants it any more, for the time that it had counts no longer.
    public func endsAt(_ now: Timestamp) -> Timestamp? {
        if isUnwanted { return isPinned(at: now) ? expiresAt : nil }
        guard isBack(at: now) else { return expiresAt }
        return timeEnds.map { isPinned ? max($0, pinnedUntil ?? $0) : $0 }
    }

    /// Whether its suspension has ended by itself, and no pass has said since when it ends.
    private func isBack(at now: Timestamp) -> Bool {
        expiresAt == nil && isSuspended && !isSuspended(at: now) && !(isPinned && pinnedUntil == nil) && !neverEnds
    }

    /// A limit of its extensions that the last pass remembered.
    public func limit(_ name: String) -> Int? { metadata[name]?.intValue.flatMap { Int(exactly: $0) } }

    /// When what it owns goes: after its end and its grace, or after the grace of what nothing wants any more.
    ///
    /// - Parameter now: the present: a pin or a suspension may have ended.
    /// - Returns: nil where it doesn't go by time: it never ends, is left alone, or goes with the next pass.
    public func goesAt(_ now: Timestamp) -> Timestamp? {
        guard status != .gone, !isSuspended(at: now) else { return nil }
        let isPinned = isPinned(at: now)
        if isPinned, pinnedUntil == nil { return nil }
        if isUnwanted { return isPinned ? pinnedUntil : graceEnds }
        guard var end = endsAt(now) else { return nil }
        if isPinned, let pinnedUntil { end = max(end, pinnedUntil) }
        // The next pass warns of it, and gives half of the time of a warning.
        let warning = Duration.seconds(limit("warn_seconds") ?? 0)
        let told = isBack(at: now) && end - warning <= now ? now + warning / 2 : nil
        end = end + .seconds(limit("grace_seconds") ?? 0)
        if let told { return max(end, told) }
        return status == .expiring ? max(end, noticeEnds ?? end) : end
    }

    /// When what it owns goes, where that is still to come; nil, too, where it goes with the next pass.
    public func goesLater(than now: Timestamp) -> Timestamp? { goesAt(now).flatMap { $0 > now ? $0 : nil } }

    /// What gives it more time; of one that nothing wants no days do.
    ///
    /// - Parameters:
    ///   - now: the present.
    ///   - wish: how many days would be good.
    /// - Returns: enough days for an end to come, as far as the last pass knew the policy to allow them, else a pin.
    public func keeping(at now: Timestamp, wish: Int = 7) -> Keeping {
        guard !isUnwanted else { return .pin }
        return Keeping(
            end: timeEnds ?? expiresAt, now: now, extended: extensionDays, longest: limit("longest_extension_days"),
            most: limit("most_extension_days"), wish: wish)
    }

    /// The command that gives it more time; nil where it has no end, or is gone, and where its pin lasts longer anyway.
    public func keepCommand(at now: Timestamp) -> String? {
        guard status != .gone, isUnwanted || endsAt(now) != nil else { return nil }
        let keeping = keeping(at: now)
        // The pin of the command lasts seven days, and takes the place of the one that there is.
        if keeping == .pin, isPinned(at: now), pinnedUntil.map({ $0 >= now + .days(7) }) ?? true { return nil }
        return keeping.command(slug)
    }
}
