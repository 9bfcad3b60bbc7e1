public import Basics
import DesiredState
import Formats

/// A service of which people were told that its passes fail.
private struct ServiceTrouble {
    var holder: String
    /// What people were told of.
    let subject: String
    /// When it last failed.
    var at: Timestamp

    init(holder: String, subject: String, at: Timestamp) {
        (self.holder, self.subject, self.at) = (holder, subject, at)
    }

    init?(_ value: Value) {
        guard let holder = value["holder"]?.stringValue, let subject = value["subject"]?.stringValue,
            let at = value["at"]?.instantValue
        else { return nil }
        self.init(holder: holder, subject: subject, at: at)
    }

    var value: Value {
        ["holder": .string(holder), "subject": .string(subject), "at": .string(at.description)]
    }
}

extension Store {
    private static let troublesKey = "service.failing"

    /// Tells people once that the passes of a service fail, and remembers it for whichever process comes after it.
    ///
    /// A process that takes the place of one that has gone goes on with what was told of that.
    ///
    /// - Parameters:
    ///   - holder: the process.
    ///   - notice: what to tell.
    ///   - isGone: whether another process has ended for sure.
    /// - Throws: `StoreFault`.
    public func noteFailing(
        _ holder: String, _ notice: Notice, isGone: @escaping @Sendable (String) -> Bool
    ) async throws(StoreFault) {
        try await changeTroubles { (troubles, db) throws(StoreFault) in
            let place =
                troubles.firstIndex { $0.holder == holder }
                ?? troubles.firstIndex { $0.subject == notice.subject && isGone($0.holder) }
            if let place {
                troubles[place].holder = holder
                troubles[place].at = notice.at
            } else {
                troubles.append(ServiceTrouble(holder: holder, subject: notice.subject, at: notice.at))
                _ = try self.write([notice], in: db)
            }
        }
    }

    /// Tells people that passes succeed again, of a service that had failed and of those in whose place others work now.
    ///
    /// - Parameters:
    ///   - holder: the process whose pass succeeded.
    ///   - isGone: whether another process, by the instant at which it last failed, works no more.
    ///   - notice: what to tell of a subject.
    /// - Throws: `StoreFault`.
    public func noteSucceeding(
        _ holder: String, isGone: @escaping @Sendable (String, Timestamp) -> Bool,
        _ notice: @escaping @Sendable (String) -> Notice
    ) async throws(StoreFault) {
        // Nearly always nobody was told of anything: that costs no write.
        guard try await bookmark(Self.troublesKey)?.listValue?.isEmpty == false else { return }
        try await changeTroubles { (troubles, db) throws(StoreFault) in
            let over = troubles.filter { $0.holder == holder || isGone($0.holder, $0.at) }
            troubles.removeAll { $0.holder == holder || isGone($0.holder, $0.at) }
            // As long as another service of the same name fails, the matter goes on.
            let left = Set(troubles.map(\.subject))
            let subjects = Set(over.map(\.subject)).subtracting(left).sorted { $0.precedesByBytes($1) }
            _ = try self.write(subjects.map(notice), in: db)
        }
    }

    private func changeTroubles(
        _ change: @escaping @Sendable (inout [ServiceTrouble], any SQLConnection) throws(StoreFault) -> Void
    ) async throws(StoreFault) {
        let (now, lock) = (time.now, engine.dialect.rowLock)
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            try Self.changeState(Self.troublesKey, at: now, lock: lock, in: db) { (stored) throws(StoreFault) in
                var troubles = (stored?.listValue ?? []).compactMap { ServiceTrouble($0) }
                try change(&troubles, db)
                return .list(troubles.map(\.value))
            }
        }
    }
}
