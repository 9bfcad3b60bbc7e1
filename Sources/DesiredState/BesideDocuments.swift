/// What the commit holds outside of the roots and the desired state is read from or held against.
public enum BesideDocuments {
    /// Paths of files and folders, relative to the top of the repository.
    ///
    /// The workflows that deploy are found by the listing of the commit's paths; without one they are left out.
    public static func paths(_ listing: PathListing?) -> [String] {
        let workflows = listing?.folders[".github"]?.files.filter { BranchMaps.isWorkflow($0) } ?? []
        return [VercelReader.besideFolder.dropLast().description] + CodeOwners.files + BranchMaps.pages
            + [BranchMaps.seed] + workflows.sorted { $0.precedesByBytes($1) }
    }
}
