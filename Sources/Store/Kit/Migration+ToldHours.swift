extension Migration {
    /// When what is marked goes, as people were told.
    static let toldHours = Migration(
        version: 32, name: "told hours", types: [],
        tables: [Table("prune_marks", .addition, ["goes_at timestamptz"])])
}
