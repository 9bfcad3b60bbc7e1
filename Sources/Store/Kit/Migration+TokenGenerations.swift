extension Migration {
    /// Which of somebody's tokens count: those of the present generation, so that a new password ends what came before.
    static let tokenGenerations = Migration(
        version: 27, name: "generations of tokens", types: [],
        tables: [Table("access_users", .addition, ["token_generation integer not null default 0"])])
}
