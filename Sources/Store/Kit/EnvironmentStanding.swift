public import Basics
import Formats

/// What the last whole pass found of an environment.
public struct EnvironmentStanding: Sendable, Hashable {
    /// Whether the machines run that it needs; Odoo itself isn't asked.
    public enum Health: String, Sendable, Hashable, CaseIterable {
        case healthy, degraded, unknown
    }

    /// How many resources git wants for it.
    public let resources: Int
    /// Of how many of them nothing can be said: the provider wasn't seen, or the document can't be read.
    public let unseen: Int
    public let health: Health
    /// Why, in one sentence.
    public let healthReason: String

    public init(resources: Int, unseen: Int, health: Health, healthReason: String) {
        self.resources = resources
        self.unseen = unseen
        self.health = health
        self.healthReason = healthReason
    }

    fileprivate init?(_ value: Value?) {
        guard let value, let resources = value["resources"]?.intValue, let unseen = value["unseen"]?.intValue else {
            return nil
        }
        self.resources = Int(clamping: resources)
        self.unseen = Int(clamping: unseen)
        health = value["health"]?.stringValue.flatMap(Health.init) ?? .unknown
        healthReason = value["health_reason"]?.stringValue ?? ""
    }

    fileprivate var value: Value {
        [
            "resources": .int(Int64(resources)), "unseen": .int(Int64(unseen)), "health": .string(health.rawValue),
            "health_reason": .string(healthReason),
        ]
    }
}

/// The last time that steps were done for an environment.
public struct EnvironmentDeed: Sendable, Hashable {
    public let at: Timestamp
    public let runID: String
    /// The commit of the SSOT that was brought about.
    public let revision: String

    public init(at: Timestamp, runID: String, revision: String) {
        self.at = at
        self.runID = runID
        self.revision = revision
    }
}

extension EnvironmentRow {
    /// Whether what is there is what git wants.
    public enum Sync: String, Sendable, Hashable, CaseIterable {
        case inSync = "in_sync"
        case outOfSync = "out_of_sync"
        /// A person forbids to change it: what differs stays so.
        case suspended
        /// Too little was seen, or nothing of it is looked after.
        case unknown
        case gone
    }

    /// Nil before a pass has looked, and of rows that are older than this.
    public var standing: EnvironmentStanding? {
        get { EnvironmentStanding(metadata["standing"]) }
        set { set("standing", newValue?.value) }
    }

    /// Whether no pass has brought it about or found it yet: it is wanted, and no more is known.
    public var isComing: Bool { (status == .active || status == .expiring) && standing == nil && deed == nil }

    /// Nil as long as no step was done for it.
    public var deed: EnvironmentDeed? {
        get {
            guard let value = metadata["deed"], let at = value["at"]?.instantValue,
                let run = value["run"]?.stringValue, let revision = value["revision"]?.stringValue
            else { return nil }
            return EnvironmentDeed(at: at, runID: run, revision: revision)
        }
        set {
            set(
                "deed",
                newValue.map {
                    [
                        "at": .string($0.at.description), "run": .string($0.runID), "revision": .string($0.revision),
                    ]
                })
        }
    }

    /// Why nobody knows what is wanted of it: a code, its place and a sentence; nil where that is known.
    public var doubt: String? { metadata["doubt"]?["reason"]?.stringValue }

    /// Whether nothing wants it any more, as far as anybody can tell: while that can't be read, nothing of it goes.
    public var isKnownUnwanted: Bool { isUnwanted && doubt == nil }

    /// Notes why nobody knows what is wanted of it, or that this is known again: it then stands as it did before.
    ///
    /// What is over stays over meanwhile, and nothing else of it moves.
    ///
    /// - Parameter doubt: why; nil where what is wanted of it is known.
    public mutating func weigh(doubt: String?) {
        let before = metadata["doubt"]?["status"]?.stringValue.flatMap(Status.init)
        if let doubt {
            let stood = before ?? (status == .unknown ? .active : status)
            if doubt != self.doubt { set("doubt", ["reason": .string(doubt), "status": .string(stood.rawValue)]) }
            if status != .expired, status != .gone { status = .unknown }
        } else {
            if metadata["doubt"] != nil { set("doubt", nil) }
            if status == .unknown { status = before ?? .active }
        }
    }

    /// An instant among what is remembered of it besides its columns; what is as it was stays as it was written.
    subscript(instant name: String) -> Timestamp? {
        get { metadata[name]?.instantValue }
        set { if newValue != self[instant: name] { set(name, newValue.map { .string($0.description) }) } }
    }

    mutating func set(_ name: String, _ value: Value?) {
        var object = metadata.objectValue ?? Value.Object()
        object[name] = value
        metadata = .object(object)
    }

    /// Whether it is as git wants it; in sync only where all of it was seen.
    ///
    /// - Parameters:
    ///   - alarming: how many open differences of it nobody has accepted.
    ///   - now: the present.
    /// - Returns: the word, and why.
    public func sync(alarming: Int, at now: Timestamp) -> (word: Sync, reason: String) {
        let differs = alarming.of("resource differs", "resources differ")
        let unread = doubt.map { "what is wanted of it isn't known: \($0)" }
        if isSuspended(at: now) {
            let unwanted = isUnwanted ? "nothing wants it any more: it goes when it is reconciled again" : nil
            return (
                .suspended,
                (alarming > 0 ? "suspended, \(differs)" : "suspended")
                    + ((unread ?? unwanted).map { ", and \($0)" } ?? "")
            )
        }
        // What differed when it could be read may be wanted now.
        if let unread { return (.unknown, unread) }
        if isUnwanted, !isPinned(at: now) {
            let when = goesLater(than: now).map { "at \($0.minuteText) UTC" } ?? "as soon as it may"
            return (alarming > 0 ? .outOfSync : .unknown, "nothing wants it any more: it goes \(when)")
        }
        if alarming > 0 { return (.outOfSync, differs) }
        if status == .gone { return (.gone, "nothing of it is there any more") }
        if isUnwanted {
            return (.unknown, "nothing wants it any more, only its pin keeps it: reconcile env unpin \(slug)")
        }
        guard let standing else { return (.unknown, "no pass has looked at it yet") }
        if status == .unknown { return (.unknown, "what is wanted of it can't be read") }
        if standing.resources == 0 { return (.unknown, "nothing of it is looked after") }
        if standing.unseen > 0 {
            return (.unknown, "\(standing.unseen) of \(standing.resources.of("resource")) could not be seen")
        }
        return (.inSync, standing.resources.of("resource is as git wants it", "resources are as git wants them"))
    }
}
