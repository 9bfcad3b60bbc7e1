import Basics

/// One place that wants a module.
struct ModuleWish {
    let name: String
    let repository: String?
    let wave: Int?
    let gate: String?
    /// The tiers for which it is wanted; nil: for every environment.
    let tiers: Set<Tier>?
    /// Whether it is on a list of what has to be there.
    let isMustHave: Bool
    let mark: SourceMark
}

/// What the documents about modules say together, beyond the lists of entries.
struct ModuleReading {
    var wishes: [ModuleWish] = []
    /// The modules that a list allows by name, with the place.
    var allowed: [String: SourceMark] = [:]
    /// The targets of install sets, with the word that was written.
    var targets: [Tier: String] = [:]
}

extension ModuleEntry {
    /// Its repository without the owner: `OCA/dms` is `dms`.
    var repositoryName: String? {
        guard let repository else { return nil }
        return repository.utf8.split(separator: UInt8(ascii: "/")).last.flatMap { String($0) } ?? repository
    }
}
