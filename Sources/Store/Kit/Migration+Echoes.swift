extension Migration {
    /// What was seen where a wish had been written.
    static let echoes = Migration(
        version: 10, name: "echoes", types: [], tables: [Table("reconcile_inventory", .addition, ["echoes json"])])
}
