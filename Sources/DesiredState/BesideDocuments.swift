/// What the commit holds outside of the roots and the desired state is read from or held against.
public enum BesideDocuments {
    /// Documents of the SSOT that stand outside of every root; read as if they stood below the last one.
    static let managed = [".odooops.yaml", GateDocuments.subdomainRegistry] + lists

    /// Module lists and mail settings, with both endings.
    private static let lists =
        ([InstallSetsReader.besideManifest, MailReader.besideSettings] + InstallSetsReader.besideAllowlists)
        .flatMap { ["\($0).yaml", "\($0).yml"] }

    /// Paths of files and folders, relative to the top of the repository.
    ///
    /// The workflows that deploy, rules for those who work in the repository, and contracts on mail of other names are found
    /// by the listing of the commit's paths; without one they are left out.
    public static func paths(_ listing: PathListing?) -> [String] {
        let workflows = listing?.folders[".github"]?.files.filter { BranchMaps.isWorkflow($0) } ?? []
        let rules = listing?.folders[".claude"]?.files.filter { MailRules.isOne($0) } ?? []
        let contracts = listing?.folders["docs"]?.files.filter { MailPage.isOne($0) } ?? []
        return [VercelReader.besideFolder.dropLast().description] + CodeOwners.files + BranchMaps.pages
            + [BranchMaps.seed] + lists
            + (contracts.isEmpty ? [MailPage.usual] : contracts.sorted { $0.precedesByBytes($1) })
            + workflows.sorted { $0.precedesByBytes($1) } + rules.sorted { $0.precedesByBytes($1) }
    }
}
