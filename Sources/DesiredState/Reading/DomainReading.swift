import Basics

/// What the domains made of a commit, with all that it follows from.
final class DomainReading: Sendable {
    /// Without revision, documents and diagnostics, which other files have a say in.
    let state: DesiredState
    /// Of each file: what became of it, and which domain reads it.
    let fates: [Fate]
    /// Sorted; without what is wrong with a file by itself.
    let diagnostics: [Diagnostic]
    /// `file:line` of references of which something better was told than that they lead nowhere.
    let told: Set<String>
    /// The names that documents may take from others.
    let declared: DeclaredNames.All

    /// What became of a file, as far as the domains have a say in it.
    struct Fate: Sendable {
        let status: Document.Status
        let domain: String?
    }

    private let places: FilePlaces
    private let bySchema: [String: [Int]]
    private let withoutBytes: [Int]
    private let closed: [Int]
    private let strays: [StrayFile]
    private let strayPaths: [StrayPath]
    private let others: [SourceFile]
    private let branches: BranchListing
    private let tags: BranchListing
    private let pullRequests: PullRequestListing?
    /// What documents beside the roots say of branches.
    private let branchMaps: [BranchMap]
    private let kept: KeptReadings
    /// The files that were looked into.
    private let read: [(index: Int, parsed: ParsedFile)]

    /// Reads a commit; of another one, read before, what documents beside the roots say is taken where it is the same.
    init(_ files: CommitFiles, _ tree: SourceTree, before: DomainReading? = nil) {
        let report = Report()
        kept = KeptReadings(before: before?.kept)
        let strayPaths = StrayPath.find(tree.listing, files.places)
        var library = Library(files, report, kept: kept, strayPaths: strayPaths)
        branchMaps = BranchMaps.maps(of: files.others, before: before?.branchMaps ?? [])
        var state = Self.read(&library, tree, branchMaps, report)
        if files.parsed.contains(where: \.holdsSecrets) { state.leaveOutSecrets(report) }
        _ = kept.read(ShadowedFiles.self, of: library.shadowed, report)
        _ = kept.read(MisnamedFiles.self, of: library.misnamed, report)
        declared = DeclaredNames.All.read(library, report)
        state.unknown = report.unknown
        self.state = state
        fates = library.fates
        diagnostics = report.diagnostics
        told = report.lines(of: [.missingIntegration, .missingFile, .unknownReference])
        places = files.places
        bySchema = files.bySchema
        withoutBytes = files.withoutBytes
        closed = files.closed
        strays = files.strays
        self.strayPaths = strayPaths
        others = files.others
        branches = tree.branches
        tags = tree.tags
        pullRequests = tree.pullRequests
        kept.forgetOthers()
        read = library.read.map { ($0, files.parsed[$0]) }
    }

    /// Whether reading another commit would give the same: every file that was looked into is the same, and whatever
    /// was not there still isn't.
    func isOf(_ files: CommitFiles, _ tree: SourceTree) -> Bool {
        files.places.isSame(as: places) && branches == tree.branches && tags == tree.tags
            && pullRequests == tree.pullRequests && read.allSatisfy { files.parsed[$0.index] === $0.parsed }
            && bySchema == files.bySchema && withoutBytes == files.withoutBytes && closed == files.closed
            && strays == files.strays
            && strayPaths == StrayPath.find(tree.listing, files.places)
            && others.count == files.others.count && zip(others, files.others).allSatisfy { $0.isSame(as: $1) }
    }

    private static func read(
        _ library: inout Library, _ tree: SourceTree, _ branchMaps: [BranchMap], _ report: Report
    ) -> DesiredState {
        if library.roots.isEmpty {
            let names = tree.roots.map { "`\($0)`" }.joined(separator: ", ")
            report.unknown(
                .everything,
                report.error(
                    .noRoot, "none of the roots \(names) holds a file at this commit", at: nil,
                    hint: "Name the folder of the SSOT with --root; until then nothing is changed or deleted."))
        }
        var policies = PoliciesReader.read(library, report)
        DigitalOceanPolicyReader.read(library, into: &policies.policy, report)
        let inventory = InventoryReader.read(library, report)
        let convergence = ConvergenceReader.read(library, report)
        let integrations = IntegrationsReader.read(&library, report)
        let modules = ModuleLists.read(library, report)
        var builder = EnvironmentsBuilder(
            named: EnvironmentsReader.read(library, report), policies: policies, inventory: inventory,
            convergence: convergence, overrides: EnvironmentOverrides(library, report), report)
        builder.build(branches: tree.branches, tags: tree.tags, pullRequests: tree.pullRequests, library.kept)
        FilestoreExpiry(builder.environments, builder.named).check(inventory, report)
        FilestoreSharing.check(builder.environments, report)
        let pools = PoolReferences(inventory, builder.owned, report)
        pools.check(builder.named)
        let platforms = Platforms(&library, policies.policy, inventory, convergence, report)
        let operations = OperationsReading(
            &library, checks: convergence.checks, environments: builder.environments,
            records: inventory.drafts.values.filter { $0.key.kind == .record }, names: platforms.domainNeeds, report)
        platforms.wantSecrets(operations.secrets, convergence, library)
        BranchMaps(report: report).compare(
            declared: BranchMaps.declared(policies, builder.named, convergence),
            others: BranchMaps.of(platforms.vercel) + branchMaps)
        MailgunReader.read(library, senders: operations.mail.senders, platforms.drafts)
        library.distrustCutDocuments(report)
        library.doubtHiddenDocuments(report)
        library.doubtClosedFolders(report)
        library.tellStrays(report)
        let modulePlans = platforms.plans(modules, builder.environments, report)
        let protection = Protection(environments: builder.environments, named: builder.named, inventory: inventory)
        var drafts = Array(builder.owned.values) + builder.shared + platforms.drafts.drafts.values + operations.drafts
        for var draft in inventory.drafts.values {
            if inventory.pools[draft.key] != nil {
                guard !report.isUnknown(.resource(draft.key)) else { continue }
                draft.dependsOn += pools.needs(of: draft.key)
            }
            draft.isProtected = protection.covers(draft.key, uses: inventory.uses[draft.key] ?? [])
            drafts.append(draft)
        }
        var state = DesiredState(
            revision: "", roots: library.roots, environments: builder.environments,
            resources: drafts.map(\.resource).sortedByPlaces(\.key, by: <).merged(
                with: operations.secrets.resources),
            unknown: [], policy: policies.policy, documents: [], diagnostics: [], integrations: integrations,
            modules: modules,
            checks: convergence.checks(in: platforms.vercel).sorted {
                ($0.environment, $0.kind, $0.key) < ($1.environment, $1.kind, $1.key)
            },
            thresholds: convergence.thresholds.sorted { $0.environment.precedesByBytes($1.environment) })
        platforms.fill(&state)
        state.modulePlans = modulePlans
        state.previews = builder.previews
        state.sources = builder.sources
        state.guards = library.guards
        state.documentsInPlace = library.documentsInPlace
        operations.fill(&state)
        state.checkQuotas(report)
        return state
    }
}
