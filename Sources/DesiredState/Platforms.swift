import Basics
import Formats

/// What the documents about platforms want: the providers beyond the inventory, modules, and the advisor.
struct Platforms {
    let drafts: DraftSet
    private var gitHub = GitHubReading()
    private var workItemSources: [WorkItemSource] = []
    private var advisor = Advisor()
    private var providers: [ProviderProfile] = []
    private var installs = ModuleReading()
    let vercel: VercelReading
    private var supabase = SupabaseReading()

    /// Reads them, in an order in which what is compared is read before.
    init(
        _ library: inout Library, _ policy: Policy, _ inventory: InventoryReading, _ convergence: ConvergenceReading,
        _ report: Report
    ) {
        drafts = DraftSet(report)
        vercel = VercelReader.read(&library, policy, drafts)
        supabase = SupabaseReader.read(&library, convergence, drafts)
        gitHub = GitHubReader.read(&library, drafts)
        SlackReader.read(&library, drafts)
        PlaneReader.read(&library, drafts)
        workItemSources = WorkItemsReader.read(&library, report)
        installs = InstallSetsReader.read(&library, report)
        let advice = AdvisorReader.read(&library, report)
        advisor = advice.advisor
        providers = ProviderReader.read(&library, policy, report)
        MonitoringReader.read(&library, inventory, advice.packs, drafts)
        Self.compareBackups(inventory, policy, report)
    }

    /// Wants what convergence and the registry of secrets need at platforms.
    func wantSecrets(
        _ secrets: SecretsReading, _ convergence: ConvergenceReading, _ library: Library
    ) {
        let report = drafts.report
        let variables = VercelVariables(projects: vercel, drafts: drafts)
        variables.want(convergence, secrets.registry)
        variables.want(secrets.variables)
        SupabaseSecrets(project: supabase.project, drafts: drafts).want(secrets.functions)
        // What a faulty document doesn't say was not taken back by it.
        guard
            let cause = report.firstCause(in: [
                library.document(.convergence), library.document(.secretsRegistry), library.document(.secretsInventory),
            ])
        else { return }
        if !vercel.projects.isEmpty { report.keep(.kind(.vercelVariable), cause) }
        if supabase.isThere { report.keep(.kind(.supabaseSecret), cause) }
    }

    /// The names that have to answer because a platform serves them.
    var domainNeeds: [DomainsResources.Need] {
        drafts.drafts.values.filter { $0.key.kind == .vercelDomain }.map { draft in
            let parts = draft.key.name.split(separator: "/", maxSplits: 1).map { String($0) }
            return DomainsResources.Need(
                host: parts.last ?? "", what: "the Vercel project \(quoted(parts.first ?? ""))", source: draft.source)
        }
    }

    /// Fills in what is no resource.
    func fill(_ state: inout DesiredState) {
        state.acknowledgedDrift = gitHub.acknowledged.sorted {
            ($0.key, $0.attribute, $0.source) < ($1.key, $1.attribute, $1.source)
        }
        state.features = supabase.features.sorted { $0.id.precedesByBytes($1.id) }
        state.codeOwners = gitHub.codeOwners
        state.workItemSources = workItemSources
        state.advisor = advisor
        state.providers = providers
    }

    /// What each environment may and should have installed.
    func plans(_ modules: [ModuleEntry], _ environments: [Environment], _ report: Report) -> [ModulePlan] {
        ModulePlanner(modules, installs, report).plans(for: environments)
    }

    /// Droplets that want backups where the policy allows none.
    private static func compareBackups(_ inventory: InventoryReading, _ policy: Policy, _ report: Report) {
        guard let backups = policy.dropletBackups, !backups.isAllowed else { return }
        for (key, draft) in inventory.drafts where key.kind == .droplet {
            guard let wanted = draft.attributes.first(where: { $0.name == "backups" }),
                wanted.value == .literal(.bool(true))
            else { continue }
            report.warning(
                .ruleBroken, "the droplet \(quoted(key.name)) wants backups, which the policy does not allow",
                at: wanted.mark, hint: "Remove `backups: true`, or allow droplet backups.",
                notes: [Diagnostic.Note("the policy is here", at: backups.source)])
        }
    }
}
