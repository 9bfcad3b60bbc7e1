import Basics
import Formats

/// What the documents about platforms want: the providers beyond the inventory, modules, and the advisor.
struct Platforms {
    let drafts: DraftSet
    private var acknowledgedDrift: [AcknowledgedDrift] = []
    private var features: [FeatureAdoption] = []
    private var workItemSources: [WorkItemSource] = []
    private var advisor = Advisor()
    private var providers: [ProviderProfile] = []
    private var installs = ModuleReading()

    /// Reads them, in an order in which what is compared is read before.
    init(
        _ library: inout Library, _ policy: Policy, _ inventory: InventoryReading, _ convergence: ConvergenceReading,
        _ report: Report
    ) {
        drafts = DraftSet(report)
        VercelReader.read(&library, policy, drafts)
        features = SupabaseReader.read(&library, convergence, drafts)
        acknowledgedDrift = GitHubReader.read(&library, drafts)
        SlackReader.read(&library, drafts)
        PlaneReader.read(&library, drafts)
        workItemSources = WorkItemsReader.read(&library, report)
        installs = InstallSetsReader.read(&library, report)
        advisor = AdvisorReader.read(&library, report)
        providers = ProviderReader.read(&library, policy, report)
        MonitoringReader.read(&library, inventory, drafts)
        Self.compareBackups(inventory, policy, report)
    }

    /// Fills in what is no resource.
    func fill(_ state: inout DesiredState) {
        state.acknowledgedDrift = acknowledgedDrift.sorted {
            ($0.key, $0.attribute, $0.source) < ($1.key, $1.attribute, $1.source)
        }
        state.features = features.sorted { $0.id.precedesByBytes($1.id) }
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
