extension Migration {
    /// Takes back what was kept of writes that nobody was logged in for: the digest of a login is one of a password.
    static let forgottenLogins = Migration(
        version: 17, name: "forgotten logins", types: [], tables: [],
        repairs: ["delete from ops.api_requests where caller = 'anonymous'"])
}
