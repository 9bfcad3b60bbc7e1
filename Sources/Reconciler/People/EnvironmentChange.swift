public import Basics
import DesiredState
import Diff
import Formats
public import Store

/// What a person decides of an environment's life; the command line and the API make it alike.
public struct EnvironmentChange: Sendable {
    /// What is done.
    public enum Verb: String, Sendable, Hashable, CaseIterable {
        case extend, pin, unpin, suspend, resume
    }

    public let verb: Verb
    public let name: String
    /// Only for `extend`: 1 to 365.
    public let days: Int
    public let reason: String?
    /// When a pin or a suspension ends by itself.
    public let until: Timestamp?

    /// The farthest end that can be given: what is meant for ever has none.
    public static let longest = Duration.days(3_653)

    public init(_ verb: Verb, of name: String, days: Int = 0, reason: String? = nil, until: Timestamp? = nil) {
        self.verb = verb
        self.name = name
        self.days = days
        self.reason = reason
        self.until = until
    }

    /// Makes it, with its audit record and its notice; where it is so already nothing is written and nobody is told.
    ///
    /// - Returns: the environment as it is afterwards, and whether that is new.
    /// - Throws: `RequestFault` where it can't be; `StoreFault`.
    public func make(in store: Store, by actor: Actor, at now: Timestamp) async throws -> LifeChange {
        let all = try await store.environments()
        let rows = all.filter { $0.status != .gone }
        guard let before = rows.first(where: { $0.slug == name }) else {
            guard !all.contains(where: { $0.slug == name }) else {
                throw RequestFault(
                    .conflict, "\(name) is gone: nothing of it is there any more",
                    hint: "It begins anew when its branch or its entry is back: reconcile explain \(name)")
            }
            let near = Suggestion.nearest(to: name, in: rows.map(\.slug))
            throw RequestFault(
                .notFound, "there is no environment \(name)",
                hint: near.map { "Did you mean: reconcile env \(verb) \($0)" } ?? "List them with: reconcile env list")
        }
        // The limits as of the last pass; the plan counts no more days than the policy allows, whatever is stored.
        if verb == .extend {
            guard (1...Keeping.mostAtOnce).contains(days) else {
                throw RequestFault(
                    .invalid, "\(name) can't be extended by \(days.of("day"))",
                    hint: "Give between 1 and \(Keeping.mostAtOnce) days.")
            }
            // Days that count for nothing would only look like time that was won.
            guard !before.neverEnds else {
                throw RequestFault(
                    .conflict, "\(name) never ends; there is nothing to extend",
                    hint: "See when each environment ends: reconcile env list", code: "RUN-0031")
            }
            guard !before.isUnwanted else { throw before.daysForNothing(at: now) }
            if let longest = before.limit("longest_extension_days"), days > longest {
                throw RequestFault(
                    .conflict, "\(name) can't be extended by \(days.of("day")) at once: the policy allows \(longest)",
                    hint: "Run: \(before.keeping(at: now, wish: days).command(name))")
            }
        }
        if let until, until <= now {
            throw RequestFault(.conflict, "\(until) has passed already", hint: "Write an instant that is to come.")
        }
        if let until, until > now + Self.longest {
            throw RequestFault(
                .conflict, "\(until) is more than ten years away",
                hint: verb == .suspend
                    ? "Leave the end out: it lasts until reconcile env resume \(name)"
                    : "Leave the end out: it lasts until reconcile env unpin \(name)")
        }
        var detail = Value.Object()
        if verb == .extend { detail["days"] = .int(Int64(days)) }
        if let reason { detail["reason"] = .string(reason) }
        if let until { detail["until"] = .string(until.description) }
        let audit = actor.audit("env.\(verb)", of: name, at: now, detail)
        return switch verb {
        case .extend:
            try await store.extendEnvironment(
                name, days: days, most: before.limit("most_extension_days"), audit: audit)
        case .pin: try await store.setPinned(name, true, reason: reason, until: until, audit: audit)
        case .unpin: try await store.setPinned(name, false, audit: audit)
        case .suspend: try await store.setSuspended(name, true, reason: reason, until: until, audit: audit)
        case .resume: try await store.setSuspended(name, false, audit: audit)
        }
    }
}

