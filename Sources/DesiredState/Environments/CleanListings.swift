import Formats

/// The branches and tags without the names that hold a secret: such a name is kept nowhere.
///
/// The listings are long and mostly the same from one commit to the next, so that they are looked through once.
struct CleanListings: PureReading {
    /// Those that were given, in their order.
    let listings: [BranchListing]
    /// What each of the names that were left out holds, such as `a GitHub token`.
    let secrets: [String: String]

    init(_ given: [BranchListing], _ report: Report) {
        var secrets: [String: String] = [:]
        for case .known(let known) in given {
            // No secret is as short as most names.
            for branch in known where branch.name.utf8.count >= 16 {
                if let secret = PastedSecret.find(in: Array(branch.name.utf8)).first {
                    secrets[branch.name] = secret.kind
                }
            }
        }
        self.secrets = secrets
        listings = given.map { listing in
            guard !secrets.isEmpty, case .known(let known) = listing else { return listing }
            return .known(known.filter { secrets[$0.name] == nil })
        }
    }
}
