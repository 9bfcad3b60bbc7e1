import Basics
import Store

/// Whether the leases of shards are still ours is never looked up, however many they are, and every renewal is believed.
struct ShardFenceUnchecked: Mutant {
    let name = "shard-fence-unchecked"

    func engine(_ inner: any SQLEngine) -> any SQLEngine {
        TamperedEngine(inner: inner) { (sql, binds, run) throws(StoreFault) -> [SQLRow] in
            if sql.hasPrefix("select token from ops.leases") {
                return sql.ranges(of: "name = $").map { _ in SQLRow([.int(1)]) }
            }
            if sql.hasPrefix("update ops.leases set expires_at = $4") { return [SQLRow([.int(1)])] }
            return try run(sql, binds)
        }
    }
}

/// A service that has ended, or has given no sign of life for long, keeps its share: nobody takes that over.
struct SilentServiceKept: Mutant {
    let name = "silent-service-kept"

    func engine(_ inner: any SQLEngine) -> any SQLEngine {
        TamperedEngine(inner: inner) { (sql, binds, run) throws(StoreFault) -> [SQLRow] in
            if sql.hasPrefix("delete from ops.reconcile_services") { return [] }
            return try run(
                sql.replacing("where expires_at > $1 and expires_at <= $2", with: "where $1 < $2"), binds)
        }
    }
}

/// What another environment wants from now on stays with the shard of the one before: it is not handed on.
struct HandoverForgotten: Mutant {
    let name = "handover-forgotten"

    func engine(_ inner: any SQLEngine) -> any SQLEngine {
        TamperedEngine(inner: inner) { (sql, binds, run) throws(StoreFault) -> [SQLRow] in
            guard sql.hasPrefix("insert into ops.reconcile_inventory") else { return try run(sql, binds) }
            return try run(
                sql.replacing(
                    "environment = excluded.environment", with: "environment = reconcile_inventory.environment"), binds)
        }
    }
}
