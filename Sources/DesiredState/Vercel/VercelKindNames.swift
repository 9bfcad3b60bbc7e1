/// The kinds of Vercel beside its projects.
extension ResourceKind {
    /// Name: `project/target/KEY`, the target with its branch where it has one: `console/preview:staging/API_URL`.
    public static let vercelVariable = ResourceKind("vercel.variable")
    /// Name: `project/domain`.
    public static let vercelDomain = ResourceKind("vercel.domain")
    /// Which deployment of a project serves production; name: the project's name.
    public static let vercelProduction = ResourceKind("vercel.production")
    /// Name: `project/uid`; only observed.
    public static let vercelDeployment = ResourceKind("vercel.deployment")
    /// Name: the alias, `console.vercel.app`; only observed.
    public static let vercelAlias = ResourceKind("vercel.alias")
}