extension EnvironmentRow {
    /// From when on days that are added to its life count; nil where they count at once.
    ///
    /// - Parameter now: the present: a pin or a suspension may have ended.
    /// - Returns: a clause that follows `which`.
    public func pauseOfLife(at now: Timestamp) -> String? {
        func end(_ until: Timestamp?) -> String { until.map { "at \($0.minuteText) UTC, or at once by: " } ?? "by: " }
        if isSuspended(at: now) {
            return "count when it is reconciled again, \(end(suspendedUntil))reconcile env resume \(slug)"
        }
        if isPinned(at: now) { return "count when its pin ends, \(end(pinnedUntil))reconcile env unpin \(slug)" }
        return nil
    }

    /// What more days have come to.
    ///
    /// - Parameter now: the present.
    /// - Returns: what follows `payroll has 7 days more (7 in all)`, with the end of the sentence.
    public func comeTo(at now: Timestamp) -> String {
        let pin = isPinned(at: now) ? pinnedUntil : nil
        guard let end = expiresAt, !isSuspended(at: now), !isPinned(at: now) || pin != nil else {
            return pauseOfLife(at: now).map { ", which \($0)." } ?? "; the next pass says until when."
        }
        if let pin, timeEnds ?? end <= pin {
            return ", which are over before its pin is, at \(pin.minuteText) UTC. Pin it longer: \(longerPin)."
        }
        guard end <= now else {
            return (status == .expired ? ": it comes back with the next pass, and ends" : ": it ends")
                + " \(end.minuteText) UTC."
        }
        return ": it ends \(end.minuteText) UTC, which has passed: "
            + (status == .expired ? "it doesn't come back" : "it still goes\(goes(at: now))")
            + ". Keep it: \(keeping(at: now).command(slug))."
    }

    /// When what has ended goes: what follows `it goes`.
    private func goes(at now: Timestamp) -> String {
        goesLater(than: now).map { ", at \($0.minuteText) UTC at the earliest" } ?? " with the next pass"
    }

    /// What comes of it now that a person keeps it no longer, or left it alone until now.
    ///
    /// - Parameter now: the present.
    /// - Returns: what follows `payroll is no longer pinned`, with the end of the sentence; nil where its life goes on.
    public func comeLoose(at now: Timestamp) -> String? {
        // Nothing of it goes while nobody knows what is wanted of it.
        guard doubt == nil else { return nil }
        let keep = "Keep it: \(keeping(at: now).command(slug))."
        if isUnwanted {
            let unwanted = ", and nothing wants it any more: "
            if isPinned(at: now) {
                return unwanted + "only its pin keeps it"
                    + (pinnedUntil.map { " until \($0.minuteText) UTC." } ?? ", until reconcile env unpin \(slug).")
            }
            if isSuspended(at: now) { return unwanted + "it goes when it is reconciled again. \(keep)" }
            return unwanted + "the next pass deletes it, or marks it where the policy gives it a grace. \(keep)"
        }
        guard let end = endsAt(now), end <= now, !isSuspended(at: now), !isPinned(at: now) else { return nil }
        return ": its time was over \(end.minuteText) UTC, so it goes\(goes(at: now)). \(keep)"
    }

    private var longerPin: String { "reconcile env pin \(slug) --until TIME --reason \"why\"" }

    /// Why days count for nothing: nothing wants it any more.
    fileprivate func daysForNothing(at now: Timestamp) -> RequestFault {
        let what = branch.map { "its branch \($0)" } ?? "its entry"
        let when: String
        if isSuspended(at: now) {
            when = "It goes when it is reconciled again"
        } else if isPinned(at: now) {
            when = "It goes when its pin ends" + (pinnedUntil.map { ", at \($0.minuteText) UTC" } ?? "")
        } else {
            let end = goesLater(than: now).map { "at \($0.minuteText) UTC" }
            when = "It goes " + (end ?? "with the next pass that may delete it")
        }
        let keep = isPinned(at: now) ? pinnedUntil.map { _ in longerPin } : Keeping.pin.command(slug)
        return RequestFault(
            .conflict, "nothing wants \(slug) any more: more days count for nothing",
            hint: "\(when). " + (keep.map { "Keep it: \($0). " } ?? "")
                + "It has its time again when \(what), or what made an environment of it, is back.",
            code: "RUN-0033")
    }
}
