import Basics
import DesiredState
import Diff
import Formats
import Store

/// An approval counts for whatever is to be done to its resource, not for what was approved.
final class ApprovalUnbound: Mutant {
    let name = "approval-unbound"
    /// What the last plan wants a person to say yes to.
    private let wanted = Locked<String?>(nil)

    func engine(_ inner: any SQLEngine) -> any SQLEngine {
        TamperedEngine(inner: inner) { [wanted] (sql, binds, run) throws(StoreFault) -> [SQLRow] in
            if sql.contains("insert into ops.plans") {
                for case .text(let text) in binds {
                    guard let document = try? JSON.parse(Array(text.utf8)),
                        let change = try? PlanDocument.parse(document).changes.first(where: {
                            $0.verdict == .needsApproval
                        })
                    else { continue }
                    wanted.withLock { $0 = change.approvalDigest.description }
                }
            }
            let rows = try run(sql, binds)
            guard sql.contains("from ops.reconcile_approvals"), let digest = wanted.withLock({ $0 }) else {
                return rows
            }
            var changed: [SQLRow] = []
            for row in rows {
                var values = (0..<13).map { column in row.optionalText(column).map { SQLValue.text($0) } ?? .null }
                values[4] = .text(digest)
                changed.append(SQLRow(values))
            }
            return changed
        }
    }
}
