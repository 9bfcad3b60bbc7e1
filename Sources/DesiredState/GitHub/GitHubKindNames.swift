/// Kinds of GitHub beside the settings: its driver observes them, and changes labels and hooks.
extension ResourceKind {
    /// Name: `owner/repository/label`.
    public static let gitHubLabel = ResourceKind("github.label")
    /// Name: `owner/repository/` and the whole address that is called.
    public static let gitHubHook = ResourceKind("github.webhook")
    /// Name: `owner/repository/branch`.
    public static let gitHubBranch = ResourceKind("github.branch")
    /// Name: `owner/repository/tag`.
    public static let gitHubTag = ResourceKind("github.tag")
    /// Name: `owner/repository/number`.
    public static let gitHubPullRequest = ResourceKind("github.pull_request")
    /// Name: `owner/repository/environment`.
    public static let gitHubEnvironment = ResourceKind("github.environment")
    /// Name: `owner/repository/SECRET`; only that there is one.
    public static let gitHubSecret = ResourceKind("github.actions_secret")
    /// Name: `owner/repository/id`; the newest hundred.
    public static let gitHubRun = ResourceKind("github.workflow_run")
    /// A board, which no driver knows yet; name: `organisation/name`.
    public static let gitHubProject = ResourceKind("github.project")
}
