import Basics
import DesiredState
import Diff
import Formats
import Store
import StoreSQLite

/// The embedded store of a world, looked at from outside.
struct StoreFile {
    let path: String

    /// Remembers droplets as if earlier passes had made them: adopting thousands would take longer than all the rest.
    ///
    /// - Throws: `Failure`.
    func remember(droplets: [Value], revision: String) async throws(Failure) {
        do {
            let engine = try await SQLiteEngine.open(path: path)
            let store = Store(engine: engine, time: SystemTime())
            let wanted = Attributes([
                Attributes.Item("image", "ubuntu-24-04-x64"), Attributes.Item("region", "sgp1"),
                Attributes.Item("size", "s-1vcpu-1gb"),
            ])
            try await store.changeInventory(
                droplets.map { droplet in
                    .put(
                        InventoryEntry(
                            key: ResourceKey(.droplet, droplet["name"]?.stringValue ?? ""),
                            providerID: String(droplet["id"]?.intValue ?? 0), environment: nil, lastApplied: wanted,
                            revision: revision, isProtected: false, createdAt: SystemTime().now))
                })
            await store.close()
        } catch {
            throw Failure("\(error)")
        }
    }

    /// Every row of every table, as text.
    ///
    /// - Throws: `Failure`.
    func rows() async throws(Failure) -> [String: Set<String>] {
        do {
            let engine = try await SQLiteEngine.open(path: path, isReadOnly: true)
            let tables = try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [String: Set<String>] in
                var tables: [String: Set<String>] = [:]
                for row in try db.run("select name from ops.sqlite_schema where type = 'table' order by name", []) {
                    let name = try row.text(0)
                    tables[name] = Set(try db.run("select * from ops.\"\(name)\"", []).map { "\($0.values)" })
                }
                return tables
            }
            await engine.close()
            return tables
        } catch {
            throw Failure("\(error)")
        }
    }
}
