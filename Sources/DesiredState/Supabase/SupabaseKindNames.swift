/// The kinds of Supabase beside its functions; each name begins with the project's reference, 20 letters.
extension ResourceKind {
    /// Name: the project's reference; only observed.
    public static let supabaseProject = ResourceKind("supabase.project")
    /// A secret of the project's functions; name: `reference/NAME`.
    public static let supabaseSecret = ResourceKind("supabase.secret")
    /// Name: `reference/branch`; the branch may hold slashes.
    public static let supabaseBranch = ResourceKind("supabase.branch")
    /// Name: the project's reference; only observed.
    public static let supabaseBackup = ResourceKind("supabase.backup")
    /// Who may reach the database; name: the project's reference; only observed.
    public static let supabaseNetwork = ResourceKind("supabase.network_restrictions")
    /// A finding of Supabase's advisors; name: `reference/cache key`; only observed.
    public static let supabaseAdvice = ResourceKind("supabase.advice")
}
