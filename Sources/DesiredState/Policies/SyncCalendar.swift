public import Basics

/// Says whether changes may be made at an instant, and when they may again.
///
/// Pure: windows and freezes come from the policy, time zones from whoever read them. A deny window wins over every allow
/// window; a freeze wins over both; what can't be read or computed forbids.
public struct SyncCalendar: Sendable {
    /// Why changes may not be made.
    public struct Closure: Sendable, Hashable {
        /// One sentence that names the window or freeze with its place.
        public let reason: String
        /// Nil where the entry that closes has no place.
        public let source: SourceMark?

        init(_ reason: String, at source: SourceMark?) {
            self.reason = reason
            self.source = source
        }
    }

    private let windows: [SyncWindow]
    private let freezes: [Freeze]
    private let unreadable: [UnreadableWindow]
    private let zones: TimeZones

    public init(_ policy: Policy, zones: TimeZones) {
        windows = policy.syncWindows
        freezes = policy.freezes
        unreadable = policy.unreadableWindows
        self.zones = zones
    }

    /// Whether nothing ever closes.
    public var isEmpty: Bool { windows.isEmpty && freezes.isEmpty && unreadable.isEmpty }

    /// How far ahead an opening is looked for.
    public static let horizon = Duration.days(400)

    /// Why none of the changes may be made that are about all of these subjects; nil where they may.
    ///
    /// - Parameters:
    ///   - subjects: what the changes are about; all of them have to be open.
    ///   - now: the instant.
    ///   - isManual: whether a person asked for it by hand.
    /// - Returns: the first closure; nil where nothing closes.
    public func closure(of subjects: [SyncSubject], at now: Timestamp, isManual: Bool = false) -> Closure? {
        for subject in subjects {
            if let closure = closure(of: subject, at: now, isManual: isManual) { return closure }
        }
        return nil
    }

    /// The first instant from now on at which changes may be made that are about all of these subjects.
    ///
    /// - Parameters:
    ///   - subjects: what the changes are about; all of them have to be open.
    ///   - now: the instant from which on it is looked for.
    ///   - isManual: whether a person asks for it by hand.
    /// - Returns: `now` where they may already; nil where that isn't before the horizon, or only another commit opens.
    public func nextOpening(of subjects: [SyncSubject], from now: Timestamp, isManual: Bool = false) -> Timestamp? {
        guard closure(of: subjects, at: now, isManual: isManual) != nil else { return now }
        let end = now + Self.horizon
        let fixed = freezes.filter { subjects.contains(where: $0.scope.covers) }.flatMap { [$0.from, $0.until] }
            .compactMap { $0 }
        let concerned = windows.filter { subjects.contains(where: $0.scope.covers) }
        var turns = concerned.map { turn(of: $0, after: now) }
        var instant = now
        // Each turn is later than the one before; nothing opens between two.
        while let next = (fixed.filter { $0 > instant } + turns.compactMap { $0 }).min(), next <= end {
            instant = next
            if closure(of: subjects, at: instant, isManual: isManual) == nil { return instant }
            for index in concerned.indices {
                guard let due = turns[index], due <= instant else { continue }
                turns[index] = turn(of: concerned[index], after: instant)
            }
        }
        return nil
    }

    private func turn(of window: SyncWindow, after now: Timestamp) -> Timestamp? {
        zones[window.timeZone].flatMap { window.nextTurn(after: now, in: $0) }
    }

    /// The next instant at which a window or freeze of one of the subjects begins or ends.
    public func nextTurn(of subjects: [SyncSubject], after now: Timestamp) -> Timestamp? {
        let fixed = freezes.filter { subjects.contains(where: $0.scope.covers) }.flatMap { [$0.from, $0.until] }
            .compactMap { $0 }.filter { $0 > now }
        let concerned = windows.filter { subjects.contains(where: $0.scope.covers) }
        return (fixed + concerned.compactMap { turn(of: $0, after: now) }).min()
    }

