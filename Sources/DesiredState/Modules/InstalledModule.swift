/// One module that Odoo has installed in a database, or is about to install, upgrade or remove.
public struct InstalledModule: Sendable, Hashable {
    /// As Odoo's own table says it; modules in any other state are not there.
    public enum State: String, Sendable, Hashable, CaseIterable {
        case installed
        case toInstall = "to install"
        case toUpgrade = "to upgrade"
        case toRemove = "to remove"

        /// Whether the next start of Odoo does something with it: a module stays so where an upgrade was interrupted.
        public var isPending: Bool { self != .installed }
    }

    public let name: String
    public let state: State
    /// The version in the database, `19.0.1.2.0`; nil where Odoo has written none yet.
    public let version: String?
    /// Whose it is by what its own manifest says.
    public let origin: ModuleOrigin

    public init(name: String, state: State, version: String? = nil, origin: ModuleOrigin = .unknown) {
        self.name = name
        self.state = state
        self.version = version
        self.origin = origin
    }
}

/// Whose a module is by what its own manifest says: a hint, for a manifest can say anything.
public enum ModuleOrigin: Sendable, Hashable {
    /// Odoo's own, free.
    case odoo
    /// Odoo's own under the licence of its Enterprise edition.
    case enterprise
    /// A repository of the Odoo Community Association, without its owner: `queue`.
    case community(String)
    case unknown

    /// What a manifest's author, website and licence say.
    ///
    /// Odoo's default author is `Odoo S.A.`, so that a module whose manifest names none passes for Odoo's (odoo/odoo,
    /// odoo/modules/module.py); the community's rules want the repository's address as the website.
    public init(author: String?, website: String?, license: String?) {
        let license = license?.lowercased() ?? ""
        if license.hasPrefix("oeel") {
            self = .enterprise
        } else if let repository = website.flatMap(Self.repository) {
            self = .community(repository)
        } else if ["odoo s.a.", "odoo sa", "openerp sa"].contains((author ?? "").lowercased()) {
            self = .odoo
        } else {
            self = .unknown
        }
    }

    /// As ``text`` wrote it; unknown for all else.
    public init(text: String?) {
        switch text {
        case "odoo": self = .odoo
        case "enterprise": self = .enterprise
        case let text?:
            let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            self = parts.count == 2 && parts[0] == "OCA" ? .community(String(parts[1])) : .unknown
        case nil: self = .unknown
        }
    }

    /// `odoo`, `enterprise`, `OCA/queue`; nil: nobody knows.
    public var text: String? {
        switch self {
        case .odoo: "odoo"
        case .enterprise: "enterprise"
        case .community(let repository): "OCA/\(repository)"
        case .unknown: nil
        }
    }

    /// `https://github.com/OCA/queue` is `queue`.
    private static func repository(_ website: String) -> String? {
        let parts = website.split(separator: "/")
        guard let host = parts.firstIndex(where: { ["github.com", "www.github.com"].contains($0.lowercased()) }),
            parts.count > host + 2, parts[host + 1].lowercased() == "oca"
        else { return nil }
        let name = parts[host + 2].prefix { $0 != "#" && $0 != "?" }
        let isName = name.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45
                || byte == 46 || byte == 95
        }
        return isName && !name.isEmpty ? String(name.hasSuffix(".git") ? name.dropLast(4) : name) : nil
    }
}

/// What a look at a database found of Odoo's modules.
public enum ModuleCensus: Sendable, Hashable {
    /// The database is there, and Odoo has not set itself up in it.
    case notInitialised
    /// What is installed or about to change, sorted by name, each name once.
    case modules([InstalledModule])
}
