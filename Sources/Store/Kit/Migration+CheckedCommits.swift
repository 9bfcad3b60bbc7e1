extension Migration {
    /// Which commit of a pull request carries our check, so that it is ended there when another commit comes.
    static let checkedCommits = Migration(
        version: 24, name: "checked commits", types: [],
        tables: [Table("pull_requests", .addition, ["checked_sha text"])],
        repairs: ["update ops.pull_requests set checked_sha = head_sha where status_digest is not null"])
}