    /// The next instant at which any window or freeze begins or ends.
    public func nextTurn(after now: Timestamp) -> Timestamp? {
        let fixed = freezes.flatMap { [$0.from, $0.until] }.compactMap { $0 }.filter { $0 > now }
        return (fixed + windows.compactMap { turn(of: $0, after: now) }).min()
    }

    private func closure(of subject: SyncSubject, at now: Timestamp, isManual: Bool) -> Closure? {
        if let broken = unreadable.first(where: { $0.scope.covers(subject) }) {
            return Closure(
                "whether changes may be made now can't be read\(Self.place(broken.source)): \(broken.reason)",
                at: broken.source)
        }
        // Of several, the one that lasts longest tells best how long it takes.
        if let freeze = freezes.filter({ $0.isInForce(at: now) && $0.scope.covers(subject) }).max(by: {
            $0.until < $1.until
        }) {
            return Closure(
                "\(Self.name(subject, freeze.scope)) is frozen until \(freeze.until.minuteText) UTC"
                    + "\(Self.place(freeze.source)): \(freeze.reason)", at: freeze.source)
        }
        let concerned = windows.filter { $0.scope.covers(subject) }
        if let lost = concerned.first(where: { zones[$0.timeZone] == nil }) {
            let why = zones.faults[lost.timeZone] ?? "it was not loaded"
            return Closure(
                "the time zone \(lost.timeZone) of a sync window\(Self.place(lost.source)) is not known: \(why)",
                at: lost.source)
        }
        func isOpen(_ window: SyncWindow) -> Bool {
            zones[window.timeZone].map { window.isOpen(at: now, in: $0) } ?? false
        }
        let denying = concerned.filter { $0.kind == .deny && isOpen($0) }
        if let deny = denying.first(where: { !isManual || !$0.allowsManual }) {
            return Closure("a deny window is open\(Self.text(deny))", at: deny.source)
        }
        let allowing = concerned.filter { $0.kind == .allow }
        guard !allowing.isEmpty, !allowing.contains(where: isOpen) else { return nil }
        guard let closed = allowing.first(where: { !isManual || !$0.allowsManual }) else { return nil }
        let others = allowing.count > 1 ? " and none of \(allowing.count - 1) more" : ""
        return Closure("no allow window is open: not\(Self.text(closed))\(others)", at: closed.source)
    }

    /// ` (0 22 * * * for 6h, Europe/Berlin, policies.yaml:12:5: reason)`.
    private static func text(_ window: SyncWindow) -> String {
        let reason = window.reason.map { ": \($0)" } ?? ""
        return " \(window.schedule) for \(window.duration.shortText), \(window.timeZone) (\(window.source))\(reason)"
    }

    private static func name(_ subject: SyncSubject, _ scope: PolicyScope) -> String {
        if scope.isEverything { return "everything" }
        if let tier = subject.tier, scope.tiers.contains(tier) { return "the tier \(tier.rawValue)" }
        return subject.environment.map { "environment \($0)" } ?? "it"
    }

    private static func place(_ mark: SourceMark?) -> String { mark.map { " (\($0))" } ?? "" }
}

extension Policy {
    /// The time zones that its windows name.
    public var timeZoneNames: Set<String> { Set(syncWindows.map(\.timeZone)) }
}

extension DesiredState {
    /// Time zones of sync windows that this machine doesn't know, sorted; the windows stay closed until it does.
    public func zoneDiagnostics(_ zones: TimeZones) -> [Diagnostic] {
        policy.syncWindows.compactMap { window in
            guard zones[window.timeZone] == nil else { return nil }
            return Diagnostic(
                .error, Code.unknownTimeZone.rawValue,
                "the time zone \(quoted(window.timeZone)) is not known: "
                    + (zones.faults[window.timeZone] ?? "it was not loaded"),
                at: window.timeZoneSource,
                hint: (zones.likely[window.timeZone].map { "Did you mean `\($0)`?" }
                    ?? "Write a name of the IANA database: `Europe/Berlin`.")
                    + " Until then nothing is changed by this window.")
        }.sorted()
    }
}
