import Basics
import DesiredState
public import Formats

/// What else goes, and what stays, when somebody may do less than before.
public struct AccessLoss: Sendable, Hashable {
    /// The resources whose change they had approved: that is taken back.
    public internal(set) var approvals: [String]
    /// The names of the keys that they made and that still open: whoever takes the access away has to think of these.
    public internal(set) var keys: [String]

    /// Nothing goes, and nothing of theirs stays.
    public static let none = AccessLoss(approvals: [], keys: [])

    init(approvals: [String], keys: [String]) {
        self.approvals = approvals
        self.keys = keys
    }

    /// For answers and the audit log.
    ///
    /// - Parameter object: what they tell besides.
    /// - Returns: it, with what is lost.
    public func added(to object: Value.Object = [:]) -> Value.Object {
        var object = object
        object["approvals"] = .strings(approvals)
        object["keys"] = .strings(keys)
        return object
    }
}

/// What came of giving somebody access, or other access than before.
public struct UserChange: Sendable, Hashable {
    public let isNew: Bool
    /// As they are afterwards.
    public let user: UserAccount
    public let loss: AccessLoss
}

extension Store {
    /// By which names people and keys stand in approvals and beside the keys that they made.
    static func actor(ofKey name: String) -> String { "key:\(name)" }

    /// Takes back what somebody had approved, where they may approve no more, and looks for the keys that they made.
    static func lose(
        _ actors: [String], approvals losesApprovals: Bool, by audit: AuditRecord, in db: any SQLConnection
    ) throws(StoreFault) -> AccessLoss {
        var loss = AccessLoss.none
        for actor in actors {
            if losesApprovals {
                for row in try db.run(
                    """
                    update ops.reconcile_approvals set revoked_at = $2, revoked_by = $3
                    where approved_by = $1 and revoked_at is null and used_at is null and expires_at > $2
                    returning resource_key
                    """, [.text(actor), .time(audit.at), .text(audit.actor)])
                { loss.approvals.append(try row.text(0)) }
            }
            for row in try db.run(
                """
                select name from ops.access_keys
                where created_by = $1 and revoked_at is null and (expires_at is null or expires_at > $2)
                """, [.text(actor), .time(audit.at)])
            { loss.keys.append(try row.text(0)) }
        }
        loss.approvals.sort { $0.precedesByBytes($1) }
        loss.keys.sort { $0.precedesByBytes($1) }
        return loss
    }
}

extension AuditRecord {
    /// The same, with what else went; as it is where nothing did.
    func telling(_ loss: AccessLoss) -> AuditRecord {
        guard loss != .none else { return self }
        return AuditRecord(
            at: at, action: action, target: target, actor: actor,
            detail: .object(loss.added(to: detail.objectValue ?? [:])))
    }
}
